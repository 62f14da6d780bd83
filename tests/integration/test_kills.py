"""Runs of the real program, killed at any moment: nothing is created twice, and nothing is missing in the end."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import abc
from contextlib import closing
from pathlib import Path

import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support.planted_secrets import API_KEY
from tests.support.runner import Place

ROWS = 200
MAPPING = """\
version: 1
source: {query: "select id, company, seats from accounts"}
destination: {object: customer}
fields: {external_id: id, company: company}
attributes: {seats: {column: seats, type: Integer}}
tags: [warehouse]
"""


@pytest.fixture
def place(tmp_path: Path) -> abc.Iterator[Place]:
    warehouse = tmp_path / "warehouse.db"
    with closing(sqlite3.connect(warehouse)) as db, db:
        db.execute("create table accounts (id text, company text, seats integer)")
        rows = ((f"acc_{n}", f"Company {n}", n) for n in range(ROWS))
        db.executemany("insert into accounts values (?, ?, ?)", rows)
    # No limit of tempo: two processes in one second may exceed it, and a refused write looks like a second one.
    with RunningSandbox(Sandbox(key=API_KEY, rate=None)) as sandbox:
        place = Place(tmp_path, sandbox, f"sqlite:///{warehouse}")
        place.write("customers", MAPPING)
        yield place


def _start(place: Place) -> subprocess.Popen[str]:
    environment = {**os.environ, **place.environment}
    command = [sys.executable, "-m", "sync", "run", str(place.folder / "mappings"), "--json"]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _wait_for_writes(place: Place, count: int) -> None:
    until = time.monotonic() + 20
    while len(place.writes()) < count and time.monotonic() < until:
        time.sleep(0.01)


def test_twenty_kills(place):
    """After twenty SIGKILLs another run finishes the work: every customer is there, once."""
    chance = random.Random(20)
    for kill in range(20):
        process = _start(place)
        if kill % 2:
            _wait_for_writes(place, len(place.writes()) + chance.randint(1, 12))
        time.sleep(chance.uniform(0.0, 0.6))
        process.kill()
        process.communicate()
    last = _start(place)
    last.communicate(timeout=60)
    assert last.returncode == 0
    customers = place.customers()
    assert sorted(customers) == sorted(f"acc_{n}" for n in range(ROWS))
    assert {c["attributes"]["custom"]["seats"] for c in customers.values()} == set(range(ROWS))
    assert list(place.folder.glob("spool-*")) == []
    place.forget()
    again = _start(place)
    again.communicate(timeout=60)
    assert (again.returncode, place.writes()) == (0, [])


@pytest.mark.parametrize(("asked", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_interrupted_run_records_what_it_sent(place, asked, code):
    """It ends soon with the signal's code, and the next run does not send again what arrived."""
    process = _start(place)
    _wait_for_writes(place, 30)
    asked_at = time.monotonic()
    process.send_signal(asked)
    out, _ = process.communicate(timeout=20)
    assert time.monotonic() - asked_at < 10
    assert process.returncode == code
    assert '"status": "interrupted"' in out
    sent = len(place.writes())
    last = _start(place)
    last.communicate(timeout=60)
    assert last.returncode == 0
    assert len(place.customers()) == ROWS
    assert len(place.writes()) == ROWS
    assert sent < ROWS
