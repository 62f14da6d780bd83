"""Contacts in ChartMogul: how a record is found, created and updated there, and never created twice."""

import asyncio
from collections import abc
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sync.chartmogul.client import Client, Written
from sync.errors import NotFound, Unavailable
from sync.identity import Unresolved, moved, resolve
from sync.outcome import Outcome
from sync.parents import TO_COME, Parents
from sync.plan import Absent, Changes, Seen
from sync.record import ATTRIBUTE, Fields, Problem, Record
from sync.roster import Roster
from sync.spool import Entry
from sync.state.values import Doubt

#: Seconds between looks for a contact whose create was not answered.
WAITS = (2.0, 5.0, 15.0)
#: A create in doubt is not repeated before a complete listing that long after it shows it absent.
DOUBT = timedelta(minutes=10)


@dataclass(slots=True)
class Ledger:
    """The state's record of creates that were asked for: `ask` before, so that a crash leaves a trace."""

    ask: abc.Callable[[str, datetime], abc.Awaitable[None]]
    doubt: abc.Callable[[str], abc.Awaitable[Doubt | None]]
    settle: abc.Callable[[str], abc.Awaitable[None]]
    clock: abc.Callable[[], datetime]


@dataclass(slots=True)
class Contacts:
    """The contacts of the customers of one data source.

    ChartMogul keeps contacts unique in no way, so all that concerns one customer is done in a row.
    """

    client: Client
    data_source: str
    parents: Parents
    roster: Roster
    ledger: Ledger
    #: The rows of this query whose keys are remembered with a uuid.
    rows_of_uuid: abc.Callable[[str], abc.Sequence[int]]
    sleep: abc.Callable[[float], abc.Awaitable[object]] = asyncio.sleep
    _claims: dict[str, tuple[int, str]] = field(default_factory=dict, init=False)
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict, init=False)

    async def find(self, entry: Entry, uuid: str | None) -> Seen | Absent:
        """The contact of a row: by the remembered uuid, else by external id, else by e-mail.

        Raises:
            Unresolved: customer_not_found, ambiguous_contact, contact_moved, outcome_unknown.
        """
        record = entry.record
        parent = await self.parents.of(record.customer or "")
        if uuid is not None and (seen := await self._by_uuid(record, uuid, parent.uuid)):
            return seen
        if parent is TO_COME:
            return Absent()
        found = resolve(record, parent.uuid, await self._candidates(record), self.data_source)
        if isinstance(found, Problem):
            raise Unresolved(found)
        if isinstance(found, Absent):
            await self._judge_doubt(record)
        return found

    async def _by_uuid(self, record: Record, uuid: str, customer_uuid: str) -> Seen | None:
        try:
            seen = self.roster.by_uuid(uuid) or await self.client.contact(uuid)
        except NotFound:
            return None
        if moved(seen, customer_uuid):
            # The remembered customer may have been merged into the one that has the contact now.
            parent = await self.parents.refresh(record.customer or "")
            if problem := moved(seen, parent.uuid):
                raise Unresolved(problem)
        return seen

    async def _candidates(self, record: Record) -> list[Seen]:
        parent = await self.parents.of(record.customer or "")
        external_id = record.fields.get("external_id")
        named = self.roster.by_external_id(external_id) if isinstance(external_id, str) else []
        own = await self.roster.of_customer(parent)
        uuids = {contact.uuid for contact in own}
        return own + [contact for contact in named if contact.uuid not in uuids]

    async def _judge_doubt(self, record: Record) -> None:
        """A create of an earlier run that may still come true keeps its key from being created."""
        doubt = await self.ledger.doubt(record.key)
        if doubt is None:
            return
        until = doubt.asked_at + DOUBT
        if self.ledger.clock() < until:
            raise Unresolved(
                Problem(
                    "outcome_unknown",
                    f"a create of {doubt.asked_at:%H:%M:%S} UTC was not answered and may still take effect",
                    hint=f"the first run after {until:%H:%M:%S} UTC looks again, and creates it if it is not there",
                )
            )
        await self.ledger.settle(record.key)

    async def create(self, record: Record) -> Seen:
        """Create a contact with its attributes in one request, noted in the state first.

        Raises:
            Unresolved: outcome_unknown, where no answer came and no look-up shows it.
        """
        parent = await self.parents.of(record.customer or "")
        await self.ledger.ask(record.key, self.ledger.clock())
        lost: Unavailable | None = None
        while True:
            try:
                seen = await self.client.create_contact(
                    self.data_source, parent.uuid, record.fields
                )
            except Unavailable as error:
                if not error.sent:
                    await self.ledger.settle(record.key)
                    raise
                repeat = error.busy and lost is None
                lost = error
            except Exception:
                await self.ledger.settle(record.key)  # it was answered: nothing is in doubt
                raise
            else:
                self.roster.add(seen, parent)
                return seen
            if found := await self._look_again(record, WAITS[:1] if repeat else WAITS):
                return found
            if not repeat:
                raise Unresolved(_unknown(lost))

    async def _look_again(self, record: Record, waits: abc.Sequence[float]) -> Seen | None:
        for wait in (0.0, *waits):
            if wait:
                await self.sleep(wait)
            parent = await self.parents.of(record.customer or "")
            await self.roster.forget(parent)
            found = resolve(record, parent.uuid, await self._candidates(record), self.data_source)
            if isinstance(found, Problem):
                raise Unresolved(found)
            if isinstance(found, Seen):
                return found
        return None

    async def update(self, uuid: str, fields: Fields, record: Record) -> Written:
        """Write these fields. Whether ChartMogul merges attributes or replaces them is unknown: all go together."""
        if any(name.startswith(ATTRIBUTE) for name in fields):
            attributes = {n: v for n, v in record.fields.items() if n.startswith(ATTRIBUTE)}
            fields = {**attributes, **fields}
        return await self.client.update_contact(uuid, fields)

    async def complete(self, record: Record, seen: Seen) -> Written | None:
        """Nothing helps a contact attribute that ChartMogul dropped: it is not defined in the account."""
        return None

    def rival(self, record: Record, seen: Seen, remembered: str | None) -> Problem | None:
        """The row that stands for this contact already; else it is claimed for this one."""
        row, key = self._claims.setdefault(seen.uuid, (record.row, record.key))
        if key == record.key and seen.uuid != remembered:
            row = next(
                (r for r in self.rows_of_uuid(seen.uuid) if r and r != record.row), record.row
            )
        if row == record.row:
            return None
        return Problem(
            "same_record",
            f"this is the contact of row {row} as well, which is sent",
            hint="keep one of the two rows",
        )

    @asynccontextmanager
    async def turn(self, record: Record) -> abc.AsyncIterator[None]:
        """One row of a customer after the other, so that each sees what the one before it created."""
        lock = self._turns.setdefault(record.customer or "", asyncio.Lock())
        async with lock:
            yield

    def cost(self, outcome: Outcome, changes: Changes) -> int:
        """The requests that a create or an update takes."""
        return 1


def _unknown(lost: Unavailable) -> Problem:
    return Problem(
        "outcome_unknown",
        f"the create was not answered ({lost.message}), and no look-up shows the contact",
        hint="it may still take effect: runs wait ten minutes before they create it again",
    )
