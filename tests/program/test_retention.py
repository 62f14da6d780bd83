"""Reports have an end, and killed runs leave nothing behind."""

import json
import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.program import MAPPING

DAY = 24 * 3600


def report(desk, days, name, mapping="customers", **summary):
    """The folder of a run of so many days ago."""
    started = datetime.now(UTC) - timedelta(days=days)
    folder = desk.place.folder / "reports" / f"{started:%Y%m%dT%H%M%SZ}-{name}"
    folder.mkdir(parents=True)
    part = {"mapping": mapping, "data_source": desk.place.sandbox.data_source}
    whole = {"tool": "0.1.0", "dry_run": False, "mappings": [part]} | summary
    (folder / "summary.json").write_text(json.dumps(whole))
    return folder


@pytest.fixture
def old(desk):
    """Runs of long ago, some of them worth keeping."""
    untold = report(desk, 300, "aa")
    (untold / "summary.json").write_text('{"dry_run": false, "mappings": []}')
    return {
        "young": report(desk, 10, "bb"),
        "old": report(desk, 100, "cc"),
        "dry": report(desk, 101, "dd", dry_run=True),
        "last of another": report(desk, 200, "ee", "people"),
        "before that": report(desk, 201, "ff", "people"),
        "older version": untold,
    }


ALL = {"young", "old", "dry", "last of another", "before that", "older version"}


@pytest.mark.parametrize(
    ("keep", "gone"),
    [
        (None, {"old", "dry", "before that"}),
        ("5d", {"young", "old", "dry", "before that"}),
        ("2", {"old", "dry", "before that"}),
        ("365d", set()),
        ("forever", set()),
    ],
)
def test_reports_have_an_end(desk, old, keep, gone):
    """By age or number; the newest real run of a mapping stays, and what an older version wrote."""
    plan = desk.place.folder / "reports" / "plan.jsonl"
    plan.write_text("{}")
    assert desk("run", SYNC_REPORTS_KEEP=keep).code == 0
    assert {name for name, folder in old.items() if not folder.exists()} == gone
    assert plan.exists()
    assert (desk.place.folder / "reports" / "latest" / "summary.json").exists()


def test_a_clock_that_is_ahead_for_once(desk):
    """Every other report would be old to it. After the next run they are, by whatever clock that goes."""
    reports = [report(desk, days, "aa") for days in (100, 101, 195)]
    kept = [reports[0], reports[1]]
    assert desk("run").code == 0
    assert [one for one in reports if one.exists()] == kept
    assert desk("run").code == 0
    assert [one for one in reports if one.exists()] == []


@pytest.mark.parametrize("keep", ["soon", "0", "-1d"])
def test_a_wrong_age(desk, keep):
    """Exit 2, with what it takes."""
    ended = desk("run", SYNC_REPORTS_KEEP=keep)
    assert ended.code == 2
    assert "it takes an age such as 90d, a number of runs, or forever" in ended.err


def test_what_killed_runs_left(desk):
    """Half-made folders and links older than a day go; a run of today may be under way."""
    reports = desk.place.folder / "reports"
    left = [reports / ".20260101T000000Z-aa.partial", reports / ".20260101T000000Z-bb.partial"]
    for folder in left:
        folder.mkdir(parents=True)
    link = reports / ".20260101T000000Z-cc.latest"
    link.symlink_to("nowhere")
    long_ago = time.time() - 2 * DAY
    os.utime(left[0], (long_ago, long_ago))
    os.utime(link, (long_ago, long_ago), follow_symlinks=False)
    assert desk("run").code == 0
    assert [one.exists() for one in left] == [False, True]
    assert not link.is_symlink()


def test_validate_finds_all_mistakes_at_once(desk):
    """Also those of a file in which a key is written twice."""
    desk.mapping(MAPPING.replace("mode", "mode") + "extra_columns: reject\nabsent: never\n")
    desk.mapping("version: [", "other")
    ended = desk("validate")
    assert ended.code == 2
    assert [
        part
        for part in ("'extra_columns' is written twice", "absent", "other.yml", "not YAML")
        if part not in ended.err
    ] == []
