"""Customers in ChartMogul: how a record is found, created and updated there."""

from collections import abc
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import compress

from sync.chartmogul.client import Client, Page, Written
from sync.destination.interface import (
    SAME_RECORD,
    UNREAD,
    Outlook,
    QueryRows,
    Rival,
    Site,
    Unresolved,
    row_named,
)
from sync.domain.clock import Clock
from sync.domain.objects.customer import CUSTOMER
from sync.domain.parent import Parent
from sync.domain.plan import Absent, Changes, Met, Seen
from sync.domain.record import ATTRIBUTE, AttributeType, Fields, Problem, Record
from sync.domain.renamed import two_records
from sync.domain.results import Outcome
from sync.domain.sameness import holds, shape_of
from sync.domain.tags import TAGS, added, removed
from sync.domain.typed import Typed
from sync.errors import ConfigError, ConfigProblem, NotFound, Refused, Unavailable
from sync.transform.attributes import possible
from sync.transform.contract import conflict

#: Seconds between looks for a customer whose create was not answered.
WAITS = (0.0, 2.0, 5.0, 15.0)
_CREATE = "POST /customers"
#: What changes standard fields and attributes, sets attributes with their types, removes some, takes tags off, and adds
#: some.
_CHANGES = (
    "PATCH /customers/{uuid}",
    "POST /customers/{uuid}/attributes/custom",
    "DELETE /customers/{uuid}/attributes/custom",
    "DELETE /customers/{uuid}/attributes/tags",
    "POST /customers/{uuid}/attributes/tags",
)


