"""A day of a worker, by a clock of its own: exactly these messages, these metrics, this health, hour by hour."""

import asyncio
import io
import json
from collections import Counter
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sync.cli.follow import follow, leave_metrics, tell_stale
from sync.cli.status import status
from sync.service.endpoints import EndpointServer, build_app
from sync.service.watch import Watch
from tests.support.hours import Hours
from tests.support.needed import needed
from tests.support.program import MAPPING
from tests.unit.publish.test_outlets import server

#: Apprise asks an old module of Python whether it is there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

HOUR = timedelta(hours=1)
#: Labels of a series that tell it from its kin.
TOLD_BY = ("outcome", "status", "method")


class Day(Hours):
    """A worker that tells messages, heartbeat and metrics to a server and a file of this machine."""

    def __init__(self, desk, asked):
        super().__init__(desk.place, datetime(2026, 1, 31, 6, tzinfo=UTC), 3 * HOUR)
        self.desk, self.asked, self.warnings = desk, asked, []
        self.metrics_file = desk.place.folder / "sync.prom"

    async def run(self, stop, listener, names=None):
        """A run, and what follows it."""
        run = await super().run(stop, listener, names)
        settings, told = self.prepared.settings, self.warnings.append
        await asyncio.to_thread(follow, settings, run, warn=told, clock=lambda: self.now)
        leave_metrics(settings, run, told, lambda: self.now)
        self.ran = run.id
        return run

    async def hour(self, *rows):
        """The run of the next hour, with these rows: its exit code."""
        self.now += HOUR
        self.desk.rows(*rows)
        await self.worker.work()
        assert self.warnings == []
        assert self.worker.ended is not None
        return self.worker.ended.exit_code

    async def silence(self, hours):
        """No run for so long, while the process looks again and again how old the last success is."""
        self.now += timedelta(hours=hours)
        watch = Watch(
            self.board,
            lambda: self.now,
            lambda late, age: tell_stale(
                self.prepared.settings, late, age.total_seconds(), lambda: self.now
            ),
        )
        for _ in range(2):
            await watch.look()

    # What is seen of it

    def told(self):
        """What was told since the last call: `beat`, or the title, the kind and the lines of a message."""
        found = []
        for method, path, body in self.asked:
            if method == "GET":
                found.append(path.strip("/"))
                continue
            message = json.loads(body)
            lines = message["message"].splitlines()
            found.append((message["title"], message["type"], *lines))
        self.asked.clear()
        return found

    def metrics(self):
        """What the file holds, as the client library's own parser reads it; series that are 0 left out."""
        return series(self.metrics_file.read_text())

    def status(self):
        """What `status --max-age 3h` prints, and its exit code."""
        shown = io.StringIO()
        with redirect_stdout(shown):
            code = status([], "3h", clock=lambda: self.now)
        return code, shown.getvalue().splitlines()

    @contextmanager
    def endpoints(self):
        """The ports of the worker's process."""
        app = build_app(self.board, self.worker.metrics, lambda: self.now)
        with (
            EndpointServer(app, "127.0.0.1", 0) as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port.port}") as client,
        ):
            yield client

    def health(self):
        """What /healthz answers: its status, and of the mapping whether it is healthy, too old, and broken off why."""
        with self.endpoints() as client:
            alive, health = client.get("/livez"), client.get("/healthz")
            gauges = series(client.get("/metrics").text)
        assert (alive.status_code, alive.text) == (200, "alive\n")
        [one] = health.json()["mappings"]
        assert health.json()["healthy"] is one["healthy"] is (health.status_code == 200)
        assert gauges.get("healthy", 0) == one["healthy"]
        assert gauges.get("rejected_rows", 0) == (one["rejected"] or 0)
        broken = one["broken_since"] and (one["broken_since"]["at"], one["broken_since"]["reason"])
        return health.status_code, one["age_seconds"], one["too_old"], broken


