"""Whole runs in this process: everything is real but for the tempo, which runs on a clock of its own."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync.cli.outside import clock_until, http_of, now
from sync.domain.results import Run
from sync.engine.context import Selection, Stop
from sync.engine.paces import Paces
from sync.engine.session import Session, Ways
from sync.mapping.loader import load
from sync.report.files import FileReporter
from sync.sandbox.running import RunningSandbox
from sync.settings import Settings
from sync.state.store import Store
from tests.support.clocks import Hurry
from tests.unit.sandbox.exchange import credentials


@dataclass(slots=True)
class Place:
    """A folder with mappings, state and reports, a warehouse, and the sandbox they feed."""

    folder: Path
    sandbox: RunningSandbox
    warehouse: str
    state: str = ""
    #: What the program is told besides.
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What the program is told."""
        return {
            "WAREHOUSE_URL": self.warehouse,
            "CHARTMOGUL_API_URL": self.sandbox.url,
            "CHARTMOGUL_API_KEY": self.sandbox.key,
            "CHARTMOGUL_DATA_SOURCE": self.sandbox.data_source,
            "SYNC_STATE_URL": self.state or f"sqlite:///{self.folder / 'state.db'}",
            "SYNC_REPORTS": str(self.folder / "reports"),
            "SYNC_TMP": str(self.folder),
            "SYNC_LOG": "text",
            **self.more,
        }

    def write(self, name: str, text: str) -> Path:
        """A mapping file."""
        file = self.folder / "mappings" / f"{name}.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    def run(self, selection: Selection | None = None, *, dry_run: bool = False) -> Run:
        """A whole run of all mappings, as fast as it can."""
        return asyncio.run(self._run(selection or Selection(), dry_run))

    async def _run(self, selection: Selection, dry_run: bool) -> Run:
        settings = Settings.load(self.environment)
        mappings = load([self.folder / "mappings"], self.environment)
        opened = Store.open_read_only if dry_run else Store.open
        async with AsyncExitStack() as stack:
            store = opened(settings.state_url)
            stack.callback(store.close)
            reporter = FileReporter(settings.reports, now)
            stack.callback(reporter.close)
            stop, hurry = Stop(), Hurry()
            session = Session(
                settings, store, stop, reporter, stack, Ways(clock_until(stop), http_of(settings))
            )
            session.paces = Paces(settings, clock=hurry.clock, sleep=hurry.sleep)
            return await session.conduct(mappings, selection, dry_run=dry_run)

    def writes(self) -> list[tuple[str, str]]:
        """The method and path of every write since the last `forget`."""
        return [(c.method, c.path) for c in self.sandbox.sandbox.calls() if c.method != "GET"]

    def forget(self) -> None:
        """Forget the requests so far."""
        with self.sandbox.sandbox.lock:
            self.sandbox.sandbox.requests.clear()

    def customers(self) -> dict[str, dict[str, Any]]:
        """What the sandbox holds, by external id; a list would show duplicates, so they fail here."""
        found: dict[str, dict[str, Any]] = {}
        cursor = None
        while True:
            query = {"data_source_uuid": self.sandbox.data_source, "per_page": "200"}
            answer = self._ask("/v1/customers", query | ({"cursor": cursor} if cursor else {}))
            for entry in answer["entries"]:
                assert entry["external_id"] not in found
                found[entry["external_id"]] = entry
            if not answer["has_more"]:
                return found
            cursor = answer["cursor"]

    def _ask(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        sandbox = self.sandbox.sandbox
        return dict(sandbox.answer("GET", path, query, credentials(self.sandbox.key)).json)
