"""The customers that contacts belong to: remembered by the state, then proven by ChartMogul."""

import asyncio
from collections import abc
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from sync.chartmogul.client import Client
from sync.destination.interface import Foreseen, LeftAlone, Unresolved
from sync.domain.lookup import Listing
from sync.domain.parent import Parent
from sync.domain.plan import DELETED, Absent, Seen
from sync.domain.record import Problem
from sync.errors import NotFound


class ParentMemory(Protocol):
    """What the state remembers of customers."""

    async def parents(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Parent]:
        """The customers with these external ids that have a uuid."""
        ...

    async def count_parents(self) -> int:
        """How many customers of the data source have a uuid."""
        ...

    async def learn_parent(self, key: str, was: str, now: Parent | None) -> None:
        """Let all know what a look-up showed of a customer that was remembered by another uuid; None: it is deleted."""
        ...

    def stored(self, key: str) -> str:
        """A key as the state holds it."""
        ...

    async def is_grave(self, key: str) -> bool | None:
        """Whether a mapping leaves a customer as it is, deleted in ChartMogul; None: nobody knows that it is."""
        ...


@dataclass(slots=True)
class ParentResolver:
    """Finds parents; what is found is kept for the run."""

    client: Client
    data_source: str
    state: ParentMemory
    foreseen: Foreseen
    #: Whether what belongs to a deleted customer is left with it.
    leave_deleted: bool = False
    #: Customers that this run found to be deleted.
    _deleted: set[str] = field(default_factory=set, init=False)
    _found: dict[str, Parent | None] = field(default_factory=dict, init=False)
    #: Whether `_found` holds all there are.
    _complete: bool = field(default=False, init=False)
    _asked: dict[str, asyncio.Future[Parent | None]] = field(default_factory=dict, init=False)

    async def remembered(self) -> int:
        """How many customers of the data source the state knows."""
        return await self.state.count_parents()

    async def prefetch(self, customers: abc.Collection[str]) -> None:
        """Recall many at once."""
        unknown = [customer for customer in customers if customer not in self._found]
        if unknown:
            for customer, parent in (await self.state.parents(unknown)).items():
                self._found.setdefault(customer, parent)

    async def list_all(self, wanted: int) -> None:
        """List the customers of the data source while that costs less than asking for each of `wanted`.

        Only what is shown counts: the order may change meanwhile, so that a customer may be missed.
        """
        listing = Listing(wanted)
        async with aclosing(self.client.list_customers(self.data_source)) as pages:
            async for page in pages:
                for seen in page.entries:
                    self._prove(seen)
                listing.turn(0, page.total_pages)
                if page.last or not listing.goes_on():
                    return

    def know(self, found: abc.Mapping[str, Parent]) -> None:
        """Know all customers that a complete listing has shown, by their external ids: others are absent."""
        self._found.update(found)
        self._complete = True

    def _prove(self, seen: Seen) -> None:
        parent = Parent.shown(seen)
        for source, external_id in seen.pairs:
            if source == self.data_source:
                self._found[external_id] = parent

    async def of(self, customer: str) -> Parent:
        """The parent with this external id, as ChartMogul shows it in this run.

        Raises:
            Unresolved: ChartMogul has no such customer.
            LeftAlone: it was deleted there, and is left so.
        """
        known = self._found.get(customer)
        unknown = customer not in self._found and not self._complete
        if unknown or (known is not None and not known.proven):
            known = await self._ask(customer)
        if known is None:
            if await self._is_left_alone(customer):
                raise LeftAlone(DELETED)
            raise Unresolved(_not_found(customer, self.foreseen.rejection(customer)))
        return known

    async def _is_left_alone(self, customer: str) -> bool:
        """Whether an absent customer was deleted in ChartMogul, and nobody makes it again."""
        if self.foreseen.leaves(customer):
            return True
        left = await self.state.is_grave(customer)
        if left is None and customer not in self._deleted:
            return False
        return left or self.leave_deleted or self.foreseen.leaves_deleted()

    async def refresh(self, customer: str) -> None:
        """Ask for a parent anew: ChartMogul no longer takes the one it has shown."""
        await self._ask(customer)

    async def _ask(self, customer: str) -> Parent | None:
        if customer not in self._asked:
            asked = asyncio.ensure_future(self._look_up(customer))
            asked.add_done_callback(lambda _: self._asked.pop(customer, None))
            self._asked[customer] = asked
        found = await asyncio.shield(self._asked[customer])
        self._found[customer] = found
        return found

    async def _learn(self, customer: str, known: Parent, found: Parent | None) -> None:
        """What the look-up of a customer shows that the state remembers otherwise, all mappings know from now on."""
        if found is None:
            self._deleted.add(customer)
        if found is None or (found.uuid, found.pairs) != (known.uuid, known.pairs):
            await self.state.learn_parent(customer, known.uuid, found)

    async def _look_up(self, customer: str) -> Parent | None:
        """By its uuid first where one is known: so it is found also in the moment after its creation."""
        if self.foreseen.creates(customer):
            return Parent(f"to come: {customer}", 1, proven=True, to_come=True)
        if (uuid := self.foreseen.met(customer)) is not None:
            with suppress(NotFound):
                return Parent.shown(await self.client.customer(uuid))
            return None
        known = self._found.get(customer)
        if known is None:
            return await self._by_key(customer)
        gone, its_id = False, known.external_id or customer
        try:
            seen = await self.client.customer(known.uuid)
        except NotFound:
            found, gone = await self._by_key(its_id), True
        else:
            here = self._has(seen, its_id)
            found = Parent.shown(seen) if here else await self._by_key(its_id)
        if found is not None:  # whatever else is shown of it, it keeps that id
            found = replace(found, external_id=known.external_id)
        if found is not None or gone:
            await self._learn(customer, known, found)
        return found

    def _has(self, seen: Seen, its_id: str) -> bool:
        """Whether a customer has this id, which may be as the state holds it."""
        ids = [external_id for source, external_id in seen.pairs if source == self.data_source]
        return its_id in ids or its_id in map(self.state.stored, ids)

    async def _by_key(self, customer: str) -> Parent | None:
        found = await self.client.find_customer(self.data_source, customer)
        return None if isinstance(found, Absent) else Parent.shown(found)


def _not_found(customer: str, rejection: str | None) -> Problem:
    """A customer that is missing; where its own row was rejected in this run, that is why."""
    if rejection is not None:
        return Problem(
            "customer_not_found",
            f"its customer was rejected in this run ({rejection})",
            "customer_external_id",
            customer,
            "mend the customer's row: the contact follows in the same run",
        )
    return Problem(
        "customer_not_found",
        "ChartMogul has no customer with this external id in the data source",
        "customer_external_id",
        customer,
        "sync customers first: see whether the customer's own row was rejected",
    )
