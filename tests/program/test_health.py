"""Health that means something: what /healthz, /livez, /metrics and `status` say of a mapping."""

import json
import sqlite3
import time
from contextlib import closing

import httpx
import pytest

from tests.program.test_scheduled import MAPPING, QUERY, folder, sandbox, scheduled
from tests.support.program import MAPPING as FULL

__all__ = ["folder", "sandbox"]

PLAIN = FULL[: FULL.index("attributes:")] + "extra_columns: ignore\n"


def until(check, seconds=30):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def bad(desk, good, rejected):
    """So many rows that arrive, and so many that are rejected."""
    rows = [{"id": f"cus_{n}"} for n in range(good)]
    desk.rows(*rows, *({"id": f"bad_{n}", "country": "Nowhere"} for n in range(rejected)))


@pytest.mark.parametrize(
    ("good", "rejected", "more", "options", "code"),
    [
        (0, 1, "", (), 1),
        (9, 10, "", (), 0),
        (10, 11, "", (), 1),
        (10, 11, "tolerate_rejected: 11", (), 0),
        (10, 11, "", ("--max-rejected", "60%"), 0),
        (9, 1, "", ("--max-rejected", "0"), 1),
        (90, 10, "", ("--max-rejected", "5%"), 1),
    ],
)
def test_status(desk, good, rejected, more, options, code):
    """By share of at least twenty rows, all rows of any number, a number, and what the mapping tolerates."""
    desk.mapping(PLAIN + more + "\n")
    bad(desk, good, rejected)
    desk("run")
    ended = desk("status", *options)
    assert (ended.code, "TOO MANY REJECTED" in ended.out) == (code, bool(code))
    [one] = desk("status", "--json", *options).json["mappings"]
    assert (one["healthy"], one["healthy_since"] is None) == (not code, bool(code))
    assert (one["read"], one["rejected"], one["rejected_new"]) == (
        good + rejected, rejected, rejected,
    )  # fmt: skip


def test_newly_rejected_and_healthy_since(desk):
    """Rows that the last whole run rejected are not new; healthy since the first of the good runs."""
    desk.mapping(PLAIN)
    bad(desk, 5, 2)
    desk("run")
    first = desk("status", "--json").json["mappings"][0]
    bad(desk, 5, 3)
    desk("run")
    again = desk("status", "--json").json["mappings"][0]
    assert (again["rejected"], again["rejected_new"]) == (3, 1)
    assert again["healthy_since"] == first["last_success_at"]
    summary = json.loads((desk.place.folder / "reports" / "latest" / "summary.json").read_text())
    assert summary["mappings"][0]["rejected_new"] == 1


def test_a_wrong_share(desk):
    """Exit 2, with what to write."""
    ended = desk("status", "--max-rejected", "many")
    assert (ended.code, "20% or 100" in ended.err) == (2, True)


def test_a_run_that_broke_off_makes_unhealthy_by_age_only(desk):
    """It is told, and the exit code stays 0 while the last success is young enough."""
    desk.mapping(PLAIN)
    desk("run")
    assert desk("run", CHARTMOGUL_API_KEY="revoked").code == 3
    assert desk("status").code == 0
    assert desk("status", "--max-age", "1h").code == 0
    assert "since then failed" in desk("status").out
    assert desk("status", "--max-age", "0s").code == 1


def test_everything_rejected(folder, sandbox):
    """503 and the gauges say so, also when every run comes to its end; the process lives."""
    file = folder / "mappings" / "customers.yml"
    file.write_text(MAPPING % "select ' ' as id, 'x' as name")
    with scheduled(folder, sandbox, "--every", "1s", "--jitter", "0s", "--port", "0") as worker:
        base = f"http://127.0.0.1:{worker.until('listening')['port']}"
        worker.until("run_finished", status="completed_with_errors")
        worker.until("next_run")
        health, alive = httpx.get(f"{base}/healthz"), httpx.get(f"{base}/livez")
        assert (health.status_code, alive.status_code) == (503, 200)
        assert health.json()["mappings"][0]["healthy"] is False
        metrics = httpx.get(f"{base}/metrics").text
        assert 'chartmogul_sync_healthy{mapping="customers"} 0.0' in metrics
        assert 'chartmogul_sync_rejected_rows{mapping="customers"} 1.0' in metrics
        assert 'chartmogul_sync_newly_rejected_rows{mapping="customers"}' in metrics

        file.rename(folder / "mappings" / "clients.yml")
        (folder / "mappings" / "clients.yml").write_text(MAPPING % QUERY)
        until(lambda: 'healthy{mapping="clients"} 1.0' in httpx.get(f"{base}/metrics").text)
        assert '"customers"' not in httpx.get(f"{base}/metrics").text


