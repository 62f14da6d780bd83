"""The folder of one run's report: private, under a temporary name until it is complete."""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from sync import files

LATEST = "latest"
#: A run writes to its folder far more often than this; what is older belongs to a run that died.
DEAD_AFTER = 24 * 3600


class Folder:
    """`REPORTS/.RUN.partial`, which becomes `REPORTS/RUN`. All errors are OSErrors."""

    def __init__(self, reports: Path, run_id: str) -> None:
        """Make the temporary folder, and `reports` above it."""
        self._reports = reports
        self.final = reports / run_id
        self.partial = reports / f".{run_id}.partial"
        reports.mkdir(parents=True, exist_ok=True)
        files.make_folder(self.partial)

    def open(self, name: str) -> TextIO:
        """A new text file in it, private as `files` has it; lines end as they are written."""
        descriptor = files.create(self.partial / name, os.O_WRONLY)
        return open(descriptor, "w", encoding="utf-8", newline="")

    def publish(self) -> None:
        """Give it its final name; its files are closed and on disk."""
        os.rename(self.partial, self.final)

    def point_latest(self) -> None:
        """Make `REPORTS/latest` name this run, in one step.

        File systems without symbolic links do without; a real folder of that name is left alone.
        """
        link = self._reports / f".{self.final.name}.{LATEST}"
        with suppress(OSError):
            link.symlink_to(self.final.name)
        with suppress(OSError):
            os.replace(link, self._reports / LATEST)
        link.unlink(missing_ok=True)


def close(opened: Iterable[TextIO]) -> None:
    """Close files, their content on disk for good: a rename after it never shows half of it."""
    for file in opened:
        file.flush()
        os.fsync(file.fileno())
        file.close()


def sweep(reports: Path, now: float) -> None:
    """Remove the temporary folders, and links, of runs that died more than a day before `now`.

    `now` is in seconds since 1970. What cannot be removed stays.
    """
    for partial in reports.glob(".*.partial"):
        with suppress(OSError):
            if not partial.is_symlink() and now - _touched(partial) > DEAD_AFTER:
                shutil.rmtree(partial, ignore_errors=True)
    for link in reports.glob(f".*.{LATEST}"):
        with suppress(OSError):
            if link.is_symlink() and now - link.lstat().st_mtime > DEAD_AFTER:
                link.unlink()


def _touched(folder: Path) -> float:
    """When anything in the folder was last written, in seconds since 1970."""
    return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
