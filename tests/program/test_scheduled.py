"""`schedule` as a process of its own: it goes on after failures, and ends in good order."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import abc
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx
import pytest

from sync.cli.due_runs import DueRuns, Wanted
from sync.cli.environ import ENV_FILE
from sync.cli.outside import now
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from sync.service.freshness import read_most
from sync.state.store import Store
from tests.support.planted_secrets import API_KEY

MAPPING = """
version: 1
source: {query: "%s"}
destination: {object: customer}
fields: {external_id: id, company: name}
"""
QUERY = "select id, name from accounts"
#: Takes minutes to come to its first row.
ENDLESS = (
    "with recursive n(i) as (select 1 union all select i + 1 from n)"
    " select i as id, 'x' as name from n where i > 1000000000000"
)


@pytest.fixture
def sandbox() -> abc.Iterator[RunningSandbox]:
    with RunningSandbox(Sandbox(key=API_KEY)) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with a warehouse of 80 accounts and a mapping."""
    with closing(sqlite3.connect(tmp_path / "warehouse.db")) as db, db:
        db.execute("create table accounts (id text, name text)")
        rows = [(f"acc_{number}", f"Company {number}") for number in range(80)]
        db.executemany("insert into accounts values (?, ?)", rows)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "customers.yml").write_text(MAPPING % QUERY)
    return tmp_path


@dataclass
class Scheduled:
    """A running `schedule`; it logs JSON, since its standard error is no terminal."""

    process: "subprocess.Popen[str]"

    def until(self, event: str, **wanted: object) -> dict[str, Any]:
        """Read the log up to an event."""
        assert self.process.stderr is not None
        read = []
        for line in self.process.stderr:
            read.append(line)
            entry: dict[str, Any] = json.loads(line)
            if entry["event"] == event and wanted.items() <= entry.items():
                return entry
        pytest.fail(f"no {event} in:\n{''.join(read)}")

    def end(self, which: signal.Signals = signal.SIGTERM) -> tuple[int, float, list[str]]:
        """Its exit code, how many seconds it took to end, and what it still logged."""
        began = time.monotonic()
        self.process.send_signal(which)
        _, log = self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - began, log.splitlines()


def command(folder: Path, sandbox: RunningSandbox, *options: str) -> dict[str, Any]:
    environment = {
        **{name: value for name, value in os.environ.items() if name != "TZ"},
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "CHARTMOGUL_API_KEY": sandbox.key,
        "CHARTMOGUL_API_URL": sandbox.url,
        "CHARTMOGUL_DATA_SOURCE": sandbox.data_source,
        "WAREHOUSE_URL": "sqlite:///warehouse.db",
        "SYNC_STATE_URL": "sqlite:///state.db",
    }
    arguments = [sys.executable, "-m", "sync", "schedule", *options]
    return {"args": arguments, "cwd": folder, "env": environment, "text": True}


@contextmanager
def scheduled(folder: Path, sandbox: RunningSandbox, *options: str) -> abc.Iterator[Scheduled]:
    """Started, and gone at the end whatever happens."""
    with subprocess.Popen(**command(folder, sandbox, *options), stderr=subprocess.PIPE) as process:
        try:
            yield Scheduled(process)
        finally:
            process.kill()


def runs(folder: Path) -> list[tuple[str | None, int, int]]:
    """Status, exit code and created rows of every run in the state, the first one first."""
    store = Store.open_read_only(f"sqlite:///{folder / 'state.db'}")
    try:
        return [
            (run.status and run.status.value, run.exit_code, run.mappings[0].rows.created)
            for run in reversed(store.runs(50))
        ]
    finally:
        store.close()


