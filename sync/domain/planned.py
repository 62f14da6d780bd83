"""What a plan allows of a decision: its lines, held against the row and against what ChartMogul shows now."""

from collections import abc
from dataclasses import dataclass, replace
from typing import Any

from sync.domain import tags
from sync.domain.overwrite import EDITED, Edits
from sync.domain.plan import (
    Absent,
    Changes,
    Create,
    Keep,
    Known,
    Operation,
    Policy,
    Reject,
    Seen,
    Skip,
    Update,
)
from sync.domain.record import Problem, Record, Value
from sync.domain.results import Outcome
from sync.domain.sameness import holds, same
from sync.domain.tags import TAGS

#: The code of a row that, or whose record, is no longer what the plan has seen.
CONFLICT = "conflict"
NOT_PLANNED = "not in the plan"
_HINT = (
    "nothing of it was sent: look at it and make a new plan, or let a run without a plan send it"
)


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """What a plan lists of a record; `hash` is that of the record under the plan's salt."""

    hash: str
    outcome: str
    uuid: str | None
    changes: Changes

    @classmethod
    def read(cls, line: abc.Mapping[str, Any]) -> "PlannedLine":
        """A line of the file."""
        changes = {name: _pair(pair) for name, pair in line["changes"].items()}
        return cls(line["hash"], line["outcome"], line["uuid"], changes)


def allowed(
    operation: Operation, known: Known, line: PlannedLine | None, hash: str, policy: Policy
) -> Operation:
    """What of an operation a plan lets happen: no field more than its line lists, and that only while nothing moved.

    `line` is None where it lists nothing of the record, `hash` is the record's own by now.
    """
    if line is None or not line.changes:
        return _unplanned(operation)
    if isinstance(operation, Skip) or (isinstance(operation, Reject) and not _is_edited(operation)):
        return operation  # the mode, or what the state knows, has its say
    record = operation.record
    problems = [] if hash == line.hash else _of_row(record, line)
    problems += _of_chartmogul(record, known, line, policy)
    if not problems and isinstance(known, Seen):
        operation = _listed(operation, record, known, line, policy)
        problems += _of_state(operation, known, line)
    if problems:
        return Reject(record, problems[0], tuple(problems[1:]))
    return operation


def _is_edited(rejected: Reject) -> bool:
    """Whether a row is rejected for values of others: a plan has answered whose win, or has left them out."""
    return rejected.problem.code == EDITED


def _unplanned(operation: Operation) -> Operation:
    match operation:
        case Create(record):
            return Skip(record, None, NOT_PLANNED)
        case Update(record, uuid):
            return Skip(record, uuid, NOT_PLANNED)
    return operation


def _listed(
    operation: Operation, record: Record, known: Seen, line: PlannedLine, policy: Policy
) -> Operation:
    """The update with all that its line lists, as far as ChartMogul does not show it yet, and with no field more.

    The state here may know less than the plan's, and take own values for edits. Whose win was decided when the plan
    was made, and nothing has moved since.
    """
    found = operation.changes if isinstance(operation, Update) else {}
    listed = {name: change for name, change in found.items() if name in line.changes}
    edits, names = _edits_of(operation, listed.keys()), line.changes.keys()
    for name in names if isinstance(operation, Reject) else edits.stay:
        if name in names and not _is_as_after(name, line.changes[name], record, known, policy):
            listed[name] = _change(name, record, known)
    if TAGS in listed:
        listed[TAGS] = tags.as_planned(listed[TAGS], line.changes[TAGS])
        listed = {name: c for name, c in listed.items() if name != TAGS or not tags.are_same(*c)}
    if isinstance(operation, Keep) and not listed:
        return operation
    edits = _without(edits, listed.keys())
    more = frozenset(name for name, change in found.items() if listed.get(name) != change)
    if isinstance(operation, Reject):
        more = frozenset(edits.stay)
    if listed:
        what = operation.reason if isinstance(operation, Update) else "differs in ChartMogul"
        reason = f"{what.partition(':')[0]}: {', '.join(listed)}"
        return Update(record, known.uuid, listed, True, reason, edits, more)
    return Keep(record, known.uuid, "as planned in ChartMogul", edits, more)


def _change(name: str, record: Record, known: Seen) -> tuple[Value, Value]:
    """What a field shows, and what the row says of it; tags are added only."""
    shown, wanted = known.fields.get(name), record.fields.get(name)
    return tags.brought(shown, wanted) if name == TAGS else (shown, wanted)


