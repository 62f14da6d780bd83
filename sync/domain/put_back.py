"""Putting back: what a run changed of a record, and what would bring back the values that were there before it."""

from collections import Counter, abc
from dataclasses import dataclass, field

from sync.domain import tags
from sync.domain.objects import dropped_beside
from sync.domain.plan import Changes
from sync.domain.record import Fields, Problem, Value
from sync.domain.sameness import same
from sync.domain.spelling import Shape
from sync.domain.tags import TAGS, texts

#: The code of a row of which ChartMogul no longer shows what was written.
CONFLICT = "conflict"
_HINT = "somebody changed it since; look at it in ChartMogul, and put back by hand what you want"


@dataclass(frozen=True, slots=True)
class Past:
    """What a run did to one record: `changes` of each field, before and after.

    `created`: it made the record. `before_known` false: what was there before was not seen.
    """

    row: int
    key: str
    uuid: str
    changes: Changes
    created: bool = False
    before_known: bool = True

    @property
    def can_be_put_back(self) -> bool:
        """Whether there is something to go back to."""
        return self.before_known and not self.created


@dataclass(frozen=True, slots=True)
class Undoable:
    """What a run did in one mapping, by the name that this had; `account` is None where its report does not tell it."""

    run: str
    mapping: str
    data_source: str
    account: str | None
    past: tuple[Past, ...]


@dataclass(frozen=True, slots=True)
class PutBack:
    """What is to be written: `fields` (None empties, `tags` are added) and tags to be removed.

    `changes` are what it means, from what is shown now to what was there before.
    """

    fields: dict[str, Value] = field(default_factory=dict)
    removed_tags: tuple[str, ...] = ()
    changes: Changes = field(default_factory=dict)


def last_first(wanted: abc.Sequence[Past]) -> list[list[Past]]:
    """What was done to different records side by side; of one record that two rows have changed the last change first.

    Customers that were merged in the middle of the run are such records.
    """
    rounds: list[list[Past]] = [[]]
    met = Counter[str]()
    for one in reversed(wanted):
        if met[one.uuid] == len(rounds):
            rounds.append([])
        rounds[met[one.uuid]].append(one)
        met[one.uuid] += 1
    return [some[::-1] for some in rounds]


def put_back(
    changes: Changes, shown: Fields, shape: abc.Callable[[str], Shape]
) -> PutBack | tuple[Problem, ...]:
    """What brings a record back, or why nothing of it may be written.

    A value goes back only where ChartMogul still shows what was written; what is back already needs nothing. An empty
    PutBack: all of it is back.
    """
    fields: dict[str, Value] = {}
    meant: Changes = {}
    problems = []
    for name, (before, after) in changes.items():
        now = shown.get(name)
        if name == TAGS or same(before, now, shape(name)):
            continue
        if same(after, now, shape(name)):
            fields[name], meant[name] = before, (now, before)
        else:
            problems.append(_moved(name, now))
    problems += _lost_with(fields, changes, shown, shape)
    if problems:
        return tuple(problems)
    return _with_tags(changes.get(TAGS), shown, PutBack(fields, (), meant))


def _lost_with(
    fields: Fields, changes: Changes, shown: Fields, shape: abc.Callable[[str], Shape]
) -> list[Problem]:
    """Values that somebody has entered since, and that ChartMogul would drop beside what goes back."""
    others = [name for name in shown if name not in changes]
    along = dropped_beside(others, fields, shape)
    return [_in_the_way(name, whole, shown[name]) for name, whole in along.items()]


def _with_tags(change: tuple[Value, Value] | None, shown: Fields, rest: PutBack) -> PutBack:
    """Tags that were added are removed, tags that were removed are added; those of others stay."""
    if change is None:
        return rest
    now = texts(shown.get(TAGS))
    removed = tags.among(now, tags.added(change))
    more = tags.without(tags.removed(change), now)
    if not removed and not more:
        return rest
    back = tuple(tag for tag in now if tag not in removed) + more
    fields = {**rest.fields, TAGS: more} if more else rest.fields
    return PutBack(fields, removed, {**rest.changes, TAGS: (now, back)})


def _moved(name: str, now: Value) -> Problem:
    message = f"ChartMogul shows another {name} than the run wrote, and than was there before: nothing is put back"
    return Problem(CONFLICT, message, name, now, _HINT)


def _in_the_way(name: str, whole: str, now: Value) -> Problem:
    message = f"ChartMogul shows a {name} and would drop it beside the {whole} that was there: nothing is put back"
    return Problem(CONFLICT, message, name, now, _HINT)


def gone(uuid: str) -> Problem:
    """The record is not there any more."""
    message = "ChartMogul no longer has this record: it was deleted, or merged into another one"
    return Problem(CONFLICT, message, None, uuid, "neither can be undone from here")


def is_back(name: str, wanted: tuple[Value, Value], held: Value, shape: Shape) -> bool:
    """Whether an answer shows that a field is what it was before; of tags, that none is left that had to go."""
    if name != TAGS:
        return same(wanted[1], held, shape)
    return tags.arrived(wanted, held)
