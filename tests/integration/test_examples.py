"""examples/: each is loaded by the orchestrator that it is for, if any, and its one step is run against the sandbox.

The orchestrators are none of our dependencies: where one is not installed its test is skipped.
"""

import importlib.util
import os
import stat
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.program import Desk

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The program on the PATH, as an orchestrator finds it, with its variables and mappings."""
    folder = desk.place.folder
    program = folder / "bin" / "chartmogul-sync"
    program.parent.mkdir()
    root = Path(__file__).parents[2]
    program.write_text(f'#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} -m sync "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    for name, value in desk.place.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SYNC_MAPPINGS_FOLDER", str(folder / "mappings"))
    monkeypatch.chdir(folder)
    return desk


def load(name: str) -> ModuleType:
    """The example, as if it were a file of the user's own."""
    spec = importlib.util.spec_from_file_location(
        f"example_{name}", EXAMPLES / name / "chartmogul_sync.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def rejected(desk: Desk) -> None:
    """From now on a row is rejected, so that the program ends with 1."""
    desk.rows({}, {"id": "cus_2", "country": "Atlantis"})


def test_python(place: Desk, monkeypatch: pytest.MonkeyPatch):
    """It goes on from a dry run that is small enough, and stops before one that is not."""
    module: Any = load("python")
    mappings = str(place.place.folder / "mappings")
    assert module.nightly(mappings) == {"customers": 1}
    rejected(place)
    assert module.nightly(mappings) == {"customers": 0}
    place.rows({}, {"id": "cus_3"})
    monkeypatch.setattr(module, "MOST_CREATES", 0)
    with pytest.raises(module.TooMany, match="1 records would be created"):
        module.nightly(mappings)
    assert len(place.place.customers()) == 1


def test_dagster(place: Desk):
    """The asset is materialised with its counts; an exit code that stays as it is is not tried again."""
    dg: Any = pytest.importorskip("dagster")
    module = load("dagster")
    done = dg.materialize([module.chartmogul])
    (event,) = done.asset_materializations_for_node("chartmogul")
    assert event.metadata["customers/created"].value == 1
    assert module.defs.resolve_job_def("chartmogul_sync").name == "chartmogul_sync"
    rejected(place)
    failed = dg.materialize([module.chartmogul], raise_on_error=False)
    assert not failed.success
    assert [one for one in failed.all_events if one.event_type_value == "STEP_UP_FOR_RETRY"] == []


def test_prefect(place: Desk):
    """The flow runs and answers the counts; only an exit code that may pass by itself is tried again."""
    pytest.importorskip("prefect")
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        module = load("prefect")
        assert module.chartmogul_sync()["customers"]["created"] == 1
        rejected(place)
        with pytest.raises(module.Ended, match="ended with 1"):
            module.chartmogul_sync()
    assert len(list((place.place.folder / "reports").glob("2*"))) == 2


@pytest.fixture
def airflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow with a home of its own."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    pytest.importorskip("airflow")


def test_airflow(place: Desk, airflow: None):
    """The DAG has one task, which runs the program and tries again only what may pass by itself."""
    from airflow.exceptions import AirflowException, AirflowFailException

    module: Any = load("airflow")
    module.MAPPINGS = str(place.place.folder / "mappings")
    dag = module.chartmogul_sync()
    (step,) = dag.tasks
    assert (dag.max_active_runs, dag.catchup, step.task_id, step.retries) == (1, False, "sync", 3)
    assert step.python_callable()["customers"]["created"] == 1
    rejected(place)
    with pytest.raises(AirflowFailException, match="ended with 1"):
        step.python_callable()
    place.place.sandbox.sandbox.key = "another"
    with pytest.raises(AirflowException, match="ended with 3; trying again"):
        step.python_callable()