@dataclass(slots=True)
class Customers:
    """The customers of one data source, written with one contract of types.

    `in_use` are the attributes whose type is known to be fixed in this account; it grows with every answer.
    """

    client: Client
    data_source: str
    types: abc.Mapping[str, Typed]
    in_use: set[str]
    rows: QueryRows
    clock: Clock
    #: A key as the state holds it.
    stored: abc.Callable[[str], str] = str
    kinds: dict[str, AttributeType] = field(init=False)

    @classmethod
    def build(cls, site: Site) -> "Customers":
        """The customers of a site."""
        in_use, stored = set(site.state.in_use), site.state.stored
        given = (site.data_source, site.types, in_use, site.rows, site.clock, stored)
        return cls(site.client, *given)

    @property
    def listing(self) -> "Customers":
        """Customers are told by their external ids."""
        return self

    @property
    def inventory(self) -> "Customers":
        """Each page of a listing speaks for itself."""
        return self

    def __post_init__(self) -> None:
        self.kinds = {key: typed.type for key, typed in self.types.items()}

    async def find(self, record: Record, uuid: str | None) -> Seen | Absent:
        """The customer of a key, by its uuid where one is remembered.

        Back to the key when the uuid is gone or stands for other keys now: it was merged, deleted or unmerged.
        """
        gone = False
        if uuid is not None:
            try:
                seen = await self.client.customer(uuid)
            except NotFound:
                gone = True
            else:
                if self._is(seen, record):
                    return self._check(seen)
        found = await self._by_ids(record)
        return self._check(found) if isinstance(found, Seen) else Absent(deleted=gone)

    def _is(self, seen: Seen, record: Record) -> bool:
        """Whether a customer has the key of a record, or the one before, which may be as the state holds it."""
        ids = self.keys(seen)
        if record.key in ids or record.was is None:
            return record.key in ids
        return record.was in ids or record.was in map(self.stored, ids)

    async def _by_ids(self, record: Record) -> Seen | Absent:
        """The customer with the key of a record, else with the one before; Unresolved where these are two."""
        found = await self.client.find_customer(self.data_source, record.key)
        if record.was is None:
            return found
        former = await self.client.find_customer(self.data_source, record.was)
        if not isinstance(found, Seen):
            return former
        if isinstance(former, Seen) and former.uuid != found.uuid:
            why = f"{found.uuid} has its key, and {former.uuid} the one before"
            raise Unresolved(two_records(why))
        return found

    async def show(self, uuid: str) -> Seen:
        """A customer as ChartMogul shows it in this moment."""
        return await self.client.customer(uuid)

    async def pages(self, *, with_pins: bool = False) -> abc.AsyncGenerator[Page]:
        """All customers of the data source, up to 200 a page."""
        async for page in self.client.list_customers(self.data_source, with_pins=with_pins):
            for seen in page.entries:
                self._check(seen)
            yield page

    def keys(self, seen: Seen) -> list[str]:
        """The keys that a customer stands for in this data source: more than one after a merge."""
        return [key for source, key in seen.pairs if source == self.data_source]

    def names(self, seen: Seen) -> list[str]:
        """The keys by which a row may name a customer."""
        return self.keys(seen)

    def take_in(self, page: Page) -> None:
        """Nothing: who reads a page hands out what it shows."""

    async def know_parents(self, found: abc.Mapping[str, Parent] | None) -> None:
        """Nothing: customers have no parents."""

    async def create(self, record: Record) -> Seen:
        """Create a customer with its attributes and tags in one request; after a lost answer look first.

        ChartMogul keeps external ids unique in a data source, so repeating after a look that found nothing is safe.

        Raises:
            AlreadyExists: somebody else has it; look it up and decide again.
        """
        tried = 0
        for wait in WAITS:
            try:
                return await self.client.create_customer(
                    self.data_source, record.key, record.fields, self.kinds
                )
            except (Refused, Unavailable) as error:
                tried = error.answered.after(tried)
                if isinstance(error, Refused) or not error.sent:
                    raise
                last = error
            found = await self._look_again(record, wait)
            if isinstance(found, Seen):
                return Met.by_look(found)
        raise last

    async def _look_again(self, record: Record, wait: float) -> Seen | Absent:
        found = await self.find(record, None)
        if isinstance(found, Seen) or not wait:
            return found
        await self.clock.sleep(wait)
        return await self.find(record, None)

    async def update(
        self, uuid: str, fields: Fields, record: Record, removed_tags: tuple[str, ...] = ()
    ) -> Written:
        """Write these fields; `tags` holds only those to add."""
        in_use = frozenset(self.in_use)
        return await self.client.update_customer(uuid, fields, self.kinds, in_use, removed_tags)

    def claim(self, record: Record, seen: Seen, remembered: str | None) -> Problem | None:
        """The earlier row that stands for the same customer: ChartMogul merged the two, or one had the other's key."""
        keys = [key for key in self.keys(seen) if key not in (record.key, record.was)]
        rivals = self.rows.of_keys(keys) if keys else ()
        known = remembered == seen.uuid
        renamed = [] if known and len(seen.pairs) < 2 else list(self.rows.renamed(seen.uuid))
        if not rivals and not renamed:
            return None
        first = partial(_comes_first, row=record.row, yields=self.rows.yields(record.row))
        earlier = [one.row for one in rivals if first(one)]
        # A row that has the key of another one's record is never that record's, wherever it stands.
        mine = () if known else (record.key, self.stored(record.key), record.was)
        renamed = [one for one in renamed if one.its_id in mine or first(one)]
        others = [one.row for one in renamed if one.row not in (0, record.row)]
        if earlier:
            row = min([*earlier, *others])
            return _merged(row_named(row), sent=row > 0)
        return _had_its_key(row_named(min(others))) if others else None

    async def pins(self, uuid: str) -> frozenset[str]:
        """The fields of a customer whose values are pinned in ChartMogul."""
        return await self.client.customer_pins(uuid)

    def advice(self, name: str) -> str:
        """Nothing is known that a user could do."""
        return ""

    async def foresee(self, record: Record, uuid: str | None, changes: Changes) -> None:
        """Customers are one by their key alone: no row changes what another one finds."""

    def turn(self, record: Record) -> AbstractAsyncContextManager[None]:
        """Customers do not wait for one another."""
        return nullcontext()

    def cost(self, outcome: Outcome, changes: Changes) -> int:
        """How many requests a create or an update takes."""
        return len(self.requests(outcome, changes))

    def requests(self, outcome: Outcome, changes: Changes) -> abc.Sequence[str]:
        """The requests that a create or an update takes, in their order."""
        if outcome is Outcome.CREATED:
            return (_CREATE,)
        names = set(changes) - {TAGS}
        removals = {n for n in names if n.startswith(ATTRIBUTE) and changes[n][1] is None}
        posts = {
            n for n in names - removals if n.startswith(ATTRIBUTE) and self._needs_post(n, changes)
        }
        patch = names - removals - posts
        if posts and all(name.startswith(ATTRIBUTE) for name in patch):
            patch = set()  # they all go into the one POST
        tags = changes.get(TAGS, (None, None))
        parts = (patch, posts, removals, removed(tags), added(tags))
        return tuple(compress(_CHANGES, parts))

    def _needs_post(self, name: str, changes: Changes) -> bool:
        return name.removeprefix(ATTRIBUTE) not in self.in_use or changes[name][1] is False

    async def survey(self, outlook: Outlook) -> None:
        """Nothing: each page of a listing speaks for itself."""

    async def prefetch(self, records: abc.Sequence[Record]) -> None:
        """Nothing: customers depend on nothing but themselves."""

    async def complete(self, record: Record, seen: Seen) -> Written | None:
        """Send again, in their own requests, what the answer to a create lacks of attributes and tags."""
        lacking = {
            name: value
            for name, value in record.fields.items()
            if (name.startswith(ATTRIBUTE) or name == TAGS)
            and value is not None
            and not holds(name, value, seen.fields.get(name), shape_of(name, CUSTOMER, self.kinds))
        }
        if not lacking:
            return None
        return await self.client.update_customer(seen.uuid, lacking, self.kinds, frozenset())

    def _check(self, seen: Seen) -> Seen:
        """Stop before a value of another type is sent: the account's types are for good."""
        for key, typed in self.types.items():
            value = seen.fields.get(ATTRIBUTE + key)
            if value is None:
                continue
            types = possible(value)
            if typed.type not in types:
                found = conflict(key, typed, *sorted(types, reverse=True))
                message = f"{found.message}, as customer {seen.uuid} shows"
                raise ConfigError(ConfigProblem(message, found.hint, path=f"attributes.{key}"))
            self.in_use.add(key)
        return seen


def _comes_first(rival: Rival, row: int, *, yields: bool) -> bool:
    """Whether a rival is sent, and not this row.

    Of two of which one yielded to the other before, that one still does, in whichever order they come: without an
    order a warehouse may turn them round at any time, and each would overwrite the other.
    """
    if rival.yields is yields:
        return rival.row == UNREAD or 0 < rival.row < row
    return yields and rival.row != 0


def _merged(row: str, *, sent: bool) -> Problem:
    return Problem(
        SAME_RECORD,
        f"ChartMogul has merged this customer with that of {row}{', which is sent' if sent else ''}",
        hint="keep one of the two rows, or unmerge the customers in ChartMogul",
    )


def _had_its_key(row: str) -> Problem:
    return Problem(
        SAME_RECORD,
        f"the customer with this key is that of {row}, which has another key by now, and which is sent",
        hint="keep one of the two rows; ChartMogul changes no external id: a new customer needs a key that none had",
    )
