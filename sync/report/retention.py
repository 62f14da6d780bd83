"""The end of reports: what is older than anybody wants goes, but never the newest real run of a mapping."""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync.domain.keeping import Keeping
from sync.report.files import SUMMARY
from sync.report.plain import loads

#: A run's name begins with when it started.
_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+")
#: A mapping by its name and its data source.
_Mapping = tuple[str, str]


def prune(reports: Path, keeping: Keeping, now: datetime) -> None:
    """Remove the complete run folders that are older than `keeping` says; what cannot be removed stays.

    Of what an older version wrote, and of files that are no run's, nothing goes.
    """
    newest_first = sorted(_runs(reports), key=lambda folder: folder.name, reverse=True)
    old = _old(newest_first, keeping, now)
    if not old:
        return
    covered: set[_Mapping] = set()
    for folder in newest_first:
        summary = _summary(folder)
        if summary is None:
            continue
        real = set() if summary["dry_run"] else _mappings(summary)
        if folder in old and real <= covered and "tool" in summary:
            shutil.rmtree(folder, ignore_errors=True)
        covered |= real


def _runs(reports: Path) -> Iterator[Path]:
    with suppress(OSError):
        for folder in reports.iterdir():
            if _NAME.fullmatch(folder.name) and not folder.is_symlink() and folder.is_dir():
                yield folder


def _old(newest_first: Sequence[Path], keeping: Keeping, now: datetime) -> set[Path]:
    if keeping.runs is not None:
        return set(newest_first[keeping.runs :])
    if keeping.age is None:
        return set()
    last = now - keeping.age
    return {folder for folder in newest_first if _started(folder) < last}


def _started(folder: Path) -> datetime:
    return datetime.strptime(folder.name.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _summary(folder: Path) -> dict[str, Any] | None:
    """What became of a run; None where it cannot be read, or is none."""
    with suppress(OSError, ValueError):
        found = loads((folder / SUMMARY).read_text(encoding="utf-8"))
        if isinstance(found, dict) and {"dry_run", "mappings"} <= found.keys():
            return found
    return None


def _mappings(summary: dict[str, Any]) -> set[_Mapping]:
    return {(one["mapping"], one["data_source"]) for one in summary["mappings"]}
