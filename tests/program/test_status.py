"""`status`, and what counts as too old."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.cli.formats import Format, Output
from sync.cli.outside import now
from sync.cli.status import status
from sync.domain.record import Object
from sync.domain.results import MappingRun, Run, Status, Tally
from sync.errors import ConfigError
from sync.service.freshness import Freshness, Known, describe
from sync.state.history import History, Whose
from sync.state.memory import LastRun
from sync.state.store import Store

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
JSON = Output(Format.JSON)
HOUR = timedelta(hours=1)
MAPPING = """
version: 1
source: {table: accounts}
destination: {object: customer}
extra_columns: ignore
fields: {external_id: id}
"""


def last(age: timedelta) -> LastRun:
    end = NOW - age
    return LastRun("customers", "run_1", Status.SUCCEEDED, end - HOUR, end, 10, 2)


@pytest.mark.parametrize(("age", "old"), [(HOUR, False), (2 * HOUR, False), (3 * HOUR, True)])
def test_too_old(age: timedelta, old: bool):
    """Counted from the end of the last success; the limit itself is still fine."""
    assert old is Freshness("customers", last(age)).is_too_old(NOW, 2 * HOUR)


def test_never_succeeded():
    """Counts as too old, unless a process has only just started."""
    one = Freshness("customers", None)
    assert one.is_too_old(NOW, 2 * HOUR)
    assert not one.is_too_old(NOW, 2 * HOUR, since=NOW - HOUR)
    assert one.is_too_old(NOW, 2 * HOUR, since=NOW - 3 * HOUR)


def test_a_process_answers_for_its_own_time():
    """A worker that was away for a day gets the time to succeed; what it did since counts."""
    one = Freshness("customers", last(24 * HOUR))
    assert not one.is_too_old(NOW, 2 * HOUR, since=NOW - HOUR)
    assert Freshness("customers", last(3 * HOUR)).is_too_old(NOW, 2 * HOUR, since=NOW - 9 * HOUR)


def test_as_json():
    """The last success with its run, its age and what it rejected; nothing where there was none."""
    assert describe(Freshness("customers", last(HOUR)), NOW, None) == {
        "mapping": "customers",
        "data_source": None,
        "last_success_at": "2026-01-31T09:00:00Z",
        "age_seconds": 3600,
        "run_id": "run_1",
        "status": "succeeded",
        "read": 10,
        "rejected": 2,
        "rejected_new": 0,
        "undone": 0,
        "too_old": False,
        "healthy": True,
        "healthy_since": None,
        "broken_since": None,
    }
    [never] = Known(History([last(HOUR)])).of([Whose("contacts")])
    assert (
        describe(never, NOW, HOUR)["last_success_at"],
        describe(never, NOW, HOUR)["age_seconds"],
        describe(never, NOW, HOUR)["too_old"],
    ) == (None, None, True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two mappings and an empty environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNC_STATE_URL", "sqlite:///state.db")
    (tmp_path / "mappings").mkdir()
    for name in ("customers", "partners"):
        (tmp_path / "mappings" / f"{name}.yml").write_text(MAPPING)
    return tmp_path


def enter(
    mapping: str, state: Status, age: timedelta, rejected: int = 0, source: str = "ds_1"
) -> None:
    """A run of one mapping that ended so long ago."""
    store = Store.open("sqlite:///state.db")
    end = now() - age
    rows = Tally(read=10, unchanged=10 - rejected, rejected=rejected)
    file = f"mappings/{mapping}.yml"
    part = MappingRun(mapping, file, Object.CUSTOMER, "upsert", source, state, rows=rows)
    run = Run(f"run_{mapping}_{state}", False, end - HOUR, [part], end, state)
    store.begin_run(run)
    store.finish_run(run)
    store.close()


def test_exit_codes(folder: Path, capsys: pytest.CaptureFixture[str]):
    """0 while every mapping is young enough, 1 otherwise; without --max-age always 0."""
    enter("customers", Status.SUCCEEDED, HOUR)
    assert status([], None) == 0
    assert status([], "2h") == 1, "partners never succeeded"
    enter("partners", Status.COMPLETED_WITH_ERRORS, 3 * HOUR, rejected=4)
    assert status([], "2h") == 1
    assert status([], "4h") == 0
    assert status([Path("mappings/customers.yml")], "2h") == 0
    told = capsys.readouterr().out
    assert "partners: never succeeded  TOO OLD" in told
    assert "3 h ago, 4 rows rejected  run_partners_completed_with_errors  TOO OLD" in told


def test_a_failed_run_is_no_success(folder: Path, capsys: pytest.CaptureFixture[str]):
    """The last run that came to its end counts, whatever broke off after it."""
    (folder / "mappings" / "partners.yml").unlink()
    enter("customers", Status.SUCCEEDED, 3 * HOUR)
    enter("customers", Status.FAILED, HOUR)
    assert status([], "2h", output=JSON) == 1
    [shown] = json.loads(capsys.readouterr().out)["mappings"]
    assert (shown["run_id"], shown["too_old"]) == ("run_customers_succeeded", True)
    assert (shown["broken_since"]["status"], shown["broken_since"]["run_id"]) == (
        "failed",
        "run_customers_failed",
    )


def test_what_broke_off_since(folder: Path, capsys: pytest.CaptureFixture[str]):
    """A later failure is told with its run; one from before the last success is over."""
    enter("customers", Status.SUCCEEDED, 3 * HOUR)
    enter("customers", Status.STOPPED, HOUR)
    enter("partners", Status.FAILED, 3 * HOUR)
    assert status([], None) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("  since then stopped: ")
    assert lines[1].endswith("  run_customers_stopped")
    assert lines[2:3] == ["partners: never succeeded"]
    assert lines[3].startswith("  last run failed: ")
    assert lines[3].endswith("  run_partners_failed")
    enter("partners", Status.SUCCEEDED, HOUR)
    status([], None)
    assert "failed" not in capsys.readouterr().out


def test_a_success_of_the_future(folder: Path, capsys: pytest.CaptureFixture[str]):
    """It is none: a clock was ahead. What it was before counts."""
    enter("customers", Status.SUCCEEDED, -48 * HOUR)
    enter("partners", Status.SUCCEEDED, HOUR)
    enter("partners", Status.COMPLETED_WITH_ERRORS, -48 * HOUR)
    assert status([], "2h", output=JSON) == 1
    shown = json.loads(capsys.readouterr().out)["mappings"]
    assert [one["run_id"] for one in shown] == [None, "run_partners_succeeded"]
    assert [one["too_old"] for one in shown] == [True, False]
    one = Freshness("customers", last(-3 * HOUR))
    assert (one.age(NOW), one.is_too_old(NOW, HOUR)) == (None, True)
    assert not one.is_too_old(NOW, HOUR, since=NOW)


def test_one_name_for_two_data_sources(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """Each data source has its own last success; the environment says which one is meant."""
    (folder / "mappings" / "partners.yml").unlink()
    enter("customers", Status.SUCCEEDED, 3 * HOUR)
    enter("customers", Status.COMPLETED_WITH_ERRORS, HOUR, source="ds_2")
    assert status([], "2h") == 0, "any will do where none is said"
    for source, code in (("ds_1", 1), ("ds_2", 0)):
        monkeypatch.setenv("CHARTMOGUL_DATA_SOURCE", source)
        assert status([], "2h", output=JSON) == code
    (folder / "mappings" / "customers.yml").unlink()
    (folder / "mappings").rmdir()
    capsys.readouterr()
    status([], None)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["customers (ds_1)", "customers (ds_2)"]


def test_a_renamed_mapping(folder: Path, capsys: pytest.CaptureFixture[str]):
    """It goes on with the history of the name that its file had before; one whose file is there keeps its own."""
    enter("customers", Status.SUCCEEDED, HOUR)
    file = folder / "mappings" / "customers.yml"
    file.write_text(MAPPING + "name: clients\n")
    assert status([file], "2h") == 0
    assert capsys.readouterr().out.startswith("clients: ")
    assert status([folder / "mappings" / "partners.yml"], "2h") == 1


def test_without_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]):
    """Then everything in the state is shown; nothing at all is no health."""
    for file in (folder / "mappings").iterdir():
        file.unlink()
    (folder / "mappings").rmdir()
    assert status([], "2h") == 1
    assert capsys.readouterr().out == "No runs yet.\n"
    enter("customers", Status.SUCCEEDED, HOUR)
    assert status([], "2h") == 0
    assert capsys.readouterr().out.startswith("customers: ")


def test_a_run_that_failed_before_any_mapping(desk):
    """It is told beside the last success of what the state knows, until a run comes further."""
    assert desk("run").code == 0
    mappings = desk.place.folder / "mappings"
    mappings.rename(desk.place.folder / "moved")
    assert desk("run").code == 2
    assert "The last run failed before it came to any mapping: " in desk("status").out
    failed = desk("status", "--json").json["failed"]
    assert (failed["exit_code"], failed["run_id"]) == (2, desk("runs", "--json").json[0]["run_id"])
    (desk.place.folder / "moved").rename(mappings)
    assert desk("run").code == 0
    assert desk("status", "--json").json["failed"] is None


def test_looking_makes_no_state(folder: Path):
    """Nothing is written, not even an empty state."""
    status([], None)
    assert [path.name for path in folder.iterdir()] == ["mappings"]


def test_wrong_age(folder: Path):
    """A misspelt --max-age is an error, not a green light."""
    with pytest.raises(ConfigError, match="is no length of time"):
        status([], "2 hours")
