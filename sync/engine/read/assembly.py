"""Puts the reader of one mapping together, once the columns of its query are known."""

from dataclasses import dataclass
from typing import Protocol

from sync.domain import objects
from sync.domain.background import Backgrounds, Past
from sync.domain.events import MappingReporter
from sync.domain.fingerprint import RULES, Hasher
from sync.domain.policy import Mode
from sync.domain.row_hash import KnownRows, RowHasher
from sync.engine.context import RunContext
from sync.engine.plan_file import MappingPlan
from sync.engine.read.changes import ChangeDetector
from sync.engine.read.decision import LostParents, Marks, StateDecision, UndoneMarks
from sync.engine.read.planned import PlannedMemories
from sync.engine.read.query import MappingQuery
from sync.engine.read.reader import Reader
from sync.engine.read.retrials import Retrials
from sync.engine.read.witnessed import Witness, WitnessedBuilder
from sync.engine.spool import Spool
from sync.mapping.loader import LoadedMapping
from sync.state.mapping_state import MappingState
from sync.state.memory import KnownDrops, Scope
from sync.transform.bind import bind
from sync.transform.contract import TypesOf
from sync.transform.ignored import idle
from sync.transform.versions import versions
from sync.warehouse.column import Column


class Described(Protocol):
    """A query of which the columns are known; `manner` says what its values depend on besides themselves."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its columns."""
        ...

    @property
    def manner(self) -> str:
        """What its values depend on besides themselves."""
        ...


@dataclass(frozen=True, slots=True)
class ReaderAssembly:
    """What a mapping's reader is made of."""

    query: MappingQuery
    state: MappingState
    reporter: MappingReporter
    context: RunContext
    spool: Spool
    drops: KnownDrops
    past: Past
    witness: Witness | None = None

    def reader(self, result: Described, types_of: TypesOf) -> Reader:
        """A reader of the query that builds every row, until it is told of `changes`."""
        loaded, context = self.query.loaded, self.context
        hasher = Hasher(self.state.store.salt)
        edition = hasher.mark(loaded.digest, b"rules %d" % RULES)
        started, full = context.started_at, context.selection.full
        run, state = self.reporter.run, self.state
        lost = LostParents(state.lost_parents(run.file, run.query), state.stored)
        backgrounds = Backgrounds(self.past, started, objects.of(loaded.mapping.destination.object))
        builder = bind(loaded, result.columns, started, context.clock.now, types_of)
        if self.witness is not None:
            builder = WitnessedBuilder.of(builder, result.columns, self.witness)
        mode, marks = loaded.mapping.mode, Marks(hasher, edition, loaded.mapping.overwrites.terms)
        resend = context.selection.retry is not None
        undone = UndoneMarks({} if full or resend else state.undone(), loaded.digest)
        return Reader(
            builder,
            StateDecision(mode, marks, started, full, lost, backgrounds, undone, resend),
            state if self.plan is None else PlannedMemories(state, self.plan),
            self.spool,
            self.reporter,
            context.selection,
            retrials=self._retrials(hasher),
        )

    @property
    def plan(self) -> MappingPlan | None:
        """The plan that is applied, if one is."""
        return self.context.selection.planned(self.reporter.run.mapping)

    def _retrials(self, hasher: Hasher) -> Retrials | None:
        """None where all are tried again (`full`), or none is: mode insert leaves what exists, a plan has its list."""
        if self.plan is not None:
            return None
        if self.context.selection.full or self.query.loaded.mapping.mode is Mode.INSERT:
            return None
        return Retrials(self.drops, hasher)

    def warn_of_idle(self, result: Described) -> None:
        """Warn of what is to be ignored and is no column's."""
        for warning in idle(self.query.loaded.mapping.ignore_columns, result.columns):
            self.reporter.warned(warning)

    def changes(self, result: Described, reader: Reader) -> ChangeDetector:
        """What knows rows again, where the state may be trusted for them."""
        selection, hasher = self.context.selection, self._row_hasher(result, reader)
        if selection.full or not selection.whole or self.plan is not None:
            # For few rows it would not pay, and which of them a plan lists, only their keys tell.
            return ChangeDetector(hasher, None)
        if reader.decision.lost_parents.found:  # only a row that is built tells whom it belongs to
            return ChangeDetector(hasher, self.state)
        return ChangeDetector(hasher, self.state, self.state.known_rows(self.drops))

    def changes_among(self, known: KnownRows, result: Described, reader: Reader) -> ChangeDetector:
        """What knows these rows again, and no others."""
        return ChangeDetector(self._row_hasher(result, reader), self.state, known)

    def _row_hasher(self, result: Described, reader: Reader) -> RowHasher:
        state, types = self.state, reader.builder.contract.edition()
        return row_hasher(self.query.loaded, result, state.scope, state.store.salt, types)


def row_hasher(
    loaded: LoadedMapping, result: Described, scope: Scope, salt: bytes, types: str = ""
) -> RowHasher:
    """Makes the hashes of a mapping's rows: all that decides what they become is part of them.

    `types` are those that attributes have elsewhere, if any decides what a value becomes.
    """
    told = [repr(result.columns), result.manner, repr(scope), versions(loaded.mapping)]
    told += [types] if types else []
    return RowHasher(salt, loaded.digest, *(part.encode() for part in told))