def test_it_goes_on(folder: Path, sandbox: RunningSandbox):
    """A mapping that breaks is reported at each run, and runs again once it is mended."""
    file = folder / "mappings" / "customers.yml"
    with scheduled(folder, sandbox, "--every", "1s", "--jitter", "0s", "--port", "0") as worker:
        port = worker.until("listening")["port"]
        worker.until("run_finished", status="succeeded")
        writes = len(sandbox.sandbox.calls("POST"))
        worker.until("run_finished", status="succeeded")
        assert 80 == writes == len(sandbox.sandbox.calls("POST"))
        file.write_text("version: 2")
        for _ in range(2):
            failed = worker.until("run_failed")
            assert failed["exit_code"] == 2
            assert "mappings/customers.yml" in failed["error"]
        file.write_text(MAPPING % QUERY)
        worker.until("run_finished", status="succeeded")
        worker.until("next_run")
        base = f"http://127.0.0.1:{port}"
        health = httpx.get(f"{base}/healthz")
        assert (
            health.status_code,
            [shown["mapping"] for shown in health.json()["mappings"]],
        ) == (200, ["customers"])
        metrics = httpx.get(f"{base}/metrics").text
        assert 'rows_total{mapping="customers",outcome="created"} 80.0' in metrics
        assert sandbox.key not in metrics
        assert "acc_1" not in metrics


def test_ended_between_two_runs(folder: Path, sandbox: RunningSandbox):
    """Nothing was broken off, so the exit code is 0."""
    with scheduled(folder, sandbox, "--every", "1h") as worker:
        worker.until("next_run")
        code, seconds, log = worker.end()
    assert code == 0
    assert seconds < 5
    assert "schedule_ended" in log[-1]


