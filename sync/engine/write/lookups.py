"""Scouts hand out the records that wait, each with what the cheaper way of looking up has shown of it."""

from collections import abc
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from sync.destination.contacts.in_doubt import InDoubtCreates
from sync.destination.contacts.index import ContactIndex
from sync.destination.customers import Customers
from sync.destination.parents import ParentResolver
from sync.domain.lookup import PAGE, Listing, Way, choose
from sync.domain.plan import Absent, Remembered
from sync.engine.spool import Entry, Spool
from sync.engine.write.deliver import Job
from sync.state.memory import Memory


class Lookups(Protocol):
    """Hands out jobs; what is still unknown of one is looked up when it is delivered."""

    def jobs(self) -> abc.AsyncGenerator[Job]:
        """All records that wait, each once."""
        ...

    async def remember(self, entries: list[Entry]) -> list[Job]:
        """Jobs of a second pass, about to be written, with what the state remembers of them."""
        ...

    def looked_up(self, job: Job) -> Job:
        """The job with what an earlier pass has found."""
        ...


@dataclass(slots=True)
class Pending:
    """The records that wait in the spool, and what the state remembers of them."""

    spool: Spool
    recall: abc.Callable[[abc.Sequence[str]], abc.Awaitable[abc.Mapping[str, Memory]]]
    #: `live_check: never`: the state is trusted, what changed is sent without a look.
    trust_state: bool
    #: Records of this kind in the data source that the state knows.
    remembered: int
    warn: abc.Callable[[str], None]
    #: Notes that records are about to be written.
    begin: abc.Callable[[abc.Iterable[Memory]], abc.Awaitable[None]]
    #: All look-ups come before the first write: only the second pass is about to write.
    look_first: bool

    def to_look_up(self) -> int:
        """How many records need a look-up."""
        waiting, remembered = self.spool.count()
        return waiting - (remembered if self.trust_state else 0)

    async def remember(self, entries: list[Entry], *, second: bool = False) -> list[Job]:
        """Jobs with what the state remembers of them, until now where they are about to be written."""
        if not entries:
            return []
        memories = await self.recall([entry.record.key for entry in entries])
        if second or not self.look_first:
            await self.begin(memories.values())
        return [Job(entry, memories.get(entry.record.key)) for entry in entries]

    def trusted(self, job: Job) -> Job:
        """The job as the state knows it, where that is enough.

        Of a row that was rejected, or was being written when a run broke off, only a look tells what is there.
        """
        memory = job.memory
        if not self.trust_state or memory is None or memory.uuid is None:
            return job
        if memory.code is not None or memory.broken_off:
            return job
        return replace(job, known=Remembered(memory.uuid, memory.hash_set))

    def looked_up(self, job: Job) -> Job:
        """The job with what an earlier pass has found."""
        if job.entry.looked_up:
            return replace(job, known=job.entry.seen or Absent())
        return self.trusted(job)

    def warn_of_lost_state(self, entries: int, pages: int | None) -> None:
        """Say loudly that ChartMogul is filled though the state is empty."""
        if self.remembered or not entries:
            return
        size = f"up to {pages * PAGE:,}" if pages and pages > 1 else f"{entries:,} or more"
        self.warn(
            f"the state knows nothing of this data source, but ChartMogul has {size} records in it."
            " If this is not the first run, the state's volume was lost. The records are looked up"
            " and adopted; nothing is created twice"
        )


@dataclass(slots=True)
class CustomerLookups:
    """Looks customers up by listing their data source, where that costs fewer requests than a GET for each."""

    waiting: Pending
    customers: Customers

    async def jobs(self) -> abc.AsyncGenerator[Job]:
        """All customers that wait, each once; while pages are read, what they showed is delivered already."""
        wanted, complete = self.waiting.to_look_up(), False
        if choose(wanted, self.waiting.remembered) is Way.LISTING:
            async with aclosing(self._listed(Listing(wanted))) as pages:
                async for jobs, last in pages:
                    complete = last
                    for job in jobs:
                        yield job
        for entries in self.waiting.spool.entries():
            for job in await self.waiting.remember(entries):
                yield self._unlisted(job, complete)

    async def _listed(self, listing: Listing) -> abc.AsyncGenerator[tuple[list[Job], bool]]:
        """The jobs that each page settles, and whether it was the last page."""
        async with aclosing(self.customers.pages()) as pages:
            async for page in pages:
                if not listing.pages:
                    self.waiting.warn_of_lost_state(len(page.entries), page.total_pages)
                shown = {key: seen for seen in page.entries for key in self.customers.keys(seen)}
                jobs = await self.waiting.remember(self.waiting.spool.take(list(shown)))
                listing.turn(len(jobs), page.total_pages)
                yield [replace(job, known=shown[job.record.key]) for job in jobs], page.last
                if page.last or not listing.goes_on():
                    return

    def _unlisted(self, job: Job, complete: bool) -> Job:
        """What is known of a key that no page showed: absent only if it is new and the listing was complete.

        A customer can move while pages are read and be missed, so a remembered one is looked up by its uuid, and
        a create that meets an existing external id becomes an update.
        """
        if job.uuid is None and complete:
            return replace(job, known=Absent())
        return self.waiting.trusted(job)

    async def remember(self, entries: list[Entry]) -> list[Job]:
        """See Scout."""
        return await self.waiting.remember(entries, second=True)

    def looked_up(self, job: Job) -> Job:
        """See Scout."""
        return self.waiting.looked_up(job)


@dataclass(slots=True)
class ContactLookups:
    """Lists the contacts of the data source, where that costs fewer requests than listing each customer's.

    Which contact a row is can only be told with all candidates in sight, so the listing ends before the first job.
    """

    waiting: Pending
    index: ContactIndex
    parents: ParentResolver
    in_doubt: InDoubtCreates
    #: Customers of the data source that the state knows.
    customers: int

    async def jobs(self) -> abc.AsyncGenerator[Job]:
        """All contacts that wait, each once."""
        one_by_one = self.waiting.spool.groups(with_uuid=not self.waiting.trust_state)
        if choose(one_by_one, self.waiting.remembered) is Way.LISTING:
            await self.index.list_all(lambda pages: pages < one_by_one)
            self.waiting.warn_of_lost_state(*self.index.size())
        customers = self.waiting.spool.groups(with_uuid=False)
        if choose(customers, self.customers) is Way.LISTING:
            await self.parents.list_all(customers)
        for entries in self.waiting.spool.entries():
            for job in await self._remember(entries, second=False):
                yield self.waiting.trusted(job)

    async def remember(self, entries: list[Entry]) -> list[Job]:
        """See Scout; the customers of the contacts, and creates in doubt, are recalled as well."""
        return await self._remember(entries, second=True)

    async def _remember(self, entries: list[Entry], *, second: bool) -> list[Job]:
        await self.in_doubt.prefetch([entry.record.key for entry in entries])
        await self.parents.prefetch({entry.record.customer or "" for entry in entries})
        return await self.waiting.remember(entries, second=second)

    def looked_up(self, job: Job) -> Job:
        """See Scout; a contact that is not known by its uuid is told anew, from what the first pass has listed.

        An earlier row of the second pass may be the same contact, or have given it another external id.
        """
        return self.waiting.looked_up(job) if job.uuid else job
