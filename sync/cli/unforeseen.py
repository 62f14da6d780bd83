"""The last net: an error that nobody has foreseen ends in a sentence and 3; its traceback lies in a private file."""

import os
import tempfile
import traceback
from collections import abc
from pathlib import Path

from sync import __version__
from sync.errors import SyncError

_PACKAGE = Path(__file__).parent.parent


class Unforeseen(SyncError):
    """A fault of the program's own; what it had sent is recorded, since every answer is noted as it arrives."""


def unforeseen(error: Exception) -> Unforeseen:
    """What is said of it: its kind and place. Its words may hold a secret or a row: they are in the file alone."""
    places = list(_places(error))
    at = f" in {places[-1]}" if places else ""
    message = f"a fault of chartmogul-sync {__version__} itself: {type(error).__name__}{at}"
    file = _written(error)
    what = f"{file}, which may hold values of rows" if file else f"this way: {', '.join(places)}"
    done = "what was sent is recorded, and the next run goes on from there"
    return Unforeseen(message, f"{done}; please report this fault with {what}")


def _places(error: Exception) -> abc.Iterator[str]:
    """Our own lines that it came through, the last one last."""
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if file.is_relative_to(_PACKAGE):
            yield f"{file.relative_to(_PACKAGE.parent).as_posix()}:{frame.lineno}"


def _written(error: Exception) -> Path | None:
    """A new file with the traceback, for its owner's eyes only; None where no file can be made."""
    text = "".join(traceback.format_exception(error))
    folder = os.environ.get("SYNC_TMP") or None
    try:
        handle, name = tempfile.mkstemp(".txt", "chartmogul-sync-", folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return None
    return Path(name)