def series(text):
    """Each series of ours that is not 0, without what only a clock knows."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.name.removeprefix("chartmogul_sync_").removesuffix("_total")
            more = [sample.labels[label] for label in TOLD_BY if label in sample.labels]
            if sample.value and not name.startswith(("run_seconds", "python", "process")):
                found[" ".join([name, *more])] = sample.value
    return found


@pytest.fixture
def day(desk, monkeypatch):
    """The day's place: a server that is told messages and heartbeats, and a file for metrics."""
    needed("apprise")
    with server() as (place, asked):
        desk.place.more |= {
            "SYNC_NOTIFY": f"json://{place}/hook",
            "SYNC_HEARTBEAT": f"http://{place}/beat",
            "SYNC_ENVIRONMENT": "production",
            "SYNC_METRICS_FILE": str(desk.place.folder / "sync.prom"),
        }
        monkeypatch.chdir(desk.place.folder)
        for name, value in desk.place.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("SYNC_LOG")
        desk.mapping(MAPPING)
        day = Day(desk, asked)
        day.begin()
        yield day


GOOD = [{"id": f"cus_{n}"} for n in range(1, 6)]
#: Two rows that ChartMogul has taken, spoilt.
SPOILT = [*GOOD[:3], {"id": "cus_4", "country": "Atlantis"}, {"id": "cus_5", "email": "nobody"}]


class Counted(Counter[str]):
    """What the file of metrics must hold: counters that grow, and the gauges of the last run."""

    def after(self, last, rejected=0, new=0, **more):
        """After a run that has added `more`, where the last success was at this hour, and rejected so many rows."""
        self.update({name.replace("__", " "): number for name, number in more.items()})
        gauges = {
            "last_success_timestamp_seconds": last.timestamp(),
            "rejected_rows": rejected,
            "newly_rejected_rows": new,
            "healthy": 1,
        }
        return dict(self) | {name: value for name, value in gauges.items() if value}


def message(title, kind, *lines):
    """A message as it arrives."""
    head = ("Environment: production", "Mapping: customers")
    return (f"[production] customers: {title}", kind, *head, *lines)


