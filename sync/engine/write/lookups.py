"""Hands out the records that wait, each with what the cheaper way of looking up has shown of it."""

from collections import abc
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from sync.destination.interface import Destination, KeyListing
from sync.domain.events import MappingReporter
from sync.domain.fingerprint import Hasher
from sync.domain.lookup import PAGE, Listing, Way, choose
from sync.domain.plan import Absent, Remembered, Seen
from sync.domain.tags import TAGS, marks, texts
from sync.engine.ahead import PagesAhead
from sync.engine.seen_records import SeenRecords
from sync.engine.spool import Entry, Spool
from sync.engine.write.delivery import Job
from sync.state.memory import Memory


class Memories(Protocol):
    """What the state remembers of records, as the look-ups ask for it."""

    async def recalled(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        """What is known of these keys; unknown ones are missing in the answer."""
        ...

    async def recalled_of(self, uuids: abc.Mapping[str, str]) -> abc.Mapping[str, Memory]:
        """What is known of the records with these uuids, by the keys that they are to have."""
        ...

    async def announce(self, sent: abc.Mapping[int, bytes]) -> None:
        """Note that these records are about to be written."""
        ...


@dataclass(frozen=True, slots=True)
class Pending:
    """The records that wait in the spool, and what the state remembers of them.

    `trust_state`: `live_check: never`, what changed is sent without a look. `remembered`: the records of this kind in
    the data source that the state knows. `look_first`: all look-ups come before the first write. `full`: what is known
    to be dropped is sent again.
    """

    spool: Spool
    state: Memories
    reporter: MappingReporter
    remembered: int
    trust_state: bool
    look_first: bool
    full: bool = False
    #: Makes the marks of tags; None where no row brings any.
    hasher: Hasher | None = None

    def to_look_up(self) -> int:
        """How many records need a look-up."""
        waiting, remembered = self.spool.count()
        return waiting - (remembered - self.spool.unsure() if self.trust_state else 0)

    def one_by_one(self) -> int:
        """The look-ups that it takes to look contacts up customer by customer, and known ones by their uuid."""
        known = self.spool.unsure() if self.trust_state else 0
        return self.spool.groups(with_uuid=not self.trust_state) + known

    def waiting(self) -> int:
        """How many records wait."""
        return self.spool.count()[0]

    def unknown(self) -> int:
        """How many records wait whose uuid nobody remembers."""
        waiting, remembered = self.spool.count()
        return waiting - remembered

    def parents(self) -> int:
        """How many customers the waiting contacts belong to."""
        return self.spool.groups(with_uuid=False)

    def parents_of_one(self) -> abc.Set[str]:
        """The customers of whom a single contact waits that is not remembered: one request by its id may do."""
        return self.spool.parents_of_one()

    async def recall(self, entries: list[Entry], *, about_to_write: bool) -> list[Job]:
        """Jobs with what the state remembers of them; until now, where they are about to be written."""
        if not entries:
            return []
        memories = await self._memories(entries)
        jobs = [Job(entry, memories.get(entry.record.key), full=self.full) for entry in entries]
        if about_to_write or not self.look_first:
            met = ((job.memory, job.entry.fingerprint) for job in jobs)
            await self.state.announce(
                {one.record: print_ for one, print_ in met if one and one.outcome}
            )
        return jobs

    async def _memories(self, entries: abc.Sequence[Entry]) -> abc.Mapping[str, Memory]:
        """What the state knows of records by their keys, or, before it has their new ones, by those they had."""
        former = {entry.record.key: entry for entry in entries if entry.record.was}
        keys = [entry.record.key for entry in entries]
        before = [entry.record.was or "" for entry in former.values()]
        found = dict(await self.state.recalled([*keys, *before]))
        for key, entry in former.items():
            known, memory = found.get(key), found.get(entry.record.was or "")
            if memory is None or (known is not None and known.uuid is not None):
                continue
            if memory.uuid and entry.uuid:
                its_id = memory.external_id or entry.record.was
                found[key] = replace(memory, key=key, external_id=its_id)
            elif not memory.uuid and _is_kept(memory) and not (known and _is_kept(known)):
                found[key] = replace(memory, key=key)
        # Whoever has had more than one key before is known by neither of the two until the state has the newest one.
        unmet = {k: e.uuid for k, e in former.items() if e.uuid and not _is_known(found.get(k))}
        more = await self.state.recalled_of(unmet) if unmet else {}
        return {key: one for key in keys if (one := more.get(key) or found.get(key)) is not None}

    def trusted(self, job: Job) -> Job:
        """The job as the state knows it, where that is enough."""
        memory = job.memory
        if not self.trust_state or memory is None or memory.uuid is None:
            return job
        if memory.unsure or job.entry.unsure or self._may_lose_tags(job):
            return job
        return job.knowing(Remembered(memory.uuid, memory.hash_set))

    def _may_lose_tags(self, job: Job) -> bool:
        """Whether a tag would go: only a look tells how it is spelt, and that nobody else means it."""
        if self.hasher is None or TAGS not in job.record.fields:
            return False
        row = marks(self.hasher, texts(job.record.fields[TAGS]))
        return bool(job.own.tags.removable - row)

    def warn_of_lost_state(self, entries: int, pages: int | None) -> None:
        """Say loudly that ChartMogul is filled though the state is empty."""
        if self.remembered or not entries:
            return
        size = f"up to {pages * PAGE:,}" if pages and pages > 1 else f"{entries:,} or more"
        self.reporter.warned(
            f"the state knows nothing of this data source, but ChartMogul has {size} records in it."
            " If this is not the first run, the state's volume was lost. The records are looked up"
            " and adopted; nothing is created twice"
        )


def _is_known(memory: Memory | None) -> bool:
    return memory is not None and memory.uuid is not None


def _is_kept(memory: Memory) -> bool:
    """Whether a record without a uuid is known to be deleted, or was asked for without an answer."""
    return memory.deleted or bool(memory.noted.asked)


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Lookups:
    """Plans how the records that wait are looked up; what is still unknown of one is looked up when it is delivered.

    Where a destination's records are told by their keys alone, what a page of a listing shows is delivered while the
    next page is under way, and no further one. Else the destination surveys all candidates before the first job.
    """

    pending: Pending
    destination: Destination
    #: What pages have shown of records by one of two keys, see `keep`.
    shown: SeenRecords

    async def jobs(self, over: abc.Callable[[], bool] = _never) -> abc.AsyncGenerator[Job]:
        """All records that wait, each once. Once it is `over`, no further page is asked for."""
        complete, wanted = False, self.pending.to_look_up()
        listing = self.destination.listing
        if listing is None:
            await self.destination.survey(self.pending)
        elif choose(wanted, self.pending.remembered) is Way.LISTING:
            async with aclosing(self._listed(listing, Listing(wanted), over)) as pages:
                async for jobs, last in pages:
                    complete = last
                    for job in jobs:
                        yield job
        for entries in self.pending.spool.entries():
            for job in await self.recall(entries):
                yield self._unlisted(job, complete)
        self.shown.close()

    async def _listed(
        self, listing: KeyListing, budget: Listing, over: abc.Callable[[], bool]
    ) -> abc.AsyncGenerator[tuple[list[Job], bool]]:
        """The jobs that each page settles, and whether it was the last page.

        The next page is on its way while those of one are worked on: who waits for answers decides meanwhile.
        """
        pending, goes_on = self.pending, True
        async with PagesAhead(listing.pages()) as pages:
            await pages.send_for()
            while goes_on:
                page = await pages.take()
                if not budget.pages:
                    pending.warn_of_lost_state(len(page.entries), page.total_pages)
                shown = {key: seen for seen in page.entries for key in listing.keys(seen)}
                entries = pending.spool.take(list(shown))
                self.keep(shown)
                budget.turn(len(entries), page.total_pages)
                goes_on = not page.last and budget.goes_on() and not over()
                if goes_on:
                    await pages.send_for()
                jobs = await self.recall(entries)
                yield [known_by(job, shown) for job in jobs], page.last

    def _unlisted(self, job: Job, complete: bool) -> Job:
        """What is known of a key that no page showed: absent only if it is new and the listing was complete.

        A customer can move while pages are read and be missed, so a remembered one is looked up by its uuid, and
        a create that meets an existing external id becomes an update.
        """
        if job.uuid is None and complete:
            return job.knowing(Absent()) if job.record.was is None else self.by_either(job)
        return self.pending.trusted(job)

    def keep(self, shown: abc.Mapping[str, Seen]) -> None:
        """Keep what a page shows of records of whose two keys only all pages tell which one ChartMogul has."""
        for key in self.pending.spool.of_two(list(shown)):
            self.shown.put(key, shown[key])

    def by_either(self, job: Job) -> Job:
        """A row with two keys, once all pages were read: known where one of them was shown.

        Where none was it is looked for by both: a customer that moved while pages were read would be made again under
        its new key. Where both were, who looks tells it. Other rows stay as they are.
        """
        record = job.record
        if job.uuid is not None or record.was is None:
            return job
        found = self.shown.get(record.key), self.shown.get(record.was)
        uuids = {one.uuid for one in found if one is not None}
        return job.knowing(found[0] or found[1]) if len(uuids) == 1 else job

    async def recall(self, entries: list[Entry], *, about_to_write: bool = False) -> list[Job]:
        """Jobs with what the state remembers of them, and of what they depend on."""
        await self.destination.prefetch([entry.record for entry in entries])
        return await self.pending.recall(entries, about_to_write=about_to_write)

    def looked_up(self, job: Job) -> Job:
        """The job of a second pass with what the first one has found.

        Where records are not told by their keys, one that is not known by its uuid is told anew: an earlier row of the
        second pass may be the same contact, or have given it another external id.
        """
        if self.destination.listing is None and not job.uuid:
            return job
        if job.entry.looked_up:
            return job.knowing(job.entry.seen or Absent(job.entry.deleted))
        return self.pending.trusted(job)


def known_by(job: Job, shown: abc.Mapping[str, Seen]) -> Job:
    """A job with what a page shows of its record, under the id that ChartMogul has for it."""
    record = job.record
    return job.knowing(shown[record.key if record.was is None else record.was])