def _edits_of(operation: Operation, listed: abc.Set[str]) -> Edits:
    """The edits that a decision has met, where only these fields are sent."""
    match operation:
        case Update(edits=edits) | Keep(edits=edits):
            return edits.among(listed)
        case Reject(problem=problem, more=more):
            return Edits(kept=tuple(one.field for one in (problem, *more) if one.field))
        case _:
            return Edits()


def _without(edits: Edits, sent: abc.Set[str]) -> Edits:
    """The edits, where these fields are sent all the same."""
    kept, filled = (tuple(n for n in part if n not in sent) for part in (edits.kept, edits.filled))
    return replace(edits, kept=kept, filled=filled)


def _of_state(operation: Operation, known: Seen, line: PlannedLine) -> list[Problem]:
    """What the state here cannot answer for: tags that the plan takes off, and of which it knows nothing.

    Another mapping may set them by now, which ChartMogul does not show.
    """
    change = operation.changes.get(TAGS, ((), ())) if isinstance(operation, Update) else ((), ())
    off = tags.removed(line.changes.get(TAGS, ((), ())))
    stay = tags.without(tags.among(tags.texts(known.fields.get(TAGS)), off), tags.removed(change))
    if not stay:
        return []
    what = f"the state here does not know these tags as ones that this mapping alone has added: {', '.join(stay)}"
    return [Problem(CONFLICT, what, TAGS, hint=_HINT)]


def _of_row(record: Record, line: PlannedLine) -> list[Problem]:
    """How the row has moved: the fields that the plan lists with other values."""
    moved = [
        name
        for name, change in line.changes.items()
        if not _is_still_wanted(name, record.fields.get(name), change)
    ]
    if not moved:
        what = "the row has changed since the plan was made, in a field that the plan does not list"
        return [Problem(CONFLICT, what, hint=_HINT)]
    return [
        Problem(
            CONFLICT,
            f"the row has changed since the plan was made: {name} is not what was planned",
            name,
            record.fields.get(name),
            _HINT,
        )
        for name in moved
    ]


def _is_still_wanted(name: str, wanted: Value, change: tuple[Value, Value]) -> bool:
    if name == TAGS:
        return holds(name, tags.added(change), wanted) and holds(name, wanted, change[1])
    return same(wanted, change[1])


def _of_chartmogul(
    record: Record, known: Known, line: PlannedLine, policy: Policy
) -> list[Problem]:
    """How ChartMogul has moved: it shows neither what it showed then, nor what was planned."""
    is_new = line.outcome == Outcome.CREATED
    if isinstance(known, Absent):
        return [] if is_new else [_gone()]
    assert isinstance(known, Seen)  # a plan trusts no state
    if not is_new and line.uuid is not None and known.uuid != line.uuid:
        return [_another(known)]
    moved = [
        name
        for name, change in line.changes.items()
        if not _is_as_after(name, change, record, known, policy)
        and not _is_as_before(name, change, known, is_new, policy)
    ]
    return [
        Problem(
            CONFLICT,
            f"ChartMogul has changed since the plan was made: its {name} is neither what it was nor what was planned",
            name,
            known.fields.get(name),
            _HINT,
        )
        for name in moved
    ]


def _is_as_after(
    name: str, change: tuple[Value, Value], record: Record, known: Seen, policy: Policy
) -> bool:
    shown = known.fields.get(name)
    if name == TAGS:
        return tags.arrived(change, shown) and tags.holds(record.fields.get(TAGS, ()), shown)
    return same(record.fields.get(name, change[1]), shown, policy.shape(name))


def _is_as_before(
    name: str, change: tuple[Value, Value], known: Seen, is_new: bool, policy: Policy
) -> bool:
    """Whether a record shows what it showed then; of tags, some may be on and off already: the plan was cut off."""
    shown = known.fields.get(name)
    if name == TAGS:  # of a record that was not there nobody has seen any
        return is_new or tags.are_same_but_for(change, shown)
    return same(change[0], shown, policy.shape(name))


def _gone() -> Problem:
    what = "ChartMogul has changed since the plan was made: it no longer has the record"
    return Problem(CONFLICT, what, hint=_HINT)


def _another(known: Seen) -> Problem:
    what = f"ChartMogul has changed since the plan was made: the key now stands for another record ({known.uuid})"
    return Problem(CONFLICT, what, hint=_HINT)


def _pair(pair: abc.Sequence[Any]) -> tuple[Value, Value]:
    before, after = (tuple(one) if isinstance(one, list) else one for one in pair)
    return before, after