async def test_a_day(day, monkeypatch):
    """Good runs, a refused key, a restart, recovery, rejected rows, silence over another restart, and its end."""
    counted = Counted()

    # 07:00 and 08:00, good runs: nobody hears of them but the heartbeat
    assert await day.hour(*GOOD) == 0
    assert day.told() == ["beat"]
    made = {"rows__created": 5, "requests__GET": 3, "requests__POST": 5, "runs__succeeded": 1}
    assert day.metrics() == counted.after(day.now, **made)
    assert day.health() == (200, 0, False, None)
    assert await day.hour(*GOOD) == 0
    assert day.told() == ["beat"]
    unchanged = {"rows__unchanged": 5, "requests__GET": 2, "runs__succeeded": 1}
    assert day.metrics() == counted.after(day.now, **unchanged)
    assert day.health() == (200, 0, False, None)
    good, at = day.ran, day.now
    assert day.status() == (0, [f"customers: 2026-01-31 08:00 UTC, 0 s ago  {good}"])

    # 09:00, the key is revoked: told once, and no reason to call the mapping unhealthy
    monkeypatch.setenv("CHARTMOGUL_API_KEY", "revoked")
    assert await day.hour(*GOOD) == 3
    failed = (
        "What: The run did not come to its end:"
        " ChartMogul said no: look at the API key, the data source and the account",
        "Since: 2026-01-31 09:00 UTC; last success: 2026-01-31 08:00 UTC",
        f"Next: chartmogul-sync report {day.ran}",
        f"Run: {day.ran}",
    )
    assert day.told() == [message("failed", "failure", *failed)]
    broken = {"requests__GET": 1, "runs__failed": 1}
    assert day.metrics() == counted.after(at, **broken)
    assert day.health() == (200, 3600, False, ("2026-01-31T09:00:00Z", "chartmogul"))
    late = f"  since then failed: 2026-01-31 09:00 UTC  {day.ran}"
    assert day.status() == (0, [f"customers: 2026-01-31 08:00 UTC, 1 h ago  {good}", late])

    # 10:00, another process, the same key: what was told is told
    day.begin()
    assert await day.hour(*GOOD) == 3
    assert day.told() == []
    assert day.metrics() == counted.after(at, **broken)
    assert day.health() == (200, 7200, False, ("2026-01-31T10:00:00Z", "chartmogul"))

    # 11:00, a new key
    monkeypatch.setenv("CHARTMOGUL_API_KEY", day.place.sandbox.key)
    assert await day.hour(*GOOD) == 0
    told = (
        "Since: 2026-01-31 11:00 UTC; what was wrong was told at 2026-01-31 09:00 UTC, 2 h before"
    )
    recovered = (
        "What: The run came to its end: 5 rows, 0 rejected",
        told,
        "Next: nothing to do; chartmogul-sync status shows all mappings",
        f"Run: {day.ran}",
    )
    assert day.told() == [message("recovered", "success", *recovered), "beat"]
    assert day.metrics() == counted.after(day.now, **unchanged)
    assert day.health() == (200, 0, False, None)

    # 12:00 and 13:00, rejected rows: told while they are new; three of five arrive, which is healthy
    assert await day.hour(*SPOILT) == 1
    rejected = (
        "What: 2 of 5 rows rejected, 2 newly",
        "Since: 2026-01-31 12:00 UTC",
        "Reasons: invalid_country in country (1), invalid_email in email (1)",
        f"Next: chartmogul-sync report {day.ran}",
        f"Run: {day.ran}",
    )
    assert day.told() == [message("2 rows newly rejected", "warning", *rejected), "beat"]
    spoilt = {"rows__unchanged": 3, "rows__rejected": 2, "runs__completed_with_errors": 1}
    spoilt["requests__GET"] = 2
    assert day.metrics() == counted.after(day.now, 2, 2, **spoilt)
    assert day.health() == (200, 0, False, None)
    assert await day.hour(*SPOILT) == 1
    assert day.told() == ["beat"]
    last = counted.after(day.now, 2, 0, **spoilt)
    assert day.metrics() == last
    shown = f"2 rows rejected  {day.ran}"

    # until 16:00 nothing runs; a moment later that is too long, and is told once, over a restart, too
    await day.silence(3)
    assert (day.told(), day.health()) == ([], (200, 10_800, False, None))
    assert day.status() == (0, [f"customers: 2026-01-31 13:00 UTC, 3 h ago, {shown}"])
    await day.silence(0.1)
    stale = (
        "What: No run came to its end for more than 3 h",
        "Since: 2026-01-31 13:00 UTC",
        "Next: chartmogul-sync status",
    )
    assert day.told() == [message("no success for too long", "warning", *stale)]
    assert day.health() == (503, 11_160, True, None)
    assert day.status() == (
        1,
        [f"customers: 2026-01-31 13:00 UTC, 3 h 6 min ago, {shown}  TOO OLD"],
    )
    day.begin()
    await day.worker.look()
    await day.silence(3.5)
    assert (day.told(), day.health()) == ([], (503, 23_760, True, None))
    assert day.metrics() == last

    # 20:36, the end of it all
    assert await day.hour(*GOOD) == 0
    told = (
        "2026-01-31 20:36 UTC; what was wrong was told at 2026-01-31 12:00 UTC, 8 h 36 min before"
    )
    recovered = (recovered[0], f"Since: {told}", recovered[2], f"Run: {day.ran}")
    assert day.told() == [message("recovered", "success", *recovered), "beat"]
    assert day.metrics() == counted.after(day.now, **unchanged)
    assert day.health() == (200, 0, False, None)
    assert day.status() == (0, [f"customers: 2026-01-31 20:36 UTC, 0 s ago  {day.ran}"])
