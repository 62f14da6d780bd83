"""The program as a process among others: two at once, signals at any moment, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.program import MAPPING

ENDLESS = (
    "with recursive n(i) as (select 1 union all select i + 1 from n) "
    "select 'k' || i as id, 'Q' as company, null as country, null as email, null as lead, 1 as seats from n"
)


def start(desk, *arguments, command="run"):
    """The program, still running when this returns."""
    environment = {
        **os.environ,
        **desk.place.environment,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "sync", command, *arguments],
        cwd=desk.place.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait(until, process):
    """Wait for something to happen while a process runs."""
    latest = time.monotonic() + 30
    while not until() and process.poll() is None and time.monotonic() < latest:
        time.sleep(0.02)
    assert until(), process.communicate()


def spools(desk):
    """Spool files that anybody can see."""
    return list(desk.place.folder.glob("spool*"))


def test_two_at_once(desk):
    """The second ends with 5 at once, and has written nothing; the first is not disturbed."""
    desk.rows(*({"id": f"c{n}"} for n in range(500)))  # it takes longer than the second to start
    first = start(desk, "--json")
    wait(lambda: len(desk.place.writes()) > 3, first)
    begun = time.monotonic()
    second = desk("run", "--json")
    assert first.poll() is None
    assert (second.code, second.json["status"]) == (5, "locked")
    assert "process" in second.json["mappings"][0]["error"]
    assert time.monotonic() - begun < 30
    assert desk("run", "--dry-run").code == 0  # it takes no lease
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert json.loads(out)["mappings"][0]["rows"]["created"] == 500
    statuses = [call.status for call in desk.place.sandbox.sandbox.calls("POST")]
    assert statuses.count(201) == len(desk.place.customers()) == 500  # they share a limit: 429
    assert desk("run").code == 0


def test_a_signal_while_reading(desk):
    """The query is cancelled, nothing was sent, and nothing of the rows is left on the disk."""
    desk.mapping(MAPPING.replace("select * from accounts", ENDLESS))
    process = start(desk, "--json")
    calls = desk.place.sandbox.sandbox.calls
    wait(lambda: len(calls(path="/v1/data_sources/*")) == 1, process)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 143
    summary = json.loads(out)
    assert (summary["status"], summary["exit_code"]) == ("interrupted", 143)
    rows = summary["mappings"][0]["rows"]
    assert rows["read"] == rows["unprocessed"] + rows["rejected"]
    assert desk.place.writes() == []
    assert spools(desk) == []
    desk.mapping()
    assert desk("run").code == 0


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_writing(desk, asked):
    """The counts add up: what was sent is created, the rest unprocessed, and the reports say so."""
    desk.rows(*({"id": f"c{n}"} for n in range(90)))
    process = start(desk, "--json")
    wait(lambda: len(desk.place.writes()) > 20, process)
    process.send_signal(asked)
    out, _ = process.communicate(timeout=20)
    rows = json.loads(out)["mappings"][0]["rows"]
    assert rows["created"] == len(desk.place.customers()) < 90
    assert rows["read"] == rows["created"] + rows["unprocessed"] == 90
    assert len(desk.changes()) == rows["created"]
    assert spools(desk) == []
    again = desk("run", "--json")
    assert again.rows == {"read": 90, "created": rows["unprocessed"], "unchanged": rows["created"]}


@pytest.mark.parametrize(("asked", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_auditing(desk, asked, code):
    """An audit ends at once, however much of the list there is still to come: nothing is lost with a question."""
    desk("run")
    desk.place.forget()
    sandbox = desk.place.sandbox.sandbox
    sandbox.fail(method="GET", path="/v1/customers", delay=60)
    process = start(desk, "--json", command="audit")
    wait(lambda: sandbox.calls("GET", "/v1/customers"), process)
    process.send_signal(asked)
    process.communicate(timeout=15)
    assert process.returncode == code


def test_a_signal_while_previewing(desk):
    """It ends a query that has no first row, though the driver listens to nothing but its database."""
    counting = "select count(*) from (select i from n) having count(*) < 0"
    desk.mapping(
        MAPPING.replace("select * from accounts", ENDLESS.split("select 'k'")[0] + counting)
    )
    process = start(desk, command="preview")
    wait(lambda: busy(process), process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 143


def busy(process):
    """Whether a process has computed for two seconds, which is longer than its start takes."""
    told = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, told[11:13])) > 2 * os.sysconf("SC_CLK_TCK")


def test_a_kill_while_reading(desk):
    """A crash leaves no rows on the disk that others could find, and the next run starts afresh."""
    desk.mapping(MAPPING.replace("select * from accounts", ENDLESS))
    process = start(desk)
    calls = desk.place.sandbox.sandbox.calls
    wait(lambda: len(calls(path="/v1/data_sources/*")) == 1, process)
    time.sleep(0.5)
    process.kill()
    process.communicate()
    desk.mapping()
    assert desk("run").code == 0
    assert spools(desk) == []
