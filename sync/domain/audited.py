"""What an audit finds of a mapping besides the counts of its rows: fields that differ, records that are too many."""

from dataclasses import dataclass, field

from sync.domain.record import Value

#: Examples that are kept of each field, and of the records that no row has.
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A row whose field ChartMogul shows otherwise.

    `edited`: somebody else has changed it there. `stays`: a run leaves it so, by `overwrite`. `pinned`: somebody pinned
    what is there. `undone`: an undo put it back, and a run leaves it so until the row changes.
    """

    row: int
    key: str
    shown: Value
    wanted: Value
    edited: bool = False
    stays: bool = False
    pinned: bool = False
    undone: bool = False


@dataclass(slots=True)
class AuditedField:
    """In how many records a field differs, and some of them.

    Of these are `edited` those that somebody else has changed, `stays` those that a run leaves so by `overwrite`,
    `pinned` those that are pinned in ChartMogul, and `undone` those that an undo put back.
    """

    different: int = 0
    edited: int = 0
    stays: int = 0
    pinned: int = 0
    undone: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, example: Example) -> None:
        """Count one more."""
        self.different += 1
        self.edited += example.edited
        self.stays += example.stays
        self.pinned += example.pinned
        self.undone += example.undone
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Audited:
    """What was found of one mapping.

    `extra` counts the records of its data source that no row has, None where nobody can tell since a query shows only
    some; `duplicates` the contacts that have e-mail or external id of another one of their customer; both are the data
    source's, and the same for all its mappings. `deleted` are missing rows whose records ChartMogul had.
    """

    fields: dict[str, AuditedField] = field(default_factory=dict)
    extra: int | None = None
    duplicates: int = 0
    deleted: int = 0
    #: The uuids of some of them.
    extra_examples: tuple[str, ...] = ()
    duplicate_examples: tuple[str, ...] = ()

    def differs(self, name: str, example: Example) -> None:
        """A field of one record differs."""
        self.fields.setdefault(name, AuditedField()).add(example)
