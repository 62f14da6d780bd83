"""A folder with a mapping, a warehouse, a state and a sandbox, and the worker to run in it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, text

from benchmarks.measure import Cost, python
from sync.domain.record import Object
from sync.engine.read.assembly import row_hasher
from sync.engine.read.query import MappingQuery
from sync.mapping.loader import load
from sync.sandbox.running import RunningSandbox
from sync.state.memory import Scope
from sync.state.schema import records, synced
from sync.state.store import Store


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of the worker: what it cost and what it says of itself."""

    cost: Cost
    summary: dict[str, Any]

    @property
    def rows(self) -> dict[str, int]:
        """The counts of all mappings together that are not zero."""
        rows: dict[str, int] = {}
        for mapping in self.summary["mappings"]:
            for name, count in mapping["rows"].items():
                rows[name] = rows.get(name, 0) + count
        return {name: count for name, count in rows.items() if count}

    @property
    def requests(self) -> int:
        """All that were sent."""
        return sum(mapping["requests"]["total"] for mapping in self.summary["mappings"])


@dataclass(slots=True)
class Stage:
    """Where the worker is measured. The state's URL may be that of a PostgreSQL."""

    folder: Path
    sandbox: RunningSandbox
    warehouse: str
    state: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What the worker is told."""
        return {
            "WAREHOUSE_URL": self.warehouse,
            "CHARTMOGUL_API_URL": self.sandbox.url,
            "CHARTMOGUL_API_KEY": self.sandbox.key,
            "CHARTMOGUL_DATA_SOURCE": self.sandbox.data_source,
            "SYNC_STATE_URL": self.state_url,
            "SYNC_REPORTS": str(self.folder / "reports"),
            "SYNC_TMP": str(self.folder),
            "SYNC_LOG": "json",
        }

    @property
    def state_url(self) -> str:
        """An SQLite file, unless another is given."""
        return self.state or f"sqlite:///{self.folder / 'state.db'}"

    def mapping(self, content: str, name: str = "accounts") -> None:
        """Write a mapping file."""
        file = self.folder / "mappings" / f"{name}.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)

    def run(self, *options: str, **variables: str) -> Ran:
        """Run the worker as a process of its own; its log goes to a file."""
        cost = self.ask("run", "--json", *options, **variables)
        return Ran(cost, json.loads(cost.out))

    def ask(self, *arguments: str, **variables: str) -> Cost:
        """Any command of the program, as a process of its own, which has to come to its end."""
        with (self.folder / "log").open("a") as log:
            cost = python(
                "-m", "sync", *arguments,
                environment=self.environment | variables, folder=self.folder, log=log,
            )  # fmt: skip
        assert cost.code in (0, 1), cost
        return cost

    def forget(self) -> None:
        """Let the next run be a first one, of a state that is a file."""
        for file in self.folder.glob("state.db*"):
            file.unlink()

    def foresee(self) -> tuple[int, float]:
        """The requests and the seconds that a dry run of the only mapping foresees."""
        self.run("--dry-run")
        lines = (self.folder / "log").read_text().splitlines()
        told = next(line for line in reversed(lines) if '"event": "estimated"' in line)
        estimate = json.loads(told)
        return int(estimate["requests"]), float(estimate["seconds"])

    def pretend(self) -> int:
        """Fill the state as a run would leave it that knows every row; how many there are.

        One row is really delivered, so that the account, the scope and the types are there. Fingerprints are
        only as long as real ones: whoever looked into a row would find it changed.
        """
        self.run("--limit", "1")
        store = Store.open(self.state_url)
        try:
            (loaded,) = load([self.folder / "mappings"], self.environment)
            scope, rows = self._scope(store), 0
            store.database.write(_empty)
            with MappingQuery.open(loaded).execute() as result:
                hasher = row_hasher(loaded, result, scope, store.salt)
                for batch in result.raw(20_000):
                    items = list(zip(batch, hasher.hashes(batch), strict=True))
                    store.database.write(partial(_remember, scope=scope, first=rows, items=items))
                    rows += len(batch)
            return rows
        finally:
            store.close()

    def _scope(self, store: Store) -> Scope:
        query = text("select account, data_source from sync_scopes")
        account, source = store.database.read(lambda c: c.execute(query).one())
        return store.scope(account, source, Object.CUSTOMER)


def _empty(connection: Connection) -> None:
    """What was delivered need not come first again."""
    connection.execute(delete(synced))
    connection.execute(delete(records))


def _remember(
    connection: Connection, scope: Scope, first: int, items: list[tuple[Any, int]]
) -> None:
    """Row numbers become record numbers."""
    numbered = list(enumerate(items, first + 1))
    met = [
        {"id": n, "scope": scope.id, "key": str(row[0]), "uuid": f"cus_{n:0>36}", "pairs": 1}
        for n, (row, _) in numbered
    ]
    common: dict[str, object] = {
        "mapping": "accounts",
        "outcome": "created",
        "run": "20260101T000000Z-abcdef",
    }
    common |= {"fingerprint": bytes(16), "hashes": bytes(96), "dropped": b"", "gone": False}
    sent = [
        {"record": n, "imprint": imprint, "at": datetime.now(UTC), **common}
        for n, (_, imprint) in numbered
    ]
    connection.execute(insert(records), met)
    connection.execute(insert(synced), sent)