@pytest.mark.parametrize(("which", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_ended_in_a_run(folder: Path, sandbox: RunningSandbox, which: signal.Signals, code: int):
    """What is under way is finished and recorded first; the run after it does the rest."""
    sandbox.sandbox.fail(method="POST", delay=0.3)
    with scheduled(folder, sandbox, "--every", "1h") as worker:
        worker.until("phase_started", phase="write")
        while len(sandbox.sandbox.calls("POST")) < 20:
            time.sleep(0.01)
        ended, seconds, _ = worker.end(which)
    assert code == ended
    assert seconds < 10
    made = len(sandbox.sandbox.world.customers)
    assert [("interrupted", code, made)] == runs(folder)
    assert 20 <= made < 80
    sandbox.sandbox.faults.clear()
    with scheduled(folder, sandbox, "--every", "1h") as worker:
        worker.until("run_finished", status="succeeded")
    assert ("succeeded", 0, 80 - made) == runs(folder)[-1]
    assert len(sandbox.sandbox.world.customers) == 80


def test_ended_while_nobody_answers(folder: Path, sandbox: RunningSandbox):
    """A server that hangs holds nothing up: ten seconds is what supervisors allow."""
    sandbox.sandbox.fail(method="POST", delay=60)
    with scheduled(folder, sandbox, "--every", "1h") as worker:
        worker.until("phase_started", phase="write")
        while not sandbox.sandbox.calls("POST"):
            time.sleep(0.01)
        code, seconds, _ = worker.end()
    assert code == 143
    assert seconds < 10
    assert runs(folder) == [("interrupted", 143, 0)]


def test_ended_while_it_starts(folder: Path, sandbox: RunningSandbox):
    """Whatever it was about to do: nothing that it has begun keeps it alive."""
    told = command(folder, sandbox, "--every", "1h", "--no-run-at-start", "--port", "0")
    with ExitStack() as stack:
        workers = [
            stack.enter_context(subprocess.Popen(**told, stderr=subprocess.PIPE)) for _ in range(6)
        ]
        for number, worker in enumerate(workers):
            stack.callback(worker.kill)
            if number % 2 == 0:  # about to serve
                assert worker.stderr is not None
                worker.stderr.readline()
            worker.terminate()
        for worker in workers:
            worker.communicate(timeout=10)
    assert {worker.returncode for worker in workers} <= {0, 143, -signal.SIGTERM}


def test_ended_before_the_first_row(folder: Path, sandbox: RunningSandbox):
    """A query that takes its time is cancelled."""
    (folder / "mappings" / "customers.yml").write_text(MAPPING % ENDLESS)
    with scheduled(folder, sandbox, "--every", "1h") as worker:
        worker.until("phase_started", phase="read")
        code, seconds, _ = worker.end()
    assert code == 143
    assert seconds < 5
    assert runs(folder) == [("interrupted", 143, 0)]


def test_an_environment_that_is_gone_for_a_while(folder: Path, sandbox: RunningSandbox):
    """The file of variables is being replaced: the runs meanwhile fail, and the schedule goes on."""
    file = folder / "our.env"
    file.write_text("SYNC_LOG=json\n")
    options = ("--every", "1s", "--jitter", "0s", "--env-file", str(file))
    with scheduled(folder, sandbox, *options) as worker:
        worker.until("run_finished", status="succeeded")
        file.rename(folder / "moved.env")
        worker.until("run_failed", exit_code=2)
        (folder / "moved.env").rename(file)
        worker.until("run_finished", status="succeeded")


def test_timetables_are_read_with_the_file_of_variables(folder: Path, monkeypatch):
    """That a thread reads them makes no difference: no mapping is broken for want of what the file says."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CHARTMOGUL_API_KEY", raising=False)
    told = {
        "CHARTMOGUL_API_KEY": "key",
        "CHARTMOGUL_DATA_SOURCE": "ds_1",
        "WAREHOUSE_URL": "sqlite:///w.db",
    }
    Path("our.env").write_text("".join(f"{name}={value}\n" for name, value in told.items()))
    file = next(Path("mappings").glob("*.yml"))
    file.write_text(file.read_text() + "schedule: {every: 1h}\n")

    @click.command()
    @click.pass_context
    def command(context: click.Context):
        context.meta[ENV_FILE] = Path("our.env")
        runs = DueRuns(Wanted((Path("mappings"),)), now(), True, read_most(None))
        runs.begin()
        assert asyncio.run(asyncio.to_thread(runs.timetables)).keys() == {file.stem}
        assert runs.prepared.survey.barred == []

    command([], standalone_mode=False)


def test_an_outage(folder: Path, sandbox: RunningSandbox):
    """A run that fails is counted and told, and the schedule goes on by itself."""
    sandbox.sandbox.fail(path="/v1/account", status=401, times=1)
    with scheduled(folder, sandbox, "--every", "1s", "--jitter", "0s") as worker:
        worker.until("run_finished", status="failed", exit_code=3)
        worker.until("run_finished", status="succeeded")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "give either --every or --cron"),
        (("--every", "1h", "--cron", "0 * * * *"), "give either --every or --cron"),
        (("--every", "soon"), "is no length of time"),
        (("--cron", "every day"), "is no cron expression"),
        (("--cron", "0 6 * * *", "--timezone", "Berlin"), "is no time zone"),
        (("--every", "1h", "--max-age", "x"), "is no length of time"),
        (("--every", "1h", "nowhere"), "there is no such file or folder"),
    ],
)
def test_wrong_from_the_start(
    folder: Path, sandbox: RunningSandbox, options: tuple[str, ...], message: str
):
    """Arguments and mappings that cannot work end it with 2, before anything is asked."""
    done = subprocess.run(
        **command(folder, sandbox, *options), capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert sandbox.sandbox.calls() == []


def test_cron_waits(folder: Path, sandbox: RunningSandbox):
    """Cron fields name their times: starting the worker is none of them, unless one asks."""
    with scheduled(folder, sandbox, "--cron", "0 0 1 1 *", "--timezone", "Asia/Tokyo") as worker:
        assert "-12-31T15:00:" in worker.until("next_run")["at"]
        assert sandbox.sandbox.calls() == []
    with scheduled(folder, sandbox, "--cron", "0 0 1 1 *", "--run-at-start") as worker:
        worker.until("run_finished", status="succeeded")