def test_a_run_that_gets_on(folder, sandbox):
    """Its mapping never succeeded and is too old, yet it is no reason for 503; it is counted while it goes on."""
    sandbox.sandbox.fail(method="POST", delay=0.4)
    with scheduled(folder, sandbox, "--every", "1h", "--max-age", "0s", "--port", "0") as worker:
        base = f"http://127.0.0.1:{worker.until('listening')['port']}"
        worker.until("phase_started", phase="write")
        until(lambda: 'created"} ' in httpx.get(f"{base}/metrics").text)
        until(lambda: 'method="POST"} ' in httpx.get(f"{base}/metrics").text)
        health = httpx.get(f"{base}/healthz")
        assert (health.status_code, health.json()["running"]) == (200, True)
        assert health.json()["mappings"][0]["too_old"] is True
        worker.until("run_finished", status="succeeded")
        until(lambda: httpx.get(f"{base}/healthz").status_code == 503)  # at rest its age counts


def test_one_broken_file_and_the_others_run(folder, sandbox):
    """`schedule` starts, the sound mapping is delivered at every run, and /healthz names the broken one."""
    broken = MAPPING.replace("customer}", "customer, data_source: ds_other}").replace(
        "name}", "nome}"
    )
    (folder / "mappings" / "other.yml").write_text((broken % QUERY) + "tagz: [x]\n")
    sound = (MAPPING % QUERY) + "extra_columns: ignore\n"
    (folder / "mappings" / "customers.yml").write_text(sound)
    with scheduled(folder, sandbox, "--every", "1s", "--jitter", "0s", "--port", "0") as worker:
        base = f"http://127.0.0.1:{worker.until('listening')['port']}"
        worker.until("mapping_finished", mapping="customers", status="succeeded")
        assert worker.until("run_finished")["exit_code"] == 2
        worker.until("next_run")
        health = httpx.get(f"{base}/healthz").json()
        shown = {one["mapping"]: one["broken_since"] for one in health["mappings"]}
        assert shown["customers"] is None
        assert (shown["other"]["status"], shown["other"]["reason"]) == ("failed", "config")


def test_a_folder_that_is_gone(folder, sandbox):
    """Its mappings become too old, as if they failed; they are shown, and come back with it."""
    mappings = folder / "mappings"
    every = ("--every", "1s", "--jitter", "0s", "--max-age", "3s", "--port", "0")
    (mappings / "customers.yml").write_text(MAPPING % QUERY)
    with scheduled(folder, sandbox, *every) as worker:
        base = f"http://127.0.0.1:{worker.until('listening')['port']}"
        worker.until("run_finished", status="succeeded")
        mappings.rename(folder / "moved")
        until(lambda: httpx.get(f"{base}/healthz").status_code == 503)
        health = httpx.get(f"{base}/healthz").json()
        assert [one["mapping"] for one in health["mappings"]] == ["customers"]
        assert health["last_failure"]["exit_code"] == 2
        assert 'healthy{mapping="customers"} 0.0' in httpx.get(f"{base}/metrics").text
        (folder / "moved").rename(mappings)
        until(lambda: httpx.get(f"{base}/healthz").status_code == 200)


def test_a_state_that_cannot_be_used(folder, sandbox):
    """No state can hold the failure: /healthz tells it."""
    with scheduled(folder, sandbox, "--every", "1s", "--jitter", "0s", "--port", "0") as worker:
        base = f"http://127.0.0.1:{worker.until('listening')['port']}"
        worker.until("run_finished", status="succeeded")
        with closing(sqlite3.connect(folder / "state.db")) as db, db:
            db.execute("drop table sync_runs")
        worker.until("run_finished", exit_code=3)
        until(lambda: httpx.get(f"{base}/healthz").json()["last_failure"])
        failure = httpx.get(f"{base}/healthz").json()["last_failure"]
        assert (failure["exit_code"], failure["reason"]) == (3, "state")
        assert httpx.get(f"{base}/livez").status_code == 200
