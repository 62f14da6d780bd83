"""The folder of a run's report: complete under its name, or not there."""

import contextlib
import os
import resource
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.domain.events import Estimate, Phase
from sync.domain.results import Run
from sync.errors import ConfigError, StateError
from sync.report.files import FileReporter
from sync.report.plain import loads
from sync.report.summary import dumps, summary

LATER = datetime(2026, 1, 31, 10, 0, 1, 500_000, tzinfo=UTC)


@pytest.fixture
def reports(tmp_path):
    """A folder of reports that does not exist yet."""
    return tmp_path / "deep" / "reports"


def reporter_in(reports, now=LATER):
    """A reporter whose clock stands still."""
    return FileReporter(reports, lambda: now)


def begun(reports, run):
    """A reporter whose run has started."""
    reporter = reporter_in(reports)
    reporter.started(run)
    return reporter


def names(folder):
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def objects(file):
    """The lines of a JSONL file."""
    return [loads(line) for line in file.read_text(encoding="utf-8").split("\n")[:-1]]


def test_whole_report(reports, run, customers, created, unchanged, rejected, partly, gone):
    """Every kind of row reaches its files."""
    reporter = begun(reports, run)
    reporter.phase(customers, Phase.READ, None)
    reporter.rows(customers, [rejected, unchanged])
    reporter.left(customers, [gone])
    reporter.warned(customers, "careful")
    reporter.estimated(customers, Estimate(1, 0.1))
    reporter.rows(customers, [created, partly])
    reporter.finished(run)
    folder = reports / "r1"
    assert names(folder) == [
        "changes.jsonl",
        "errors.csv",
        "errors.jsonl",
        "left.jsonl",
        "report.html",
        "summary.json",
    ]
    assert [(line["row"], line["code"]) for line in objects(folder / "errors.jsonl")] == [
        (17, "invalid_country"),
        (17, "invalid_email"),
        (18, "refused"),
    ]
    assert [(line["row"], line["outcome"]) for line in objects(folder / "changes.jsonl")] == [
        (2, "created"),
        (18, "rejected"),
    ]
    assert [line["key"] for line in objects(folder / "left.jsonl")] == ["cus_gone"]
    assert dumps(summary(run)) + "\n" == (folder / "summary.json").read_text(encoding="utf-8")
    assert (folder / "errors.csv").read_bytes().count(b"\r\n") == 4


def test_empty_report(reports, run):
    """All files are there when there is nothing to say, the CSV with its headings."""
    begun(reports, run).finished(run)
    sizes = [(reports / "r1" / f"{name}.jsonl").stat().st_size for name in ("errors", "changes")]
    assert sizes == [0, 0]
    assert (reports / "r1" / "errors.csv").read_text().startswith("\ufeffformat,run_id,")


def test_private(reports, run):
    """Only their owner can read the files: they may hold values."""
    begun(reports, run).finished(run)
    folder = reports / "r1"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (0o700, {0o600}) == (stat.S_IMODE(folder.stat().st_mode), modes)


def test_lines_are_written_at_once(reports, run, customers, created):
    """Rows are on disk while the run goes on, under a temporary name."""
    reporter = begun(reports, run)
    reporter.rows(customers, [created])
    assert names(reports) == [".r1.partial"]
    assert len(objects(reports / ".r1.partial" / "changes.jsonl")) == 1
    reporter.close()


def test_crash(reports, run, customers, created):
    """A run that ends without `finished` leaves no report under its name."""
    reporter = begun(reports, run)
    reporter.rows(customers, [created])
    reporter.close()
    reporter.close()
    assert names(reports) == [".r1.partial"]


def test_dead_runs_are_swept(reports, run):
    """The next run removes temporary folders older than a day, and no younger ones."""
    for name, age in (("old", timedelta(hours=25)), ("young", timedelta(hours=23))):
        folder = reports / f".{name}.partial"
        folder.mkdir(parents=True)
        (folder / "errors.jsonl").touch()
        then = (LATER - age).timestamp()
        os.utime(folder / "errors.jsonl", (then, then))
        os.utime(folder, (then, then))
    begun(reports, run).finished(run)
    assert names(reports) == [".young.partial", "latest", "r1"]


def test_living_runs_are_not_swept(reports, run):
    """A folder whose file was written a moment ago belongs to a run that goes on."""
    folder = reports / ".long.partial"
    folder.mkdir(parents=True)
    (folder / "changes.jsonl").touch()
    then = LATER.timestamp()
    os.utime(folder / "changes.jsonl", (then, then))
    os.utime(folder, (0, 0))
    begun(reports, run).finished(run)
    assert ".long.partial" in names(reports)


def test_links_are_not_followed(reports, run, tmp_path):
    """Sweeping never leaves the folder of reports."""
    (tmp_path / "precious").mkdir()
    reports.mkdir(parents=True)
    (reports / ".x.partial").symlink_to(tmp_path / "precious")
    os.utime(tmp_path / "precious", (0, 0))
    begun(reports, run).finished(run)
    assert (tmp_path / "precious").is_dir()


def finish(reports, run_id, *, dry_run=False):
    """A run without mappings."""
    run = Run(run_id, dry_run, LATER, [], finished_at=LATER)
    begun(reports, run).finished(run)


def test_latest(reports):
    """`latest` points to the newest real run; a dry run does not move it."""
    finish(reports, "r1")
    finish(reports, "r2")
    finish(reports, "r3", dry_run=True)
    assert names(reports) == ["latest", "r1", "r2", "r3"]
    assert Path("r2") == (reports / "latest").readlink()


def test_latest_that_is_no_link(reports):
    """A folder that somebody called latest is left alone; the report is complete even so."""
    (reports / "latest" / "mine").mkdir(parents=True)
    finish(reports, "r1")
    assert names(reports) == ["latest", "r1"]
    assert names(reports / "latest") == ["mine"]


def test_unwritable_folder(tmp_path, run):
    """Where reports cannot be written the run does not start, and the message says what to do."""
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(ConfigError) as caught:
        reporter_in(tmp_path / "reports").started(run)
    (problem,) = caught.value.problems
    assert f"cannot write reports in {tmp_path / 'reports'}: File exists" == problem.message
    assert problem.hint == "name a folder that can be written, with --reports DIR or SYNC_REPORTS"


@contextlib.contextmanager
def small_disk():
    """Files cannot grow beyond 4,096 bytes: only inside a test, for pytest's own output may well be a longer file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk(reports, run, customers, created, gone):
    """A disk that fails is told once; the run goes on undisturbed and no report appears."""
    with small_disk():
        reporter = begun(reports, run)
        with pytest.raises(StateError, match=r"cannot write the report .*r1: File too large"):
            reporter.rows(customers, [created] * 100)
        reporter.rows(customers, [created])
        reporter.left(customers, [gone])
        reporter.finished(run)
    assert names(reports) == [".r1.partial"]


def test_full_disk_at_the_end(reports, run, customers):
    """A summary that does not fit leaves no half report."""
    run.mappings = [customers] * 20
    with small_disk():
        reporter = begun(reports, run)
        with pytest.raises(StateError):
            reporter.finished(run)
    assert names(reports) == [".r1.partial"]


def test_name_taken(reports, run):
    """A report that is already there is never touched."""
    (reports / "r1").mkdir(parents=True)
    (reports / "r1" / "mine").touch()
    with pytest.raises(StateError):
        begun(reports, run).finished(run)
    assert names(reports / "r1") == ["mine"]


def test_not_started(reports, run):
    """Without a start there is nothing to finish."""
    reporter_in(reports).finished(run)
    assert not reports.exists()
