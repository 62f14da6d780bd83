"""What spools of killed processes leave behind: empty files, which the next spool removes."""

import os
import stat
import time
from contextlib import suppress
from pathlib import Path

#: How the names of spool files begin, for as long as they have one.
PREFIX = "spool-"
#: Seconds; a spool has a name for less than a thousandth of one.
_DEAD_AFTER = 60.0


def sweep(folder: Path) -> None:
    """Remove the empty files of processes that were killed before they could do so."""
    for file in folder.glob(f"{PREFIX}????????"):
        with suppress(OSError):  # somebody else was faster
            if _is_left(file.lstat()):
                file.unlink()


def _is_left(file: os.stat_result) -> bool:
    """Whether a file is one of those; others may keep theirs in the machine's temporary folder."""
    old = time.time() - file.st_mtime > _DEAD_AFTER
    empty = file.st_mode == stat.S_IFREG | 0o600 and file.st_size == 0
    return old and empty and file.st_uid == os.geteuid()
