"""The program's HTTP servers: who may ask them, and how much may be said; both of them real processes."""

import os
import re
import subprocess
import sys
from collections import abc
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest


@contextmanager
def serving(desk, *arguments: str) -> abc.Iterator[str]:
    """A command that serves, and where."""
    told = {**os.environ, **desk.place.environment, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-m", "sync", *arguments, "--port", "0"],
        cwd=desk.place.folder,
        env=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        found = None
        while found is None:
            line = process.stdout.readline()
            assert line, "it ended"
            found = re.search(r"127\.0\.0\.1:(\d+)|listening .*port=(\d+)", line)
        try:
            yield f"http://127.0.0.1:{found[1] or found[2]}"
        finally:
            process.terminate()
            process.stdout.read()


SCHEDULE = ("schedule", "--every", "1h", "--host", "127.0.0.1", "--no-run-at-start")
SERVERS = [
    (("sandbox",), ["/", "/v1/ping", "/sandbox/state"]),
    (SCHEDULE, ["/healthz", "/metrics"]),
]


@pytest.mark.parametrize(("command", "paths"), SERVERS)
def test_foreign_names_are_refused(desk, command, paths):
    """A name of the internet that points here, and a page of another site; a name can be allowed."""
    with serving(desk, *command, "--allow-host", "worker.example.com") as root:
        for path in paths:
            for headers in ({"host": "evil.example"}, {"host": "127.0.0.1.evil.example"}, {"origin": "null"},
                            {"origin": "http://evil.example"}):  # fmt: skip
                answer = httpx.get(root + path, headers=headers)
                assert (answer.status_code, path) == (403, path)
                assert "name" in answer.text or "page" in answer.text
            for host in (
                "localhost",
                "sandbox:8765",
                "worker.example.com",
                "10.1.2.3:80",
                "x.svc",
                "h.internal",
            ):
                refused = httpx.get(root + path, headers={"host": host}).status_code == 403
                assert refused is (host == "x.svc" and command == ("sandbox",))


def test_a_foreign_page_resets_nothing(desk):
    """Nor does a body that is none, or too long, in any way."""
    with serving(desk, "sandbox") as root:
        users = {"users": ["me@example.com"]}
        httpx.post(f"{root}/sandbox/users", json=users)
        assert (
            httpx.post(
                f"{root}/sandbox/reset", headers={"origin": "http://evil.example"}
            ).status_code
            == 403
        )
        for path in ("faults", "users", "definitions", "statuses", "settings"):
            for body in (
                b"[",
                b"[[]]",
                b"5",
                b'"x"',
                b"\xff",
                b'{"users": {}, "rate": [], "uuid": []}',
                b"[" * 99_999,
            ):
                answer = httpx.post(f"{root}/sandbox/{path}", content=body)
                assert (answer.status_code, path) == (400, path)
                assert answer.json()["message"].endswith(".")
            assert httpx.post(f"{root}/sandbox/{path}", content=b" " * (9 << 20)).status_code == 413
        assert "me@example.com" in httpx.get(f"{root}/sandbox/state").json()["users"]


def test_the_worker_takes_no_body(desk):
    """What is sent to it is not kept."""
    with serving(desk, *SCHEDULE) as root:
        for _ in range(3):
            try:
                status = httpx.post(f"{root}/healthz", content=b" " * (50 << 20)).status_code
            except httpx.TransportError:  # it hangs up while we still talk
                status = 405
            assert status in (405, 413)
        assert httpx.get(f"{root}/healthz").status_code in (200, 503)


def test_no_series_that_nobody_asked_for(desk):
    """Only what is named: no time of creation beside each of them."""
    with serving(desk, *SCHEDULE) as root:
        found = httpx.get(f"{root}/metrics").text
    assert "chartmogul_sync_runs_total" in found
    assert "_created" not in found.replace('"created"', "")
