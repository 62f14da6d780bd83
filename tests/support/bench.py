"""A mapping on a workbench: the real loader, fitting and state, with rows handed in."""

from collections import abc
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import simplejson

from sync.domain.events import MappingReporter
from sync.domain.fingerprint import Hasher
from sync.domain.record import Object, Record, Rejected
from sync.domain.results import Delivered, MappingRun
from sync.engine.context import Selection
from sync.engine.read.decision import Marks, StateDecision
from sync.engine.read.reader import Reader
from sync.engine.spool import Entry, Spool
from sync.errors import ConfigError
from sync.mapping.loader import LoadedMapping, load
from sync.state.mapping_own import MappingOwn
from sync.state.memory import Item, Scope
from sync.state.store import Store
from sync.transform.bind import bind
from sync.transform.build import RecordBuilder
from sync.warehouse.column import Column
from tests.support.silent import Silent

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
EDITION = b"edition"
Raw = dict[str, Any]
CUSTOMER: Raw = {
    "version": 1,
    "source": {"query": "select 1"},
    "destination": {"object": "customer", "data_source": "ds_1"},
    "fields": {"external_id": "id"},
}
CONTACT: Raw = {
    "version": 1,
    "source": {"query": "select 1"},
    "destination": {"object": "contact", "data_source": "ds_1"},
    "fields": {"customer_external_id": "account", "external_id": "id", "email": "mail"},
}


def customer(fields=None, **changes):
    """A mapping of customers, with these fields besides the key."""
    return CUSTOMER | {"fields": {"external_id": "id", **(fields or {})}} | changes


def contact(fields=None, **changes):
    """A mapping of contacts, with these fields besides the keys."""
    return CONTACT | {"fields": CONTACT["fields"] | (fields or {})} | changes


def loaded(folder: Path, mapping: Raw) -> LoadedMapping:
    """The mapping as the loader reads it from a file; JSON is YAML."""
    file = folder / "mapping.yml"
    file.write_text(simplejson.dumps(mapping, use_decimal=True), encoding="utf-8")
    return load([file], {}, frozenset())[0]


def columns(*names: str | Column) -> list[Column]:
    """Columns of which the database tells nothing, but where a Column is given."""
    return [name if isinstance(name, Column) else Column(name) for name in names]


def builder(folder: Path, mapping: Raw, *names: str | Column) -> RecordBuilder:
    """A builder for rows of these columns."""
    return bind(loaded(folder, mapping), columns(*names), NOW)


def misfits(folder: Path, mapping: Raw, *names: str | Column) -> list[tuple[str, str, str]]:
    """(path, message, hint) of everything that keeps a mapping from fitting its columns."""
    try:
        builder(folder, mapping, *names)
    except ConfigError as error:
        return [(problem.path, problem.message, problem.hint) for problem in error.problems]
    return []


def record(builder: RecordBuilder, *row: object) -> Record:
    """What a builder makes of a row that is sound."""
    result = builder.build(1, row)
    assert isinstance(result, Record)
    return result


def rejected(builder: RecordBuilder, *row: object) -> Rejected:
    """What a builder makes of a row that is not."""
    result = builder.build(1, row)
    assert isinstance(result, Rejected)
    return result


def codes(result: Rejected) -> list[tuple[str | None, str]]:
    """(field, code) of every problem."""
    return [(problem.field, problem.code) for problem in result.problems]


@dataclass
class Batches:
    """A query's rows, so many at a time; `completed` counts those of which all values were read."""

    rows: tuple[Any, ...]
    size: int = 2
    completed: int = 0

    def raw(self) -> abc.Iterator[Any]:
        """The rows in batches."""
        for i in range(0, len(self.rows), self.size):
            yield self.rows[i : i + self.size]

    def complete(self, row: Any) -> Any:
        """The row as it is."""
        self.completed += 1
        return row


@dataclass
class Bench(Silent):
    """A reader over a real state and spool; it keeps what was reported."""

    folder: Path
    mapping: Raw = field(default_factory=customer)
    names: tuple[str | Column, ...] = ("id",)
    now: datetime = NOW
    reported: list[Delivered | Rejected] = field(default_factory=list)
    noted: list[Item] = field(default_factory=list)
    dry_run: bool = False
    batches: Batches | None = None

    def __post_init__(self):
        self.store = Store.open(f"sqlite:///{self.folder / 'state.db'}")
        self.scope: Scope = self.store.scope("acc", "ds_1", self.kind)
        self.hasher = Hasher(self.store.salt)
        self.spool: Spool | None = None

    @property
    def kind(self) -> Object:
        """What the rows become."""
        return Object(self.mapping["destination"]["object"])

    def close(self):
        """Let go of the files."""
        if self.spool is not None:
            self.spool.close()
        self.store.close()

    def reader(self, **selection) -> Reader:
        """A reader for another run."""
        if self.spool is not None:
            self.spool.close()
        self.spool = Spool(self.folder)
        self.reported, self.noted = [], []
        made = loaded(self.folder, self.mapping)
        run = MappingRun("m", "m.yml", self.kind, made.mapping.mode, "ds_1")
        chosen = Selection(**selection)
        return Reader(
            bind(made, columns(*self.names), self.now),
            StateDecision(made.mapping.mode, Marks(self.hasher, EDITION), self.now, chosen.full),
            self,
            self.spool,
            MappingReporter(run, self),
            chosen,
        )

    def read(self, *rows, batch: int = 2, **selection) -> Reader:
        """A reader that has read these rows, two at a time."""
        reader = self.reader(**selection)
        self.batches = Batches(rows, batch)
        reader.read(self.batches)
        return reader

    def rows(self, mapping, results):
        """Keep what is reported."""
        self.reported += results

    def recall(self, keys):
        """What the state knows."""
        return self.store.recall(self.scope, "m", keys)

    def stored(self, key):
        """A key as the state holds it."""
        return self.store.stored(key)

    @property
    def own(self):
        """Whose the values of records are."""
        return MappingOwn(self.store, self.scope, "m")

    def note(self, items):
        """Keep items in the state."""
        self.noted += items
        self.store.remember(self.scope, "m", "run", items)

    def adopt(self, former):
        """No row had another key before."""

    def name_drops(self, told):
        """Keep the fields of older drops in the state."""
        self.store.name_drops("m", told)

    def waiting(self) -> list[int]:
        """The rows that wait in the spool, in their order."""
        return [entry.record.row for entry in self.entries()]

    def entries(self) -> list[Entry]:
        """What waits in the spool."""
        assert self.spool is not None
        return [entry for batch in self.spool.entries() for entry in batch]

    def outcomes(self) -> list[tuple[int, str]]:
        """(row, outcome or code of the first problem) of everything that was reported."""
        return [
            (r.row, r.problems[0].code if isinstance(r, Rejected) else r.outcome.value)
            for r in self.reported
        ]

    def later(self, **span) -> None:
        """Let time pass."""
        self.now += timedelta(**span)
