"""Past runs, found and shown."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from sync.domain.record import Object, Problem, Rejected, Stage
from sync.domain.results import Delivered, MappingRun, Outcome, Run, Status
from sync.errors import ConfigError
from sync.report import archive, history
from sync.report.files import FileReporter
from sync.report.overview import Look
from sync.report.plain import loads
from sync.report.summary import summary
from sync.report.terminal import write

START = datetime(2026, 1, 31, 10, tzinfo=UTC)


def keep(reports, run, *results):
    """Write a run's report."""
    reporter = FileReporter(reports, lambda: START)
    reporter.started(run)
    if results:
        reporter.rows(run.mappings[0], results)
    reporter.finished(run)
    return reports / run.id


def short(run_id, minutes=0, *, dry_run=False):
    """A run that did nothing."""
    start = START + timedelta(minutes=minutes)
    return Run(run_id, dry_run, start, [], finished_at=start, status=Status.SUCCEEDED)


def shown(parts, width=120):
    """Renderables as text."""
    file = io.StringIO()
    console = Console(file=file, width=width)
    for part in parts:
        write(console, part)
    return "\n".join(line.rstrip() for line in file.getvalue().split("\n"))


def test_runs(run, contacts):
    """A line for each run and one for each mapping; counts of nothing are left out."""
    run.mappings.append(contacts)
    expected = """\
r2  2026-01-31 10:05 UTC  succeeded in 0 s  dry run
r1  2026-01-31 10:00 UTC  completed with errors in 1.5 s
    customers: 7 read, 1 created, 2 updated, 1 unchanged, 1 skipped, 2 rejected, 4 requests
    contacts: 1,200 read, 1 rejected, 1,199 unprocessed, 2 requests
"""
    assert expected == shown(history.runs([summary(short("r2", 5, dry_run=True)), summary(run)]))


def test_run_without_end():
    """A run that is still going on, or died, has neither status nor duration."""
    run = Run("r1", False, START, [])
    assert shown(history.runs([summary(run)])) == "r1  2026-01-31 10:00 UTC  broken off\n"


def test_no_runs():
    """An empty list says so."""
    assert shown(history.runs([])) == "No runs yet.\n"


def test_report(tmp_path, run, created, updated, rejected, partly):
    """One run: counts, changes and rejected rows with the values that a user needs to mend them."""
    folder = keep(tmp_path, run, created, updated, rejected, partly)
    expected = f"""\
r1  2026-01-31 10:00 UTC  completed with errors in 1.5 s

customers: created 1 and updated 1
~ updated cus_3  (country differs)
    country: DE → AT
    attributes.plan: gold → (empty)
    warning: owner: ChartMogul ignored the owner
! rejected cus_18  (a part of the row was written before ChartMogul refused the rest)
    country: DE → AT
+ created cus_2  company Müller & Söhne, attributes.seats 5.50, tags warehouse

           read  created  updated  unchanged  skipped  rejected  requests   time
customers     7        1        2          1        1         2         4  1.2 s

Rejected rows
  customers: 1 row, invalid_country in country
    row 17, cus_17: this is no country
    1 × Germany
    hint: use a code
  customers: 1 row, invalid_email in email
    row 17, cus_17: this is no e-mail address
    1 × =cmd|' /C calc'!A0
  customers: 1 row, refused in attributes.plan
    row 18, cus_18: ChartMogul refused the row
    1 × x
    hint: mend it

Warnings
  customers: 1 row, dropped in owner
    row 3, cus_3: ChartMogul ignored the owner

Changes
  customers: attributes.plan of 1 record: 1 emptied
    row 3, cus_3: gold → (empty)
  customers: country of 2 records: 2 changed
    for example row 3, cus_3: DE → AT

customers: 1 key left the query, see left.jsonl

Completed, with 2 rejected rows in 1.5 s
Reports: {folder}
"""
    assert expected == shown(history.report(folder, Look(120, values=True), rows=3))


def test_report_of_a_row_without_key(tmp_path, run):
    """A row without key or field, and one that needed nothing but has a warning."""
    problem = Problem("invalid_key", "the key is blank")
    folder = keep(tmp_path, run, Rejected(1, None, Stage.MAP, (problem,)))
    text = shown(history.report(folder, Look(120, values=True)))
    assert "  customers: 1 row, invalid_key\n    row 1, without a key: the key is blank\n" in text


