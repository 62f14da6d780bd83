"""The customers that contacts belong to: found by external id, remembered first, asked for once."""

import asyncio
from collections import abc
from dataclasses import dataclass, field

from sync.chartmogul.client import Client
from sync.identity import Unresolved
from sync.plan import Absent
from sync.record import Problem


@dataclass(frozen=True, slots=True)
class Parent:
    """A customer in ChartMogul: its uuid, and how many (data source, external id) pairs it stands for."""

    uuid: str
    pairs: int


#: In a dry run, a customer that the run before it would create.
TO_COME = Parent("", 1)


@dataclass(slots=True)
class Parents:
    """Finds parents; what is found is kept for the run.

    `recall` gives what the state remembers; `to_come` tells, in a dry run, which customers would be created.
    """

    client: Client
    data_source: str
    recall: abc.Callable[[abc.Sequence[str]], abc.Awaitable[abc.Mapping[str, Parent]]]
    to_come: abc.Callable[[str], bool]
    _found: dict[str, asyncio.Future[Parent | None]] = field(default_factory=dict, init=False)

    async def prefetch(self, customers: abc.Collection[str]) -> None:
        """Recall many at once, so that `of` needs no request for them."""
        unknown = [customer for customer in customers if customer not in self._found]
        for customer, parent in (await self.recall(unknown)).items():
            self._keep(customer, parent)

    async def of(self, customer: str) -> Parent:
        """The parent with this external id.

        Raises:
            Unresolved: ChartMogul has no such customer.
        """
        parent = await self._ask(customer)
        if parent is None:
            raise Unresolved(
                Problem(
                    "customer_not_found",
                    "ChartMogul has no customer with this external id in the data source",
                    "customer_external_id",
                    customer,
                    "sync customers first: see whether the customer's own row was rejected",
                )
            )
        return parent

    async def refresh(self, customer: str) -> Parent:
        """The parent as ChartMogul has it now: the one remembered may have been merged away."""
        self._found.pop(customer, None)
        self._found[customer] = asyncio.ensure_future(self._look_up(customer))
        return await self.of(customer)

    async def _ask(self, customer: str) -> Parent | None:
        if customer not in self._found:
            self._found[customer] = asyncio.ensure_future(self._look_up(customer))
        try:
            return await asyncio.shield(self._found[customer])
        except Exception:
            self._found.pop(
                customer, None
            )  # a failed look-up is no answer; the next one asks again
            raise

    async def _look_up(self, customer: str) -> Parent | None:
        if self.to_come(customer):
            return TO_COME
        found = await self.client.find_customer(self.data_source, customer)
        return None if isinstance(found, Absent) else Parent(found.uuid, len(found.pairs))

    def _keep(self, customer: str, parent: Parent) -> None:
        future: asyncio.Future[Parent | None] = asyncio.get_running_loop().create_future()
        future.set_result(parent)
        self._found[customer] = future
