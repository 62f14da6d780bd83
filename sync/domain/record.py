"""What a row becomes: a valid desired record, or a rejected row with its problems."""

from collections import abc
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

Scalar = str | int | bool | Decimal
#: A canonical value. `None` means "empty it in ChartMogul"; a tuple holds tags. Times are text in UTC,
#: `2026-01-31T10:00:00Z`, with three digits of fraction only where they are not zero.
Value = Scalar | tuple[str, ...] | None
#: Field name to canonical value: `country`, `attributes.seats`, `tags`. What is not sent is not in it.
Fields = abc.Mapping[str, Value]

ATTRIBUTE = "attributes."


class Object(StrEnum):
    """What ChartMogul takes from us."""

    CUSTOMER = "customer"
    CONTACT = "contact"


class AttributeType(StrEnum):
    """The types of custom attributes, spelled as in dev.chartmogul.com/reference/customers/attributes/add."""

    STRING = "String"
    INTEGER = "Integer"
    DECIMAL = "Decimal"
    TIMESTAMP = "Timestamp"
    BOOLEAN = "Boolean"


class Stage(StrEnum):
    """Where a row was rejected: the row itself, the plan for it, or ChartMogul's answer."""

    MAP = "map"
    PLAN = "plan"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Row:
    """One result row: its number, counted from 1, and its values in the order of the query's columns."""

    number: int
    values: abc.Sequence[Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a row is rejected; `value` is what the user has to mend, for reports only."""

    code: str
    message: str
    field: str | None = None
    value: Any = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A valid desired customer or contact. `key` as in the contract: external id, `CUSTOMER|EMAIL`, or a uuid."""

    row: int
    key: str
    fields: Fields
    #: Contacts only: the external id of their customer; None where the key is ChartMogul's own name for the contact.
    customer: str | None = None
    #: Customers only: another external id, under which ChartMogul may have it; nothing of it is sent.
    was: str | None = None

    def without(self, names: abc.Set[str]) -> "Record":
        """The record without these fields."""
        if not names:
            return self
        return replace(self, fields={n: v for n, v in self.fields.items() if n not in names})

    def others(self, shown: Fields) -> dict[str, Value]:
        """The attributes among these fields that the record does not send."""
        return {n: v for n, v in attributes_in(shown).items() if n not in self.fields}


def attributes_in(fields: Fields) -> dict[str, Value]:
    """The custom attributes among these fields."""
    return {name: value for name, value in fields.items() if name.startswith(ATTRIBUTE)}


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of a rejected row besides what is wrong with it.

    `since`: when it was first rejected without a break, None where nobody can tell. `known`: the last whole run had
    rejected it. `name` is what a person calls its record, `url` the record's page in ChartMogul.
    """

    since: datetime | None = None
    known: bool = False
    name: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that did not arrive. `key` is None where the row has none that is usable.

    `was` is the key that its record had before, where the row itself is wrong and tells it.
    """

    row: int
    key: str | None
    stage: Stage
    problems: tuple[Problem, ...]
    http_status: int | None = None
    response: str | None = None
    attempts: int = 0
    background: Background = field(default=Background(), compare=False)
    was: str | None = None

    @property
    def known(self) -> bool:
        """Whether the last whole run had rejected it, too."""
        return self.background.known
