"""What an undo needs of an object in ChartMogul: its records, listed or by uuid, and values written back to them."""

from collections import abc
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from sync.chartmogul.client import Client, Page, Written
from sync.domain.plan import Seen
from sync.domain.put_back import PutBack
from sync.domain.record import ATTRIBUTE, AttributeType, Fields, Value
from sync.domain.tags import TAGS


class Restoring(Protocol):
    """Finds records by their uuids, and writes values of theirs back."""

    def pages(self) -> abc.AsyncGenerator[Page]:
        """All records of the data source, page by page."""
        ...

    async def look(self, uuid: str) -> Seen:
        """A record by its uuid; NotFound where it is gone."""
        ...

    def is_ours(self, seen: Seen) -> bool:
        """Whether it is of the data source still."""
        ...

    async def restore(self, seen: Seen, back: PutBack) -> Written:
        """Write values back to a record that was seen."""
        ...

    def cost(self, back: PutBack) -> int:
        """The requests that it takes."""
        ...


@dataclass(frozen=True, slots=True)
class RestoringCustomers:
    """Customers; `types` are those of attributes, as far as state and mapping know them."""

    client: Client
    data_source: str
    types: abc.Mapping[str, AttributeType] = field(default_factory=dict)

    async def pages(self) -> abc.AsyncGenerator[Page]:
        """All customers of the data source."""
        async with aclosing(self.client.list_customers(self.data_source)) as pages:
            async for page in pages:
                yield page

    async def look(self, uuid: str) -> Seen:
        """A customer by its uuid."""
        return await self.client.customer(uuid)

    def is_ours(self, seen: Seen) -> bool:
        """Whether one of its pairs is of the data source."""
        return any(source == self.data_source for source, _ in seen.pairs)

    async def restore(self, seen: Seen, back: PutBack) -> Written:
        """What was shown before had a type already, so that it goes with PATCH; only `false` needs POST."""
        attributes = _attributes(back.fields)
        types = {
            key: self.types.get(key) or _type_of(value)
            for key, value in attributes.items()
            if value is not None
        }
        return await self.client.update_customer(
            seen.uuid, back.fields, types, frozenset(types), back.removed_tags
        )

    def cost(self, back: PutBack) -> int:
        """One for what is written, one for each kind of removal, one for `false`, one for tags."""
        attributes = _attributes(back.fields)
        rest = {n for n in back.fields if n != TAGS and not n.startswith(ATTRIBUTE)}
        values = [value for value in attributes.values() if value is not None]
        patch = bool(rest) or bool(values and False not in values)
        return sum(
            (
                patch,
                any(value is False for value in values),
                None in attributes.values(),
                bool(back.removed_tags),
                TAGS in back.fields,
            )
        )


@dataclass(frozen=True, slots=True)
class RestoringContacts:
    """Contacts. Whether ChartMogul merges attributes or replaces them is unknown: all go together."""

    client: Client
    data_source: str
    #: Contacts' attributes are sent without their types.
    types: abc.Mapping[str, AttributeType] = field(default_factory=dict)

    async def pages(self) -> abc.AsyncGenerator[Page]:
        """All contacts of the data source."""
        async with aclosing(self.client.list_contacts(data_source=self.data_source)) as pages:
            async for page in pages:
                yield page

    async def look(self, uuid: str) -> Seen:
        """A contact by its uuid."""
        return await self.client.contact(uuid)

    def is_ours(self, seen: Seen) -> bool:
        """Whether it belongs to a customer, and to the data source."""
        return seen.customer_uuid is not None and seen.data_source in (None, self.data_source)

    async def restore(self, seen: Seen, back: PutBack) -> Written:
        """All in one request, with the attributes that stay."""
        fields = dict(back.fields)
        if _attributes(fields):
            stay = {n: v for n, v in seen.fields.items() if n.startswith(ATTRIBUTE)}
            fields = {**stay, **fields}
        return await self.client.update_contact(seen.uuid, fields)

    def cost(self, back: PutBack) -> int:
        """Always one."""
        return 1


def _attributes(fields: Fields) -> dict[str, Value]:
    return {n.removeprefix(ATTRIBUTE): v for n, v in fields.items() if n.startswith(ATTRIBUTE)}


def _type_of(value: Value) -> AttributeType:
    """The type of an attribute that nobody has noted, by a value that ChartMogul has shown."""
    match value:
        case bool():
            return AttributeType.BOOLEAN
        case int():
            return AttributeType.INTEGER
        case Decimal():
            return AttributeType.DECIMAL
        case _:
            return AttributeType.STRING