def test_report_of_a_dry_run(tmp_path, now):
    """A dry run's changes are what it would have done; an error of a mapping is shown."""
    mapping = MappingRun(
        "customers", "f", Object.CUSTOMER, "upsert", "ds", error="the key\x07 is wrong"
    )
    run = Run("r1", True, now, [mapping], finished_at=now, status=Status.FAILED)
    row = Delivered(1, "c", Outcome.CREATED, "", changes={"city": (None, "Graz")})
    text = shown(history.report(keep(tmp_path, run, row), Look(120, values=True)))
    assert "customers: the key\\x07 is wrong\n" in text
    assert (
        "\ncustomers: would create 1 and update 0, as far as it came\n+ create c  city Graz\n"
        in text
    )


def test_partly_written_row(tmp_path, run, partly):
    """A row that stuck half-way is marked as rejected among the changes."""
    text = shown(history.report(keep(tmp_path, run, partly), Look(120, values=True)))
    expected = (
        "! rejected cus_18  (a part of the row was written before ChartMogul refused the rest)\n"
        "    country: DE → AT\n"
    )
    assert expected in text


@pytest.fixture
def reports(tmp_path):
    """Three runs, the newest of which was dry, and one that died."""
    keep(tmp_path, short("20260131-aa", 1))
    keep(tmp_path, short("20260131-ab", 2))
    keep(tmp_path, short("20260201-ac", 3, dry_run=True))
    (tmp_path / ".20260202-ad.partial").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20260131-ab", "20260131-ab"),
        ("202602", "20260201-ac"),
        ("latest", "20260131-ab"),
    ],
)
def test_find(reports, name, expected):
    """A run is found by its id, a start of it that no other run has, and as the latest."""
    assert reports / expected == archive.find(reports, name)


def test_find_exact_name(reports):
    """A whole id is found although another id goes on from there."""
    keep(reports, short("20260131-aa-2"))
    assert reports / "20260131-aa" == archive.find(reports, "20260131-aa")


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("20260131", "'20260131' is the start of 2 runs", "runs: 20260131-ab, 20260131-aa"),
        ("x", "no report of a run 'x' in ", "runs: 20260201-ac, 20260131-ab, 20260131-aa"),
        ("", "no report of a run '' in ", "runs: 20260201-ac, 20260131-ab, 20260131-aa"),
        ("../..", "no report of a run '../..' in ", "runs: 2026"),
        (".20260202-ad.partial", "no report of a run '.20260202-ad.partial' in ", "runs: 2026"),
    ],
)
def test_not_found(reports, name, message, hint):
    """A name that fits none or several is an error that lists the runs there are."""
    with pytest.raises(ConfigError) as caught:
        archive.find(reports, name)
    (problem,) = caught.value.problems
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)


@pytest.mark.parametrize("name", ["latest", "r1"])
def test_no_reports(tmp_path, name):
    """Without any report the hint says how to get one."""
    with pytest.raises(ConfigError) as caught:
        archive.find(tmp_path / "reports", name)
    assert caught.value.problems[0].hint == "start one: chartmogul-sync run"


def test_latest_without_links(reports):
    """Where the file system has no links, the real run that started last is the latest."""
    (reports / "latest").unlink()
    assert reports / "20260131-ab" == archive.find(reports, "latest")


