"""The end of reports: what is older than anybody wants goes, but never the newest real run of a mapping."""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sync.domain.keeping import Keeping
from sync.domain.results import Run
from sync.report.files import SUMMARY
from sync.report.plain import loads

#: A run's name begins with when it started.
_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+")
#: A silence between two runs that makes one wonder about the clock.
_SILENCE = timedelta(days=30)
#: A mapping by its name and its data source.
_Mapping = tuple[str, str]
#: After the last of some summaries, among which None is one that cannot be read.
_END: dict[str, Any] = {}


def after(run: Run, reports: Path, keeping: Keeping) -> None:
    """Remove what is too old at the end of a run, by the clock that its end goes by."""
    if run.finished_at is not None:
        prune(reports, keeping, run.finished_at)


def prune(reports: Path, keeping: Keeping, now: datetime) -> None:
    """Remove the complete run folders that are older than `keeping` says; what cannot be removed stays.

    Of what an older version wrote, and of files that are no run's, nothing goes.
    """
    newest_first = sorted(_runs(reports), key=lambda folder: folder.name, reverse=True)
    kept = len(newest_first) - _old(newest_first, keeping, now)
    newer = map(_summary, newest_first[:kept])  # read as far as it takes: there may be thousands
    covered: set[_Mapping] = set()
    for folder in newest_first[kept:]:
        summary = _summary(folder)
        if summary is None:
            continue
        real = _real_mappings(summary)
        while not real <= covered and (one := next(newer, _END)) is not _END:
            covered |= _real_mappings(one)
        if real <= covered and "tool" in summary:
            shutil.rmtree(folder, ignore_errors=True)
        covered |= real


def _runs(reports: Path) -> Iterator[Path]:
    with suppress(OSError):
        for folder in reports.iterdir():
            if _NAME.fullmatch(folder.name) and not folder.is_symlink() and folder.is_dir():
                yield folder


def _old(newest_first: Sequence[Path], keeping: Keeping, now: datetime) -> int:
    """How many are older than anybody wants: the last of them."""
    if keeping.runs is not None:
        return max(0, len(newest_first) - keeping.runs)
    if keeping.age is None:
        return 0
    if len(newest_first) > 1:
        before = _started(newest_first[1])
        # Nobody ran for so long, or a clock is ahead for once: nothing is older than it was to the run before.
        now = before if now - before > max(keeping.age, _SILENCE) else now
    last = now - keeping.age
    return sum(_started(folder) < last for folder in newest_first)


def _started(folder: Path) -> datetime:
    return datetime.strptime(folder.name.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _summary(folder: Path) -> dict[str, Any] | None:
    """What became of a run; None where it cannot be read, or is none."""
    with suppress(OSError, ValueError):
        found = loads((folder / SUMMARY).read_text(encoding="utf-8"))
        if isinstance(found, dict) and {"dry_run", "mappings"} <= found.keys():
            return found
    return None


def _real_mappings(summary: dict[str, Any] | None) -> set[_Mapping]:
    """Those of a real run whose summary can be read."""
    if summary is None or summary["dry_run"]:
        return set()
    return {(one["mapping"], one["data_source"]) for one in summary["mappings"]}
