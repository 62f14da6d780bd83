"""Who reads what a command prints may stop reading; and what stands in the files that others open."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def piped(desk, command: str, **variables: str) -> int:
    """The exit code of a command whose reader takes one byte and goes, on both streams."""
    told = {
        **os.environ,
        **desk.place.environment,
        **variables,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "sync", *command.split()],
        cwd=desk.place.folder,
        env=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.stdout.close()
        return process.wait(60)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        *((command, 0) for command in ("report", "report --json", "runs", "schema")),
        ("status", 1),  # nearly all was rejected
        *((command, 0) for command in ("preview --limit 900", "validate", "--help")),
        ("run --dry-run", 1),
        ("run --full", 1),
        ("run --full --json", 1),
        ("preview nowhere", 2),
    ],
)
def test_a_reader_that_goes(desk, command, code):
    """Every command ends with the code that it has anyway, and a run is not broken off."""
    desk.rows(
        *({"id": f"cus_{n}", "company": "x" * 200, "country": "??"} for n in range(900)),
        {"id": "a"},
    )
    desk("run")
    assert piped(desk, command) == code
    if command == "run --full":
        assert desk("runs", "--json").json[0]["status"] == "completed_with_errors"


@pytest.mark.parametrize("command", ["runs", "report --json", "schema", "--help", "run --json"])
def test_a_disk_that_is_full(desk, command):
    """Is no reader that goes: one sentence, and 2, since half a document is none; what a run sent is recorded."""
    desk("run")
    told = {**os.environ, **desk.place.environment, "PYTHONPATH": str(Path(__file__).parents[2])}
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sync", *command.split()],
            cwd=desk.place.folder,
            env=told,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "cannot write standard output: No space left on device"
    assert "Traceback" not in done.stderr
    if command.startswith("run "):
        assert [run["exit_code"] for run in desk("runs", "--json").json] == [0, 0]


def test_umlauts_in_a_spreadsheet(desk):
    """errors.csv says that it is UTF-8, as Excel needs it; its first column is whole."""
    desk.rows({"country": "Österreich"})
    desk("run")
    file = desk.place.folder / "reports" / "latest" / "errors.csv"
    assert file.read_bytes().startswith(b"\xef\xbb\xbfformat,run_id,")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert (row["format"], row["value"]) == ("1", "Österreich")


def logged(desk, *arguments: str) -> tuple[list[str], list[dict[str, int]]]:
    """The keys of rows that have a line in the log of a run, and the counts."""
    ended = desk("run", *arguments, SYNC_LOG="json")
    lines = [json.loads(line) for line in ended.err.splitlines()]
    return (
        [line["key"] for line in lines if line["event"] == "row_rejected"],
        [
            {name: line[name] for name in ("count", "shown", "known")}
            for line in lines
            if line["event"] == "rows_rejected"
        ],
    )


def test_only_new_rejections_have_a_line(desk):
    """By the row itself, as repeated keys, by ChartMogul; those known from before are a count, once a run."""
    bad = [{"id": "cus_1", "country": "??"}, {"id": "cus_2"}, {"id": "cus_2", "company": "Other"}]
    sandbox = desk.place.sandbox.sandbox
    body = '{"code": 422, "message": "no", "param": "company"}'
    sandbox.fail(method="POST", path="/v1/customers", status=422, body=body)
    desk.rows(*bad, {"id": "cus_3"})
    first = ["cus_1", "cus_2", "cus_2", "cus_3"]
    assert logged(desk) == (first, [])
    assert logged(desk) == ([], [{"count": 4, "shown": 0, "known": 4}])
    assert logged(desk, "--full") == ([], [{"count": 4, "shown": 0, "known": 4}])
    desk.rows(*bad, {"id": "cus_3"}, {"id": "cus_4", "country": "??"})
    assert logged(desk) == (["cus_4"], [{"count": 5, "shown": 1, "known": 4}])
    desk.rows({"id": "cus_1"}, *bad[1:], {"id": "cus_3"})
    sandbox.faults.clear()
    assert logged(desk, "--full") == ([], [{"count": 2, "shown": 0, "known": 2}])
    desk.rows(*bad)
    assert logged(desk)[0] == ["cus_1"]


def test_status_loads_nothing_of_a_run(desk):
    """Nor do the other commands that only look at files or the state."""
    code = (
        "import sys\nfrom sync.cli.main import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'httpx', 'uvicorn', 'starlette', 'prometheus_client', 'structlog', 'tenacity', 'pycountry'}\n"
        "print(sorted(heavy & sys.modules.keys()), [m for m in sys.modules if m.startswith('sync.engine')])"
    )
    told = {**os.environ, **desk.place.environment, "PYTHONPATH": str(Path(__file__).parents[2])}
    for command in ("status --max-age 1d", "status --json", "validate"):
        done = subprocess.run(
            [sys.executable, "-c", code, *command.split()],
            cwd=desk.place.folder, env=told, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.splitlines()[-1] == "[] []"