def test_summaries(reports):
    """All complete runs, the newest first."""
    ids = [found["run_id"] for found in archive.read_summaries(reports)]
    assert ids == ["20260201-ac", "20260131-ab", "20260131-aa"]


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"null", b"[]", b'{"format": 99}', b"\xff\xfe", b"[" * 100_000,
        b'{"run_id": "r1", "started_at": "", "status": "", "dry_run": false, "mappings": 5}',
        b'{"run_id": "r1", "started_at": "", "status": "", "dry_run": true, "mappings": [{}]}',
        b'{"run_id": 5, "started_at": "", "status": "", "dry_run": true, "mappings": []}',
    ],
    ids=lambda damage: damage[:50].decode(errors="replace"),
)  # fmt: skip
def test_a_damaged_summary(tmp_path, now, damage):
    """It is told of in a sentence to whoever asks for that run, and stands in the way of no other."""
    for number, dry in enumerate((False, True, False)):
        run = Run(f"r{number}", dry, now, [], finished_at=now, status=Status.SUCCEEDED)
        keep(tmp_path, run)
    reports = tmp_path
    (reports / "latest").unlink()
    (reports / "r2" / "summary.json").write_bytes(damage)
    for read in (archive.read_summary, lambda folder: list(archive.as_json(folder))):
        with pytest.raises(
            ConfigError, match=r"not complete: summary\.json is damaged, or cannot be read"
        ):
            read(reports / "r2")
    assert archive.find(reports, "latest") == reports / "r0"
    assert archive.find(reports, archive.LATEST_DRY_RUN) == reports / "r1"
    assert {found["run_id"] for found in archive.read_summaries(reports)} == {"r0", "r1"}


@pytest.mark.parametrize("name", ["errors.jsonl", "changes.jsonl", "left.jsonl"])
@pytest.mark.parametrize("line", [b"no JSON", b"5", b"{}", b'{"mapping": "customers"}', b"\xff"])
def test_a_damaged_line(tmp_path, run, created, name, line):
    """Also one that is JSON, and none of ours, is told of in a sentence."""
    folder = keep(tmp_path, run, created)
    (folder / name).write_bytes(line + b"\n")
    with pytest.raises(ConfigError, match=f"not complete: {name}: a line of it is damaged"):
        archive.gather(folder)


def test_as_json(tmp_path, run, created, updated, rejected):
    """A whole report as one JSON document."""
    folder = keep(tmp_path, run, created, updated, rejected)
    document = loads("".join(archive.as_json(folder)))
    assert {
        "format": 1,
        "summary": archive.read_summary(folder),
        "errors": list(archive.read_errors(folder)),
        "changes": list(archive.read_changes(folder)),
        "left": [],
    } == document
    assert [len(document["errors"]), len(document["changes"])] == [2, 2]


def test_known_drops(tmp_path, run):
    """A report counts what ChartMogul is known to drop; one of an older version knows nothing of it."""
    run.mappings[0].known_drops = {"owner": 2}
    folder = keep(tmp_path, run)
    assert "customers: ChartMogul does not take owner of 2 rows; tried again by" in shown(
        history.report(folder, Look(200, values=True)), 200
    )

    file = folder / "summary.json"
    document = json.loads(file.read_text())
    del document["mappings"][0]["known_drops"]
    file.write_text(json.dumps(document))
    assert "does not take" not in shown(history.report(folder, Look(200, values=True)), 200)


@pytest.mark.parametrize("text", ['{"format": 1, "run_id": "2026', "", "[]", "{}", '{"format": 1}'])
def test_a_damaged_summary_is_a_sentence(reports, text):
    """It says so of its run, and hides no other."""
    (reports / "20260201-ac" / "summary.json").write_text(text)
    with pytest.raises(ConfigError) as caught:
        archive.read_summary(reports / "20260201-ac")
    said = f"the report in {reports / '20260201-ac'} is not complete: summary.json is damaged"
    assert caught.value.problems[0].message == f"{said}, or cannot be read"
    ids = [found["run_id"] for found in archive.read_summaries(reports)]
    assert ids == ["20260131-ab", "20260131-aa"]
    (reports / "latest").unlink()
    assert reports / "20260131-ab" == archive.find(reports, "latest")


@pytest.mark.parametrize("name", ["summary.json", "errors.jsonl", "changes.jsonl", "left.jsonl"])
def test_no_part_of_a_damaged_report_is_printed_as_json(tmp_path, run, created, rejected, name):
    """Whatever is missing or was cut off is told before the first piece."""
    folder = keep(tmp_path, run, created, rejected)
    text = (folder / name).read_text()
    (folder / name).write_text(text[:-20] or '{"cut')
    with pytest.raises(ConfigError, match="is not complete"):
        next(archive.as_json(folder))
    (folder / name).unlink()
    with pytest.raises(ConfigError, match="is not complete"):
        next(archive.as_json(folder))
