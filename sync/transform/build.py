"""Rows become records: a mapping and the columns of its query, compiled once and applied to every row."""

from collections import abc
from dataclasses import dataclass
from typing import Any

from sync.domain.instant import parse
from sync.domain.objects import Descriptor
from sync.domain.policy import OnNull
from sync.domain.record import (
    ATTRIBUTE,
    Background,
    Fields,
    Problem,
    Record,
    Rejected,
    Scalar,
    Stage,
    Value,
)
from sync.domain.spelling import bare
from sync.domain.tags import TAGS, distinct, texts
from sync.transform import casts
from sync.transform.casts import Cast, Miscast
from sync.transform.contract import Contract


@dataclass(frozen=True, slots=True)
class Binding:
    """One field of a record and the column it comes from."""

    field: str
    column: str
    index: int
    cast: Cast
    on_null: OnNull
    default: Value = None
    #: What stands for the texts of the column; the others stay as they are.
    map: abc.Mapping[str, Scalar] | None = None


@dataclass(frozen=True, slots=True)
class RecordBuilder:
    """Makes a record, or a rejected row, of every row.

    `keys` are the slots that name the record: a customer's external id; a contact's customer and then, where
    mapped, its external id; or its uuid alone.
    """

    descriptor: Descriptor
    keys: tuple[Binding, ...]
    slots: tuple[Binding, ...]
    constants: Fields
    contract: Contract
    #: The key that a record had before, where a row tells it.
    former: Binding | None = None
    #: Columns that bring tags, to those of every row.
    tags: tuple[Binding, ...] = ()

    def build(self, number: int, row: abc.Sequence[Any]) -> Record | Rejected:
        """The record of a row; every problem of a row is found, not just the first."""
        problems: list[Problem] = []
        fields = dict(self.constants)
        for slot in self.slots:
            _fill(fields, slot, row[slot.index], problems)
        for slot in self.tags:
            _tag(fields, slot, row[slot.index], problems)
        problems.extend(_disorder(self.descriptor, fields))
        names = [_name(slot, row[slot.index], problems) for slot in self.keys]
        was = _former(self.former, row, problems)
        for slot in self.bindings:
            if slot.column not in self.contract.sendable and row[slot.index] is not None:
                self.contract.meet(slot.column, row[slot.index])
        key, parent = names[0], None
        if self.descriptor.parent is not None and self.keys[0].field != self.descriptor.own_name:
            key, parent = self._key_within(names, fields, problems), names[0]
        was = None if was == key else was
        if problems or key is None:
            name = Background(name=self.descriptor.name_of(fields))
            return Rejected(number, key, Stage.MAP, tuple(problems), background=name, was=was)
        return Record(number, key, fields, parent, was)

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """All columns that anything comes from, but for former keys."""
        return (*self.keys, *self.slots, *self.tags)

    @property
    def clearing(self) -> tuple[str, ...]:
        """The fields that a null empties."""
        slots = (*self.keys, *self.slots)
        return tuple(slot.field for slot in slots if slot.on_null is OnNull.CLEAR)

    def notice(self, rows: abc.Sequence[abc.Sequence[Any]]) -> None:
        """Take the types that the values of unchanged rows have into the contract, as if they had been built."""
        for slot in self.bindings:
            key = slot.field.removeprefix(ATTRIBUTE)
            if slot.column not in self.contract.sendable or key in self.contract.found:
                self.contract.notice(key, slot.column, [row[slot.index] for row in rows])

    def _key_within(
        self, names: list[str | None], fields: dict[str, Value], problems: list[Problem]
    ) -> str | None:
        """The key of a record that has a parent: its own, else what tells it within the parent."""
        parent, *own = names
        for slot, key in zip(self.keys[1:], own, strict=True):
            if key is not None:
                fields[slot.field] = key
                return key
            if slot.on_null is OnNull.CLEAR:
                fields[slot.field] = None
            if any(problem.field == slot.field for problem in problems):
                return None  # known by a key that cannot be read: the e-mail is not its key
        for name in self.descriptor.known_by:
            if parent is not None and isinstance(email := fields.get(name), str):
                return _joined(parent, name, email, problems)
        if not problems:
            known_by = " nor an ".join(self.descriptor.known_by)
            message = f"neither an {known_by} names this {self.descriptor.noun}"
            problems.append(Problem("invalid_key", message, hint="fill one of them in SQL"))
        return None


