"""All rows of a query, looked at for what is going to be rejected, rounded, or taken for something else."""

import re
from collections import abc
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sync.domain import countries, states
from sync.domain.instant import Infinite, parse
from sync.domain.numbers import Single
from sync.domain.objects import Kind
from sync.domain.record import ATTRIBUTE, AttributeType
from sync.domain.spelling import INVISIBLE, bare
from sync.domain.tags import TAGS
from sync.transform.attributes import STRING_LENGTH
from sync.transform.build import Binding, RecordBuilder
from sync.transform.casts import INTEGER_LIMIT, is_empty

_HIDDEN = re.compile(f"[{INVISIBLE}]")
_ELSEWHERE = timezone(timedelta(hours=1))
_US = "US"
Test = abc.Callable[[Any, abc.Sequence[Any]], bool]


class Concern(StrEnum):
    """What may be wrong with a value."""

    TOO_LONG = "too_long"
    LOSES_DIGITS = "loses_digits"
    FLOAT = "float"
    NO_ZONE = "no_zone"
    UNKNOWN_COUNTRY = "unknown_country"
    UNKNOWN_STATE = "unknown_state"
    UNSEEN = "unseen_characters"
    NEAR_KEYS = "near_keys"
    SUGGESTED_TYPE = "suggested_type"


@dataclass(slots=True)
class Tally:
    """How many values of a column have a concern, and the first row that shows it."""

    count: int
    row: int


@dataclass(slots=True)
class Scrutiny:
    """Counts by column and concern; it keeps a row's number, and no value."""

    tests: tuple[tuple[str, int, Concern, Test], ...]
    found: dict[tuple[str, Concern], Tally] = field(default_factory=dict, init=False)
    rows: int = field(default=0, init=False)

    @classmethod
    def of(cls, builder: RecordBuilder, types: abc.Mapping[str, AttributeType]) -> "Scrutiny":
        """What a mapping's columns are tested for; `types` are those that its attributes declare."""
        tests: dict[tuple[int, Concern], tuple[str, int, Concern, Test]] = {}
        for slot in builder.bindings:
            for concern, test in _tests(builder, slot, types):
                tests.setdefault((slot.index, concern), (slot.column, slot.index, concern, test))
        return cls(tuple(tests.values()))

    def look(self, row: abc.Sequence[Any]) -> None:
        """Take in the next row."""
        self.rows += 1
        for column, index, concern, test in self.tests:
            value = row[index]
            if value is not None and test(value, row):
                self.note(column, concern, self.rows)

    def note(self, column: str, concern: Concern, row: int, count: int = 1) -> None:
        """So many more values of a column have this concern."""
        tally = self.found.get((column, concern))
        if tally is None:
            self.found[column, concern] = Tally(count, row)
        else:
            tally.count += count


def fold(key: str) -> str:
    """A key without its case, white space and invisible characters."""
    return "".join(_HIDDEN.sub("", key).casefold().split())


def _tests(
    builder: RecordBuilder, slot: Binding, types: abc.Mapping[str, AttributeType]
) -> abc.Iterator[tuple[Concern, Test]]:
    known = builder.descriptor.fields.get(slot.field)
    key = slot.field.removeprefix(ATTRIBUTE)
    is_time = (
        types.get(key) is AttributeType.TIMESTAMP if known is None else known.kind is Kind.TIME
    )
    yield Concern.LOSES_DIGITS, _loses_digits
    yield Concern.FLOAT, lambda value, row: isinstance(value, float)
    yield Concern.UNSEEN, _unseen
    if slot.field == TAGS:
        return  # a value holds several, and nobody knows how long one may be
    yield Concern.TOO_LONG, _too_long
    yield Concern.NO_ZONE, _no_zone if is_time else _no_zone_told
    if known is not None and known.kind is Kind.COUNTRY:
        yield Concern.UNKNOWN_COUNTRY, lambda value, row: _country(slot, value) is None
    if known is not None and known.names_state:
        yield Concern.UNKNOWN_STATE, _state_test(builder, slot)
    if known is None and key in builder.contract.found:
        yield Concern.SUGGESTED_TYPE, lambda value, row: not is_empty(value)


def _too_long(value: Any, row: abc.Sequence[Any]) -> bool:
    return (
        isinstance(value, str) and len(value) > STRING_LENGTH and len(bare(value)) > STRING_LENGTH
    )


def _loses_digits(value: Any, row: abc.Sequence[Any]) -> bool:
    """Whether a double, which is all that most readers of JSON have, is another number."""
    match value:
        case bool():
            return False
        case Single():
            return value.is_integer() and abs(value) > value.whole
        case float():
            return value.is_integer() and abs(value) > INTEGER_LIMIT
        case int():
            return abs(value) > INTEGER_LIMIT
        case Decimal() if value.is_finite():
            return Decimal(repr(float(value))) != value
    return False


def _no_zone_told(value: Any, row: abc.Sequence[Any]) -> bool:
    return isinstance(value, datetime) and value.tzinfo is None


def _no_zone(value: Any, row: abc.Sequence[Any]) -> bool:
    """Whether a value is another instant in another zone."""
    if not isinstance(value, str | date) or isinstance(value, Infinite):
        return False
    return parse(value, UTC) != parse(value, _ELSEWHERE)


def _unseen(value: Any, row: abc.Sequence[Any]) -> bool:
    return isinstance(value, str) and (value != bare(value) or bool(_HIDDEN.search(value)))


def _country(slot: Binding, value: Any) -> str | None:
    """The code of a country; empty for none at all, None for an unknown one."""
    text = _mapped(slot, value)
    return countries.code(text) if text else ""


def _state_test(builder: RecordBuilder, slot: Binding) -> Test:
    """States of the US are known; what other countries have is not, nor asked for."""
    fields = builder.descriptor.fields
    kinds = {one.field: fields[one.field].kind for one in builder.slots if one.field in fields}
    of_country = next((one for one in builder.slots if kinds.get(one.field) is Kind.COUNTRY), None)
    constants = [
        value
        for name, value in builder.constants.items()
        if name in fields and fields[name].kind is Kind.COUNTRY
    ]

    def test(value: Any, row: abc.Sequence[Any]) -> bool:
        country: object = constants[0] if constants else _US
        if of_country is not None:
            country = _country(of_country, row[of_country.index]) or of_country.default
        text = _mapped(slot, value)
        return country == _US and bool(text) and states.code_of(text) is None

    return test


def _mapped(slot: Binding, value: Any) -> str:
    """A value's text after its value map."""
    text = "" if value is None else bare(str(value))
    return bare(str((slot.map or {}).get(text, text)))
