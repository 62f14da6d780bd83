"""The records of one kind in one data source, listed once, and the rows of all mappings that are held against them."""

from collections import abc
from dataclasses import dataclass, field

from sync.chartmogul.client import Page
from sync.destination.interface import Destination
from sync.domain import spelling
from sync.domain.audited import EXAMPLES
from sync.domain.events import Phase
from sync.domain.parent import Parent
from sync.domain.plan import Seen
from sync.engine.ahead import PagesAhead
from sync.engine.audit.side import Side


@dataclass(slots=True)
class ScopeAudit:
    """The audit of one scope.

    `whole`: all records are in some row, so that others are too many. `has_children`: contacts are audited as well, so
    that `parents` are kept for them; of contacts they are those that were `given`, None where nobody has listed them.
    """

    sides: abc.Sequence[Side]
    whole: bool
    has_children: bool
    given: abc.Mapping[str, Parent] | None = None
    parents: dict[str, Parent] = field(default_factory=dict, init=False)
    #: The uuids of records whose keys no row has, as far as pages have shown them.
    _candidates: dict[str, None] = field(default_factory=dict, init=False)
    _twins: "Twins" = field(default_factory=lambda: Twins(), init=False)

    async def carry_out(self) -> None:
        """List the records, compare all rows with them, and say what is too many."""
        for side in self.sides:
            await side.deliver.destination.inventory.know_parents(self.given)
            side.reporter.phase(Phase.LOOK_UP, None)
        async with PagesAhead(self._first.inventory.pages(with_pins=True)) as pages:
            await self._turn_all(pages)
        for side in self.sides:
            await side.finish(listed_by_key=self._first.listing is not None)
        self._conclude()

    async def _turn_all(self, pages: PagesAhead) -> None:
        """Work on each page while the next one is under way."""
        last = False
        await pages.send_for()
        while not last:
            page = await pages.take()
            last = page.last
            if not last:
                await pages.send_for()
            await self._turn(page)

    @property
    def _first(self) -> Destination:
        return self.sides[0].deliver.destination

    async def _turn(self, page: Page) -> None:
        listing = self._first.listing
        for side in self.sides:
            side.deliver.destination.inventory.take_in(page)
            if listing is not None:
                await side.meet({key: one for one in page.entries for key in listing.keys(one)})
        named = [(seen, self._first.inventory.names(seen)) for seen in page.entries]
        keys = [key for _, names in named for key in names]
        known = set[str]().union(*(side.known(keys) for side in self.sides))
        for seen, names in named:
            if names:
                self._note(seen, names, is_known=not known.isdisjoint(names))

    def _note(self, seen: Seen, names: abc.Sequence[str], *, is_known: bool) -> None:
        """Keep what a record says of the scope as a whole."""
        if self.has_children:
            self.parents.update(dict.fromkeys(names, Parent.shown(seen)))
        if self._first.listing is None:
            self._twins.add(seen)
        if not is_known:
            self._candidates[seen.uuid] = None

    def _conclude(self) -> None:
        if self.has_children:  # who belongs to a customer names it by the key that it has by now
            for side in self.sides:
                self.parents.update({key: Parent.shown(seen) for key, seen in side.renamed.items()})
        met = {uuid for side in self.sides for uuid in side.met}
        extra = [uuid for uuid in self._candidates if uuid not in met]
        for side in self.sides:
            side.audited.duplicates = self._twins.count
            side.audited.duplicate_examples = tuple(self._twins.examples)
            if self.whole:
                side.audited.extra = len(extra)
                side.audited.extra_examples = tuple(extra[:EXAMPLES])


@dataclass(slots=True)
class Twins:
    """Contacts that have the e-mail or the external id of another one of their customer."""

    count: int = 0
    examples: list[str] = field(default_factory=list)
    _known: set[tuple[str, str, str]] = field(default_factory=set)
    _uuids: set[str] = field(default_factory=set)

    def add(self, seen: Seen) -> None:
        """One more contact; a listing may show one twice."""
        if seen.uuid in self._uuids:
            return
        self._uuids.add(seen.uuid)
        told = set(_told(seen))
        if told & self._known:
            self.count += 1
            if len(self.examples) < EXAMPLES:
                self.examples.append(seen.uuid)
        self._known |= told


def _told(seen: Seen) -> abc.Iterator[tuple[str, str, str]]:
    """What tells a contact within its customer."""
    external_id, email = seen.fields.get("external_id"), seen.fields.get("email")
    if isinstance(external_id, str):
        yield seen.customer_uuid or "", "external_id", external_id
    if isinstance(email, str):
        yield seen.customer_uuid or "", "email", spelling.email(email)
