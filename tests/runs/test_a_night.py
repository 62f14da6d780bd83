"""A night of a worker, by a clock of its own: what breaks, what everybody is told of it, and that all is delivered."""

import io
import json
import sqlite3
from contextlib import closing, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.cli.status import status
from sync.domain.record import Object
from sync.domain.results import MappingRun, Run
from sync.errors import ConfigError
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from sync.service import freshness
from sync.service.endpoints import report
from sync.state import leases
from sync.state.leases import Claim
from sync.state.process import Process
from tests.program.test_failures import source
from tests.support.hours import Hours
from tests.support.planted_secrets import API_KEY
from tests.support.program import Desk
from tests.support.runner import Place

HOUR = timedelta(hours=1)
MAPPING = """\
version: 1
source: {{url: "${{{url}}}", query: "select id, company, country from {table}"}}
destination: {{object: customer, data_source: "{source}", api_key: "${{{key}}}"}}
fields: {{external_id: id, company: company, country: country}}
extra_columns: ignore
"""


class Night(Hours):
    """The mappings of the night, and what is seen of them; every table gets a row an hour."""

    def __init__(self, place, monkeypatch):
        super().__init__(place, datetime(2026, 1, 15, 22, tzinfo=UTC), 3 * HOUR)
        self.env, self.rows = monkeypatch, 0
        desk = Desk(place)
        self.sources = {"customers": place.sandbox.data_source}
        self.sources |= {name: source(desk, name) for name in ("partners", "orders", "odd")}
        monkeypatch.chdir(place.folder)
        for name, value in (place.environment | {"KEY_B": API_KEY}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SECOND_WAREHOUSE", self.warehouse("second.db"))
        for name in self.sources:
            self.write(name)
        self.begin()

    def warehouse(self, name):
        return f"sqlite:///{self.place.folder / name}"

    def write(self, name):
        """A mapping, as it should be."""
        second = name == "orders"
        text = MAPPING.format(
            url="SECOND_WAREHOUSE" if second else "WAREHOUSE_URL",
            table=name,
            source=self.sources[name],
            key="KEY_B" if name == "partners" else "CHARTMOGUL_API_KEY",
        )
        return self.place.write(name, text)

    def fill(self, country="DE"):
        """One more row in every table; `country` is that of all odd ones."""
        self.rows += 1
        for name in self.sources:
            file = "second.db" if name == "orders" else "warehouse.db"
            rows = [(f"{name}_{n}", f"Company {n}") for n in range(self.rows)]
            with closing(sqlite3.connect(self.place.folder / file)) as db, db:
                db.execute(f"drop table if exists {name}")
                db.execute(f"create table {name} (id, company, country)")
                land = country if name == "odd" else "DE"
                db.executemany(f"insert into {name} values (?, ?, '{land}')", rows)

    # What is seen of it

    async def hour(self, country="DE"):
        """The next run, an hour later: its exit code, how each mapping ended and why."""
        self.now += HOUR
        self.fill(country)
        return await self.work()

    async def work(self):
        self.free_in = await self.worker.work()
        with closing(self.open()) as store:
            [run] = store.runs(1)
        ended = {part.mapping: str(part.status) for part in run.mappings}
        failed = {name: status for name, status in ended.items() if status != "succeeded"}
        return run.exit_code, failed, {p.mapping: p.reason for p in run.mappings if p.reason}

    def health(self):
        """What /healthz answers: whether all is well, who is not, and what broke off; /livez is well throughout."""
        assert not self.board.is_stuck()
        found: Any = report(self.board, self.now)
        ill = [one["mapping"] for one in found["mappings"] if not one["healthy"]]
        broken = [one["mapping"] for one in found["mappings"] if one["broken_since"]]
        assert found["healthy"] is not bool(ill)
        return ill, broken

    def logged(self):
        """What the log says since it was last asked, of what went wrong: the events, by mapping."""
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        self.log.seek(0)
        self.log.truncate()
        wrong = [line for line in lines if line["level"] != "info" or line.get("error")]
        return {(line.get("mapping", ""), line["event"]) for line in wrong}

    def refuse_updates(self):
        """ChartMogul refuses each update of a customer; only the odd ones have any."""
        body = '{"code": 422, "message": "Country is odd", "param": "country"}'
        self.place.sandbox.sandbox.fail(
            path="/v1/customers/*", method="PATCH", status=422, body=body, times=100
        )

    def status(self):
        """What `status --max-age 3h` ends with, and its lines of what broke off since then."""
        shown = io.StringIO()
        with redirect_stdout(shown), redirect_stderr(shown):
            try:
                code = status([], "3h", clock=lambda: self.now)
            except ConfigError as error:
                code = error.exit_code
        lines = shown.getvalue().splitlines()
        return code, sum("since then" in line for line in lines)

    def delivered(self, name):
        """How many creates of a mapping's customers ChartMogul met: each customer's, once."""
        world = self.place.sandbox.sandbox.calls("POST", "/v1/customers")
        created = [
            call.json["external_id"]
            for call in world
            if call.json["data_source_uuid"] == self.sources[name]
        ]
        return len(created)


@pytest.fixture
def night(tmp_path, monkeypatch):
    # A night takes two seconds here, and its runs share no pace: without a limit no create is refused and met twice.
    with RunningSandbox(Sandbox(key=API_KEY, rate=None)) as sandbox:
        (tmp_path / "second.db").touch()
        yield Night(Place(tmp_path, sandbox, f"sqlite:///{tmp_path / 'warehouse.db'}"), monkeypatch)


async def test_a_night(night):
    """A broken file, a revoked key, a warehouse that is down, rows that are refused or bad, a killed pod."""
    assert await night.hour() == (0, {}, {})
    assert (night.health(), night.status()) == (([], []), (0, 0))
    assert night.logged() == set()

    # 00:00, a colleague breaks a file
    file = night.write("customers")
    file.write_text(file.read_text().replace("company:", "companny:"))
    assert await night.hour() == (2, {"customers": "failed"}, {"customers": "config"})
    assert (night.health(), night.status()) == (([], ["customers"]), (2, 1))
    assert [night.delivered(name) for name in night.sources] == [1, 2, 2, 2]
    assert night.logged() == {("customers", "mapping_finished"), ("", "run_finished")}

    # 01:00, the file is mended; the key of one mapping is revoked
    night.write("customers")
    night.env.setenv("KEY_B", "revoked")
    assert await night.hour() == (3, {"partners": "failed"}, {"partners": "chartmogul"})
    assert (night.health(), night.status()) == (([], ["partners"]), (0, 1))
    assert [night.delivered(name) for name in night.sources] == [3, 2, 3, 3]
    assert night.logged() == {("partners", "mapping_finished"), ("", "run_finished")}

    # 02:00, there is a new key; the second warehouse is down
    night.env.setenv("KEY_B", API_KEY)
    night.env.setenv("SECOND_WAREHOUSE", night.warehouse("away/second.db"))
    assert await night.hour() == (3, {"orders": "failed"}, {"orders": "source"})
    assert night.health() == ([], ["orders"])
    assert night.logged() == {("orders", "mapping_finished"), ("", "run_finished")}
    night.now += 3 * HOUR  # had nothing run since, only what broke off before would be too old
    assert (night.health(), night.status()) == ((["orders"], ["orders"]), (1, 1))
    night.now -= 3 * HOUR

    # 03:00, the warehouse is back, without new rows; all of one mapping have changed, and ChartMogul refuses each
    night.env.setenv("SECOND_WAREHOUSE", night.warehouse("second.db"))
    night.refuse_updates()
    night.rows -= 1
    code, ended, _ = await night.hour(country="AT")
    assert (code, ended) == (1, {"odd": "completed_with_errors"})
    assert (night.health(), night.status()) == ((["odd"], []), (1, 0))
    assert night.logged() == {("odd", "row_rejected")}
    night.place.sandbox.sandbox.faults.clear()

    # 04:00, it takes them again; every row of that mapping is bad
    code, ended, _ = await night.hour(country="Nowhere")
    assert (code, ended) == (1, {"odd": "completed_with_errors"})
    assert (night.health(), night.status()) == ((["odd"], []), (1, 0))
    gauges = night.worker.metrics
    gauges.show(freshness.describe(one, night.now, None) for one in night.board.freshness)
    assert b'chartmogul_sync_healthy{mapping="odd"} 0.0' in gauges.expose()
    assert b'chartmogul_sync_rejected_rows{mapping="odd"} 5.0' in gauges.expose()
    # The new row has a line of its own; those that were rejected before, and are, have one together.
    assert night.logged() == {("odd", "row_rejected"), ("odd", "rows_rejected")}

    # 05:00, the rows are mended; a pod was killed in mid-run: its entry has no end, its lease is held
    dead = Process("pod-7", "another machine", 1, "0")
    night.now += HOUR
    with closing(night.open()) as store:
        scope = store.scope(
            store.account_of(night.sources["customers"]),
            night.sources["customers"],
            Object.CUSTOMER,
        )
        place, claim = leases.place_of(scope), Claim("killed", dead, 90.0)
        store.database.write(lambda c: leases.take(c, [place], claim, night.now.timestamp()))
        part = MappingRun(
            "customers", "mappings/customers.yml", Object.CUSTOMER, "upsert", scope.data_source
        )
        store.begin_run(
            Run("20260116T025950Z-dead00", False, night.now - timedelta(seconds=10), [part])
        )
    night.fill()
    code, ended, reasons = await night.work()
    assert (code, ended, reasons) == (5, {"customers": "locked"}, {"customers": "lease"})
    assert 0 < night.free_in <= 90
    assert night.health() == ([], ["customers"])
    assert night.logged() == {("customers", "mapping_finished"), ("", "run_finished")}

    # and 91 seconds later, when the lease has run out
    night.now += timedelta(seconds=night.free_in + 1)
    assert await night.work() == (0, {}, {})
    assert (night.health(), night.logged()) == (([], []), set())
    assert [night.delivered(name) for name in night.sources] == [night.rows] * 4
