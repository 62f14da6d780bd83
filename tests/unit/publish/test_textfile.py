"""The metrics of one-shot runs in a file, as the client library's own parser reads them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sync.domain.record import Object
from sync.domain.results import MappingRun, Requests, Run, Status, Tally
from sync.publish.textfile import Textfile
from sync.service.metrics import Metrics

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)


def ended(name: str, status: Status = Status.SUCCEEDED, environment: str | None = None) -> Metrics:
    """The metrics of a run of one mapping: 3 rows, 2 requests, 20 seconds."""
    part = MappingRun(name, f"{name}.yml", Object.CUSTOMER, "upsert", "ds_1", status)
    part.rows = Tally(3, created=2, unchanged=1)
    part.requests = Requests({"GET": 1, "POST": 1}, retried=1)
    run = Run("r1", False, NOW, [part], NOW + timedelta(seconds=20), status)
    metrics = Metrics(environment)
    metrics.ended(run)
    return metrics


def shown(file: Path) -> dict[tuple[str, ...], float]:
    """What the file says but zeros: name and the values of labels → value."""
    families = text_string_to_metric_families(file.read_text())
    samples = [sample for family in families for sample in family.samples]
    found = {
        (sample.name.removeprefix("chartmogul_sync_"), *sample.labels.values()): sample.value
        for sample in samples
        if sample.value
    }
    assert len(found) == len([sample for sample in samples if sample.value])
    return found


def add(file: Path, metrics: Metrics, *there: str) -> None:
    def stays(labels):
        return not there or labels.get("mapping", there[0]) in there

    Textfile(file, stays).add(metrics.families())


def test_one_run(tmp_path):
    """Names and values are those of `schedule`; there is nothing but the file, which others may read."""
    file = tmp_path / "sync.prom"
    add(file, ended("customers"))
    assert shown(file) == {
        ("rows_total", "customers", "created"): 2,
        ("rows_total", "customers", "unchanged"): 1,
        ("requests_total", "customers", "GET"): 1,
        ("requests_total", "customers", "POST"): 1,
        ("requests_retried_total", "customers"): 1,
        ("runs_total", "succeeded"): 1,
        ("run_seconds_bucket", "60.0"): 1,
        ("run_seconds_bucket", "300.0"): 1,
        ("run_seconds_bucket", "900.0"): 1,
        ("run_seconds_bucket", "3600.0"): 1,
        ("run_seconds_bucket", "14400.0"): 1,
        ("run_seconds_bucket", "+Inf"): 1,
        ("run_seconds_count",): 1,
        ("run_seconds_sum",): 20,
    }
    assert [file] == list(tmp_path.iterdir())
    assert file.stat().st_mode & 0o444 == 0o444


def test_runs_add_up(tmp_path):
    """A counter counts on from the run before, so that it grows; so does the histogram."""
    file = tmp_path / "sync.prom"
    add(file, ended("customers"))
    add(file, ended("customers", Status.FAILED))
    found = shown(file)
    assert found["rows_total", "customers", "created"] == 4
    assert (found["runs_total", "succeeded"], found["runs_total", "failed"]) == (1, 1)
    assert (found["run_seconds_count",], found["run_seconds_sum",]) == (2, 40)
    assert found["run_seconds_bucket", "60.0"] == 2


def test_several_jobs_share_it(tmp_path):
    """Series of other mappings stay, those of a mapping that is gone go."""
    file = tmp_path / "sync.prom"
    add(file, ended("customers"))
    add(file, ended("contacts"), "customers", "contacts")
    assert {"customers", "contacts"} == {key[1] for key in shown(file) if key[0] == "rows_total"}
    add(file, ended("contacts"), "contacts")
    assert {"contacts"} == {key[1] for key in shown(file) if key[0] == "rows_total"}
    assert shown(file)["runs_total", "succeeded"] == 3


def test_the_environment(tmp_path):
    """Every series names it."""
    file = tmp_path / "sync.prom"
    add(file, ended("customers", environment='pro"d\\'))
    families = text_string_to_metric_families(file.read_text())
    assert {'pro"d\\'} == {s.labels.get("environment") for f in families for s in f.samples}


@pytest.mark.parametrize("content", [b"", b"no metrics at all {", b"\xff\xfe"])
def test_a_broken_file(tmp_path, content):
    """What is no file of metrics is replaced by one."""
    file = tmp_path / "sync.prom"
    file.write_bytes(content)
    add(file, ended("customers"))
    assert shown(file)["runs_total", "succeeded"] == 1


def test_no_folder(tmp_path):
    """A folder that is not there is an error for the caller, and nothing is left behind."""
    with pytest.raises(FileNotFoundError):
        add(tmp_path / "gone" / "sync.prom", ended("customers"))
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        add(tmp_path / "taken", ended("customers"))
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
