"""The words in which an object of ChartMogul is described: its fields, what names a record, what can be done."""

from collections import abc
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType

from sync.domain.record import Fields, Object, Value


class Kind(Enum):
    """What a field holds: it decides how values are cast, what a mapping may say, and how an answer is read."""

    #: Names a record, or the one that it belongs to.
    KEY = auto()
    TEXT = auto()
    EMAIL = auto()
    #: An ISO 3166-1 alpha-2 code.
    COUNTRY = auto()
    #: One of `Field.values`; ChartMogul may show others, which it computes.
    STATUS = auto()
    #: An instant.
    TIME = auto()
    #: A whole number.
    WHOLE = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, as ChartMogul takes and shows it."""

    name: str
    description: str
    kind: Kind = Kind.TEXT
    #: Every record needs it: a mapping without it is refused, a row without it rejected.
    required: bool = False
    #: False: it says whose or which record this is, by the create's own arguments. It never changes, and an answer
    #: shows it elsewhere.
    settable: bool = True
    #: All that may be set; empty where anything of its kind may.
    values: tuple[str, ...] = ()
    #: ChartMogul shows a value of its own where nobody has set one: it cannot be emptied.
    never_empty: bool = False
    #: That value, where it is always the same.
    initial: str | None = None
    #: A time that must not lie in the future.
    past: bool = False
    #: Another time of the record that this one must not lie before.
    not_before: str | None = None
    #: A key that never changes in ChartMogul: a row may say which one it was before (`was`).
    lasting: bool = False
    #: ChartMogul may merge records by it, by itself and for good.
    merges: bool = False
    #: A state: of the US its code, with `US-` or without, and its name are one value.
    names_state: bool = False
    #: The field of whose value this is a part: ChartMogul drops it, without a word, beside another one.
    part_of: str | None = None
    #: The value of that field beside which it is kept.
    beside: str | None = None

    def is_initial(self, shown: Value) -> bool:
        """Whether ChartMogul shows what it does where nobody has set a value; its case says nothing."""
        return self.initial is not None and str(shown).casefold() == self.initial.casefold()

    def goes_with(self, whole: Value) -> bool:
        """Whether ChartMogul drops it once the field that it is part of has this value."""
        return whole not in (None, self.beside)

    def is_computed(self, shown: Value) -> bool:
        """Whether ChartMogul computes the value that it shows, so that no other can be set; its case says nothing."""
        if not self.values or shown is None:
            return False
        return str(shown).casefold() not in {value.casefold() for value in self.values}


def dropped_beside(
    shown: abc.Iterable[str], values: Fields, shape: abc.Callable[[str], object]
) -> dict[str, str]:
    """Of fields that are shown, those that ChartMogul drops beside these values, each with the one that it is part of.

    `shape` tells the field of a name. What has a value of its own among these does not go.
    """
    return {
        name: about.part_of
        for name in shown
        if name not in values
        and isinstance(about := shape(name), Field)
        and about.part_of is not None
        and about.part_of in values
        and about.goes_with(values[about.part_of])
    }


def named(*fields: Field) -> abc.Mapping[str, Field]:
    """Fields by their names, in this order."""
    return MappingProxyType({field.name: field for field in fields})


@dataclass(frozen=True, slots=True, eq=False)
class Descriptor:
    """An object of ChartMogul: one a kind of record, the same for all accounts."""

    object: Object
    #: For messages: "customer", "customers".
    noun: str
    plural: str
    fields: abc.Mapping[str, Field]
    #: The object that these belong to: the first key names the parent, in the same data source.
    parent: Object | None = None
    #: Of these fields at least one has to be mapped, and filled: the record's own key, else what tells it within its
    #: parent, such as an e-mail. Empty where the required fields name a record.
    known_by: tuple[str, ...] = ()
    #: The field that names a record by itself, in place of all other keys: ChartMogul's own name for it. Such a record
    #: is there already, or is not: only mode update may know records so. None where there is no such field.
    own_name: str | None = None
    #: Tags can be added.
    tags: bool = False
    #: Writing an attribute fixes its type, for the whole account and for good.
    locks_types: bool = False
    #: ChartMogul shows a revenue of each.
    revenue: bool = False
    #: ChartMogul takes no second record with the same key. Where it does, a create is noted as in doubt before it is
    #: sent, and two keys may turn out to be one record.
    unique_keys: bool = False
    #: What a person calls a record: the first of these that it has; of a group, all that it has together.
    named_by: tuple[tuple[str, ...], ...] = ()
    #: Where ChartMogul shows a record to people, with `{uuid}`; empty where a record has no page of its own.
    page: str = ""
    #: The times that have to follow others; each row asks for them.
    later: tuple[Field, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        later = tuple(one for one in self.fields.values() if one.not_before is not None)
        object.__setattr__(self, "later", later)

    def name_of(self, fields: Fields) -> str | None:
        """What a person calls a record with these fields."""
        for group in self.named_by:
            parts = (fields.get(name) for name in group)
            if found := " ".join(part for part in parts if isinstance(part, str) and part):
                return found
        return None

    def url_of(self, uuid: str | None) -> str | None:
        """The page of the record with this uuid."""
        return self.page.format(uuid=uuid) if uuid and self.page else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that name a record, its parent's first."""
        return tuple(name for name, field in self.fields.items() if field.kind is Kind.KEY)

    @property
    def required(self) -> tuple[str, ...]:
        """The fields that no record can do without."""
        return tuple(name for name, field in self.fields.items() if field.required)
