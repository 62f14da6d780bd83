"""One mapping of an undo: nothing is read from the warehouse, what is to be done stands in a report."""

from collections import abc
from dataclasses import dataclass, field

from sync.chartmogul.client import Account
from sync.destination.registry import restoring
from sync.domain.fingerprint import Hasher
from sync.domain.put_back import Past, Undoable
from sync.domain.record import AttributeType, Fields
from sync.engine.account_guard import without_id
from sync.engine.read.query import MappingQuery
from sync.engine.task import MappingTask
from sync.engine.undo.putter import Putter
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.loader import LoadedMapping
from sync.state.mapping_state import call
from sync.state.undone import Undoing
from sync.transform.locking import locked
from sync.warehouse.warehouse import Warehouse

#: So many keys of what cannot be put back are named; the report of the run has them all.
_NAMED = 10


def nothing_to_read(loaded: LoadedMapping) -> MappingQuery:
    """A query that is never carried out: an undo asks no warehouse."""
    return MappingQuery(loaded, Warehouse.open("sqlite://"), "")


@dataclass(slots=True, eq=False)
class UndoTask(MappingTask):
    """A mapping whose changes of one run are put back; `undoables` are those of all mappings, by their names of now.

    `foreseen` holds what a dry run would have put back by now: two mappings may have changed one record.
    """

    undoables: abc.Mapping[str, Undoable] = field(kw_only=True)
    foreseen: dict[str, Fields] = field(kw_only=True)

    @property
    def undoable(self) -> Undoable:
        """What the run did in this mapping."""
        return self.undoables[self.run.mapping]

    def waits_for(self, other: MappingTask) -> bool:
        """One after the other, the last one of the run first: that is how values of a common record go back."""
        return True

    def _admit(self, account: Account) -> None:
        """The account has to be that of the run, and the mapping's data source the one that it wrote to."""
        MappingTask._admit(self, account)
        wanted, nameless = self.undoable, without_id(account, self.context.means.api_host)
        if wanted.account not in (None, account.id, nameless):
            raise _unfit(self.loaded, f"{wanted.run} wrote to another account than that of the key")
        if self.loaded.mapping.destination.uuid not in ("", wanted.data_source):
            what = f"{wanted.run} wrote to data source {wanted.data_source}, and the mapping names another one"
            raise _unfit(self.loaded, what)

    async def read(self) -> None:
        """Say what cannot be put back, before anything is sent."""
        self.run.rows.read = len(self.undoable.past)
        if self.undoable.mapping != self.run.mapping:
            what = f"{self.undoable.run} wrote with this mapping as {self.undoable.mapping}"
            self.telling.warned(f"{what}: its query is the same")
        lost = [*self._lost()]
        if types := await self._locked():
            what = "types of attributes that the run has locked stay, for the whole account"
            lost.append(f"{what}: {', '.join(types)}")
        for what in lost:
            self.telling.warned(f"cannot be put back: {what}")
        self.run.not_put_back = tuple(lost)

    def _lost(self) -> abc.Iterator[str]:
        past = self.undoable.past
        for found, what in (
            ([one for one in past if one.created], "records that the run created stay"),
            (
                [one for one in past if not one.created and not one.before_known],
                "values of which nobody saw what was there before stay",
            ),
        ):
            if found:
                yield f"{what}: {len(found):,} ({self._keys(found)})"
        for name, spec in self.about.fields.items():
            if spec.merges and any(name in one.changes for one in past):
                yield f"what ChartMogul has merged by {name} stays merged"

    def _keys(self, found: abc.Sequence[Past]) -> str:
        shown = ", ".join(self.state.stored(one.key) for one in found[:_NAMED])
        return shown + (", …" if len(found) > _NAMED else "")

    async def _locked(self) -> list[str]:
        if not self.about.locks_types:
            return []
        scope = self.state.scope
        locked = await call(self.store.locked_types, scope.account, scope.object)
        return [f"{one.key} ({one.type})" for one in locked if one.run == self.undoable.run]

    async def write(self) -> None:
        """Look at the records and put back what can be; a dry run only says so."""
        putter = self._putter()
        with self._timed(), self._blaming():
            await putter.put_back(self.undoable.past)
        if self.context.dry_run:
            self._estimate(putter.cost)

    def _putter(self) -> Putter:
        limits, context = self._absolute_limits(), self.context
        client = self.client.counting(self.run.requests, limits.max_requests)
        if (lease := context.lease_of(self.state.scope)) is not None:
            client = client.under(lease)
        types = self._types()
        undoing = Undoing(
            self.state.scope,
            self.run.mapping,
            self.undoable.mapping,
            self.undoable.run,
            Hasher(self.store.salt),
            self.loaded.digest,
        )
        return Putter(
            restoring(self.kind, client, self.run.data_source, types),
            self.state,
            undoing,
            self.telling,
            context,
            limits,
            (self.about, types),
            self.foreseen,
        )

    def _types(self) -> dict[str, AttributeType]:
        """The types of attributes; the state's word counts most, which may be lost."""
        declared = {key: spec.type for key, spec in self.loaded.mapping.attributes.items()}
        return {**declared, **locked(self.loaded), **self.state.in_use}


def _unfit(loaded: LoadedMapping, message: str) -> ConfigError:
    hint = "nothing was sent; use the key and the mapping that the run had"
    return ConfigError(ConfigProblem(message, hint, loaded.file))
