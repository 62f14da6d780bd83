"""A contact's create: noted first, sent once, and looked for wherever no answer tells what became of it."""

from collections import abc
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from sync.chartmogul.client import Client
from sync.destination.contacts.in_doubt import CreatePermit, InDoubtCreates, of_nobody, unanswered
from sync.destination.contacts.index import ContactIndex
from sync.destination.interface import Unresolved
from sync.domain.clock import Clock
from sync.domain.parent import Parent
from sync.domain.plan import Absent, Met, Seen
from sync.domain.record import Problem, Record
from sync.errors import Denied, NotFound, RailError, Refused, Unavailable

#: Seconds between looks for a contact whose create was not answered.
WAITS = (2.0, 5.0, 15.0)
#: 429 and 503 are documented as not carried out (dev.chartmogul.com/docs/response-codes): shorter looks will do, and
#: then it is asked for again, so often in all.
WAITS_IF_DECLINED = WAITS[:2]
ATTEMPTS = {503: 2, 429: 5}


class Candidates(Protocol):
    """All contacts that a record may be."""

    async def resolve(self, record: Record, parent: Parent) -> Seen | Absent:
        """The contact that a record is; raises Unresolved."""
        ...


@dataclass(frozen=True, slots=True)
class Creation:
    """Creates contacts of one data source. ChartMogul takes the same one twice, so nothing is repeated blindly."""

    client: Client
    data_source: str
    contacts: Candidates
    index: ContactIndex
    in_doubt: InDoubtCreates
    clock: Clock

    async def send(self, record: Record, parent: Parent) -> Seen:
        """Send the create, and look for the contact where nobody can tell what became of it.

        Raises:
            Unresolved: outcome_unknown.
            Refused, Denied, RailError, Unavailable: it surely was not carried out.
        """
        tried = 0
        for attempt in count(1):
            permit = CreatePermit.taken(self.clock)
            try:
                seen = await self._post(record, parent, permit)
                if seen.customer_uuid:
                    return seen
                return await self._confirmed(record, parent, of_nobody(seen.uuid, permit.at))
            except (Refused, Unavailable) as error:
                tried = error.answered.after(tried)
                if isinstance(error, Refused):
                    raise
                if not (error.sent or error.declined):
                    await self.in_doubt.resolve(record.key)
                    raise
                lost = error
            waits = (lost.retry_after, *(WAITS_IF_DECLINED if lost.declined else WAITS))
            problem = unanswered(lost, permit.at)
            if found := await self._look_for(record, parent, waits, problem):
                return found
            if not lost.declined:
                await self.in_doubt.mark_lost(record.key)
                raise Unresolved(problem)
            if attempt >= ATTEMPTS[lost.answered.status or 0]:
                break
        await self.in_doubt.resolve(record.key)
        raise lost

    async def _confirmed(self, record: Record, parent: Parent, problem: Problem) -> Seen:
        """The contact whose create shows no customer, as its customer's list shows it.

        A merge of contacts shows none either, and keeps it all the same (recorded 2023).
        """
        if found := await self._look_for(record, parent, (0.0, *WAITS_IF_DECLINED), problem):
            return found
        await self.in_doubt.mark_lost(record.key)
        raise Unresolved(problem)

    async def _post(self, record: Record, parent: Parent, permit: CreatePermit) -> Seen:
        """One attempt. What ChartMogul answers, or what is never sent, is in no doubt; everything else leaves one."""
        client = self.client.under(permit)
        await self.in_doubt.mark_sent(record.key)
        try:
            return await client.create_contact(self.data_source, parent.uuid, record.fields)
        except (Refused, Denied, RailError) as error:
            if not (isinstance(error, Denied) and error.answered.garbled):
                await self.in_doubt.resolve(record.key)
            raise

    async def _look_for(
        self, record: Record, parent: Parent, waits: abc.Iterable[float], problem: Problem
    ) -> Seen | None:
        """The contact whose create was not answered, if it is there; where nobody can look, it is a `problem`."""
        try:
            for wait in waits:
                if wait:
                    await self.clock.sleep(wait)
                await self.index.renew(parent)
                found = await self.contacts.resolve(record, parent)
                if isinstance(found, Seen):
                    return Met.by_look(found)
        except Unavailable as error:
            await self.in_doubt.mark_lost(record.key)
            raise Unresolved(problem) from error
        return None


def concerns_customer(error: Refused) -> bool:
    """Whether it is the customer that ChartMogul does not take; how it says so was never recorded."""
    return isinstance(error, NotFound) or any(
        refusal.param == "customer_uuid" for refusal in error.answered.refusals
    )
