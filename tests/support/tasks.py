"""A run by hand: mappings over a small warehouse and a sandbox, with a state, and nobody who leads them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import simplejson

from sync.domain.results import Left, MappingRun, Result, Run, Status
from sync.engine.context import Means, RunContext, Selection, Stop
from sync.engine.read.query import MappingQuery
from sync.engine.task import MappingTask
from sync.mapping.loader import LoadedMapping, load
from sync.sandbox.sandbox import DATA_SOURCE
from sync.state.store import Store
from tests.support.bench import NOW, Raw
from tests.support.contacts import Square
from tests.support.delivering import CountedLease
from tests.support.silent import Silent

CUSTOMERS: Raw = {
    "destination": {"object": "customer", "data_source": DATA_SOURCE},
    "fields": {"external_id": "id", "company": "company"},
}
CONTACTS: Raw = {
    "destination": {"object": "contact", "data_source": DATA_SOURCE},
    "fields": {"customer_external_id": "account", "external_id": "id", "email": "mail"},
}
OF_CUSTOMERS = "id, company"
OF_CONTACTS = "account, id, mail"


class Rig(Silent):
    """Everything that mappings of one run share; it keeps what they tell."""

    def __init__(
        self,
        folder: Path,
        square: Square,
        name: str = "run_1",
        *,
        dry_run: bool = False,
        **chosen: Any,
    ) -> None:
        self.folder, self.square = folder, square
        self.store = Store.open(f"sqlite:///{folder / 'state.db'}")
        self.stop = Stop()
        means = Means(4, 40.0, "api.example.com", folder)
        lease = None if dry_run else CountedLease([])
        self.context = RunContext(
            name, NOW, dry_run, Selection(**chosen), means, square.clock, self.stop, lease
        )
        self.environment: dict[str, str] = {}
        self.results: list[Result] = []
        self.warnings: list[str] = []
        self.left_keys: list[str] = []
        self.estimates: list[int] = []
        self.told: list[str] = []
        self.phases: list[tuple[str, int | None]] = []
        self.tasks: list[MappingTask] = []

    def close(self) -> None:
        """Give back files."""
        for task in self.tasks:
            task.close()
        self.store.close()

    def loaded(self, name: str, columns: str, *rows: Any, **mapping: Any) -> LoadedMapping:
        """A mapping of the table of its name, which has these columns and rows."""
        with closing(sqlite3.connect(self.folder / "warehouse.db")) as db, db:
            db.execute(f"drop table if exists {name}")
            db.execute(f"create table {name} ({columns})")
            marks = ", ".join("?" for _ in columns.split(","))
            db.executemany(f"insert into {name} values ({marks})", rows)
        source = {
            "url": f"sqlite:///{self.folder / 'warehouse.db'}",
            "query": f"select * from {name}",
        }
        file = self.folder / f"{name}.yml"
        file.write_text(simplejson.dumps({"version": 1, "source": source} | mapping))
        return load([file], self.environment, frozenset())[0]

    def task(self, name: str, columns: str, *rows: Any, **mapping: Any) -> MappingTask:
        """A mapping on its way through this run; nothing is done yet."""
        loaded = self.loaded(name, columns, *rows, **mapping)
        to = loaded.mapping.destination
        run = MappingRun(name, loaded.file, to.object, loaded.mapping.mode.value, to.data_source)
        client = self.square.client.counting(run.requests)
        query = MappingQuery.open(loaded)
        task = MappingTask(loaded, run, query, client, self.store, self, self.context)
        self.tasks.append(task)
        return task

    def customers(self, *rows: Any, name: str = "customers", **more: Any) -> MappingTask:
        """A mapping of customers with their company."""
        return self.task(name, OF_CUSTOMERS, *rows, **CUSTOMERS | more)

    def contacts(self, *rows: Any, name: str = "contacts", **more: Any) -> MappingTask:
        """A mapping of contacts with their e-mail."""
        return self.task(name, OF_CONTACTS, *rows, **CONTACTS | more)

    async def deliver(self, *tasks: MappingTask) -> None:
        """Take mappings from their first to their last step."""
        for task in tasks:
            await task.connect()
            await task.read()
        for task in tasks:
            await task.write()

    async def complete(self, task: MappingTask) -> None:
        """The whole run of a mapping: the state knows it as one that came to its end."""
        run = Run(self.context.run_id, self.context.dry_run, NOW, [task.run])
        self.store.begin_run(run)
        await self.deliver(task)
        run.finished_at, run.status, task.run.status = NOW, Status.SUCCEEDED, Status.SUCCEEDED
        self.store.finish_run(run)

    def phase(self, mapping: MappingRun, phase: Any, total: int | None) -> None:
        """Keep it."""
        self.phases.append((phase.value, total))

    def rows(self, mapping: MappingRun, results: Any) -> None:
        """Keep them."""
        self.results += results

    def warned(self, mapping: MappingRun | None, message: str) -> None:
        """Keep it."""
        self.warnings.append(message)

    def left(self, mapping: MappingRun, left: Any) -> None:
        """Keep the keys."""
        gone: list[Left] = left
        self.left_keys += [one.key for one in gone]

    def stalled(self, mapping: MappingRun, seconds: float) -> None:
        """Nothing to keep."""

    def noticed(self, mapping: MappingRun, message: str) -> None:
        """Keep what was good to know."""
        self.told.append(message)

    def estimated(self, mapping: MappingRun, estimate: Any) -> None:
        """Keep how many requests it would take."""
        self.estimates.append(estimate.requests)
