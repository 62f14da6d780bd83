"""States that a released version left behind, carried on by whole runs of this one: see states/README.md."""

import gzip
import json
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter, abc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, text

from sync.sandbox.sandbox import DATA_SOURCE, Sandbox
from sync.state.history import COMPLETE
from sync.state.store import Store
from tests.support.contacts import Town, counts
from tests.support.planted_secrets import API_KEY

STATES = Path(__file__).parent / "states"
#: The first run after the upgrade: a day after the last one before it.
MOMENT = datetime(2026, 11, 26, 22, tzinfo=UTC)
REFUSAL = {"code": 422, "message": "The field email is invalid.", "param": "email"}
#: One row of each kind that ChartMogul refused before the upgrade: a new customer, a known one, a new contact.
HELD = {"POST customers": 1, "PATCH customers": 1, "POST contacts": 1}
#: The rows of which ChartMogul dropped a value before the upgrade, the owner or an attribute that nobody defined.
DROPPED = {"PATCH customers": 1, "PATCH contacts": 8}


def unpack(name: str, folder: Path) -> Path:
    """One of the files, without its compression."""
    file = folder / Path(name).name.removesuffix(".gz")
    file.write_bytes(gzip.decompress((STATES / name).read_bytes()))
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Town:
    """The warehouse, the account and the state as the released version left them."""
    account = unpack(f"{request.param}/sandbox.json.gz", tmp_path)
    sandbox = Sandbox(key=API_KEY, rate=None, parallel=None, data=account)
    (second,) = sandbox.world.sources.keys() - {DATA_SOURCE}
    more = {"SECOND_SOURCE": second}
    town = Town(tmp_path, sandbox, now=lambda: MOMENT, more=more)
    if request.param == "sqlite":
        for name in ("state.db", "state.db-wal"):
            unpack(f"sqlite/{name}.gz", tmp_path)
    else:
        town.state = request.getfixturevalue("database")
        plain = town.state.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(unpack("postgresql/state.sql.gz", tmp_path).read_bytes())
    shutil.copytree(STATES / "mappings", tmp_path / "mappings")
    with closing(sqlite3.connect(tmp_path / "warehouse.db")) as db:
        db.executescript((STATES / "warehouse.sql").read_text())
    return town


def refuse(town: Town) -> None:
    """ChartMogul goes on refusing what it refused before the upgrade."""
    for call, times in HELD.items():
        method, what = call.split()
        path, body = f"/v1/{what}*", json.dumps(REFUSAL)
        town.sandbox.fail(method=method, path=path, status=422, body=body, times=times)


def ended(town: Town, **how: bool) -> dict[str, dict[str, int]]:
    """How the rows of a run ended, mapping by mapping."""
    run = town.run(**how)
    return {part.mapping: counts(run, part.mapping) for part in run.mappings}


def looked_up(town: Town) -> list[str]:
    """The requests of the last run that look for records."""
    paths = [call.path for call in town.sandbox.calls("GET")]
    return [path for path in paths if path.startswith(("/v1/customers", "/v1/contacts"))]


def rows_of(url: str) -> dict[str, list[Any]]:
    """Everything that the state's tables hold."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            query = "select name from sqlite_master where type = 'table'"
        else:
            query = "select table_name from information_schema.tables where table_schema = 'public'"
        names = connection.execute(text(query)).scalars().all()
        found = {n: [*map(str, connection.execute(text(f"select * from {n}")))] for n in names}
    engine.dispose()
    return {name: sorted(rows) for name, rows in found.items()}


def test_carried_on(town: Town):
    """After the upgrade rows that were held back are sent once more, and nothing else."""
    refuse(town)
    first = ended(town)
    assert first == {
        "branches": {"unchanged": 3},
        "contacts": {"unchanged": 8, "rejected": 2},
        "customers": {"unchanged": 10, "rejected": 3},
        "newsletter": {"skipped": 2},
        "partners": {"unchanged": 3},
    }
    assert town.writes() == HELD
    assert town.codes() == {9: "refused", 10: "outcome_unknown"}
    assert town.codes("customers") == {6: "refused", 12: "refused", 13: "invalid_country"}

    second = ended(town)
    assert second["customers"] == {"unchanged": 10, "rejected": 3}
    assert second["contacts"] == {"unchanged": 8, "rejected": 2}
    assert Counter() == town.writes()
    assert town.codes("customers") == {6: "held_back", 12: "held_back", 13: "invalid_country"}
    assert town.codes() == {9: "held_back", 10: "outcome_unknown"}

    # A create in doubt of which no boot is known counts from the first run of the new version.
    town.later += timedelta(minutes=11)
    assert ended(town)["contacts"] == {"unchanged": 8, "rejected": 1, "created": 1}
    assert town.writes() == {"POST contacts": 1}


def test_nothing_is_looked_up(town: Town):
    """Without rows that were held back, in doubt or broken off, the first run after the upgrade asks for no record."""
    with closing(sqlite3.connect(town.folder / "warehouse.db")) as db, db:
        db.execute("delete from accounts where id in ('a6', 'a8', 'a13')")
        db.execute("delete from people where id in ('p10', 'p11')")
    assert ended(town)["customers"] == {"unchanged": 9, "rejected": 1}
    assert looked_up(town) == []
    assert Counter() == town.writes()


def test_looked_at_in_full(town: Town):
    """What the released version wrote is what this one would write: a full run only tries drops again."""
    refuse(town)
    town.run(full=True)
    assert town.writes() == Counter(HELD) + Counter(DROPPED)


def test_dry_run(town: Town):
    """A dry run of the new version upgrades nothing, and says what the first run does."""
    before = rows_of(town.state)
    foreseen = ended(town, dry_run=True)
    assert before == rows_of(town.state)
    assert foreseen == ended(town)


def test_what_was_known(town: Town):
    """The state's history is there: last runs, what left, types, uuids."""
    Store.open(town.state).close()
    with closing(Store.open_read_only(town.state, clock=town.clock)) as store:
        runs = store.runs()
        assert [run.exit_code for run in runs] == [0, 1, 3, 1, 1, 1, 0, 0, 0, 0]
        assert [run.whole for run in runs].count(False) == 1
        assert runs[0].finished_at is None
        last = {(run.mapping, run.data_source): run for run in store.history(COMPLETE).runs}
        assert last["customers", DATA_SOURCE].read == 13
        assert last["customers", town.more["SECOND_SOURCE"]].read == 12
        assert {run.account for run in last.values()} == {store.account_of(DATA_SOURCE)}


def program(folder: Path, *arguments: str, state: str) -> "subprocess.CompletedProcess[str]":
    """The program as a process."""
    return subprocess.run(
        [sys.executable, "-m", "sync", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "SYNC_STATE_URL": state},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", [("runs",), ("status",)])
def test_newer_state(town: Town, command: abc.Sequence[str]):
    """A state that a later version has written ends with 3 and one sentence, and is left as it is."""
    with closing(Store.open(town.state)) as store:
        store.database.write(lambda c: c.execute(text("update sync_meta set version = 99")))
    before = rows_of(town.state)
    done = program(town.folder, *command, state=town.state)
    assert (done.returncode, done.stdout) == (3, "")
    assert "the state has version 99, this program knows up to 3" in done.stderr
    assert "Traceback" not in done.stderr
    assert before == rows_of(town.state)