def _disorder(descriptor: Descriptor, fields: Fields) -> abc.Iterator[Problem]:
    """Times of a record that lie before others that they have to follow."""
    for field in descriptor.later:
        later, earlier = fields.get(field.name), fields.get(field.not_before or "")
        if not isinstance(later, str) or not isinstance(earlier, str):
            continue
        then, first = parse(later), parse(earlier)
        if then is not None and first is not None and then < first:
            yield Problem(
                "trial_before_lead",
                f"{field.name} lies before {field.not_before}",
                field.name,
                later,
                "ChartMogul takes no trial that begins before its lead: mend one of the two dates in SQL",
            )


def _joined(parent: str, name: str, email: str, problems: list[Problem]) -> str | None:
    key = contact_key(parent, email)
    if len(key) <= casts.KEY_LENGTH:
        return key
    message = f"the key, customer and e-mail, has more than {casts.KEY_LENGTH} characters"
    problems.append(Problem("invalid_key", message, name, email))
    return None


def contact_key(customer: str, email: str) -> str:
    """The key of a contact without an external id."""
    return f"{customer}|{email.lower()}"


def _name(slot: Binding, value: object, problems: list[Problem]) -> str | None:
    if value is None:
        if slot.on_null is OnNull.REJECT:
            problems.append(
                Problem(
                    "invalid_key", "the key is null", slot.field, None, "filter such rows in SQL"
                )
            )
        return None
    try:
        return str(slot.cast(value))
    except Miscast as miscast:
        problems.append(Problem(miscast.code, miscast.message, slot.field, value, miscast.hint))
        return None


def _former(slot: Binding | None, row: abc.Sequence[Any], problems: list[Problem]) -> str | None:
    """The key that a record had before, if the row tells one."""
    if slot is None or casts.is_empty(row[slot.index]):
        return None
    return _name(slot, row[slot.index], problems)


def _without_ends(slot: Binding, value: object) -> object:
    """Text of an attribute loses what nobody sees at its ends; fields have casts of their own."""
    if type(value) is str and slot.field.startswith(
        ATTRIBUTE
    ):  # what is more, such as infinity, stays it
        return bare(value)
    return value


def _looked_up(slot: Binding, value: object) -> object:
    """What the value map has for the text of a value; the value itself where it has nothing, or it is no text."""
    try:
        return (slot.map or {}).get(casts.line(value), value)
    except Miscast:
        return value


def _fill(fields: dict[str, Value], slot: Binding, raw: object, problems: list[Problem]) -> None:
    value = raw if not slot.map or casts.is_empty(raw) else _looked_up(slot, raw)
    if casts.is_empty(value):
        if slot.default is not None:
            fields[slot.field] = slot.default
        elif slot.on_null is OnNull.CLEAR:
            fields[slot.field] = None
        elif slot.on_null is OnNull.REJECT:
            hint = f"column {slot.column}: fill it, or set on_null: keep"
            problems.append(
                Problem("null_value", "null is not allowed here", slot.field, raw, hint)
            )
        return
    try:
        fields[slot.field] = slot.cast(_without_ends(slot, value))
    except Miscast as miscast:
        problems.append(Problem(miscast.code, miscast.message, slot.field, raw, miscast.hint))


def _tag(fields: dict[str, Value], slot: Binding, raw: object, problems: list[Problem]) -> None:
    """Add the tags of a column to those that there are; null brings none."""
    more: Value = ()
    try:
        more = () if casts.is_empty(raw) else slot.cast(raw)
    except Miscast as miscast:
        problems.append(Problem(miscast.code, miscast.message, slot.field, raw, miscast.hint))
    fields[TAGS] = distinct((*texts(fields.get(TAGS)), *texts(more)))
