"""What a state's database says when it cannot be used, as an error that a user can act on."""

import os
import re
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import OperationalError

from sync.database import engines, urls
from sync.errors import ConfigError, ConfigProblem, StateError

#: What drivers say of an option in a URL that they do not know, or whose value they do not take.
_OPTION = re.compile(
    r"invalid (connection option|\w+ value|port number|integer value)|bad value for|missing \"=\"",
    re.I,
)
_FITS = "SYNC_STATE_URL has to name a file in a folder that can be entered and written"
#: SQLite's words → what to do about it; the first that fits counts.
_HINTS = (
    ("locked", "another process holds the state for very long; on a network drive, use PostgreSQL"),
    (
        "is full",
        "make room on the disk of the state; what could not be recorded the next run looks up",
    ),
    (
        "malformed|not a database",
        "the file is damaged, or none of ours: put a copy in its place; or move it away, then the next run makes a new"
        " one and looks every record up",
    ),
    (
        "no such column|no such table|has no column|already exists",
        "these tables are none that this program made: let SYNC_STATE_URL name another file",
    ),
)
#: The same of PostgreSQL, in the codes that it gives its errors (postgresql.org/docs/current/errcodes-appendix.html).
_HINTS_BY_CODE = {
    "53100": "make room on the disk of the server; what could not be recorded the next run looks up",
    "53300": "the server has no connection left for this user: let others go, or raise its limit",
    "57014": "the server ends statements of this user too early: raise its statement_timeout",
}
#: What a pooler says that gives each statement another connection; it has no code for that.
_IN_STATEMENTS = "not allowed in statement pooling mode"


def file_of(url: URL) -> Path | None:
    """The file of an SQLite URL; None for memory and for other databases."""
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path == ":memory:":
        return None
    return Path(path.removeprefix("file:"))


def refusal(error: Exception, url: URL) -> StateError | ConfigError:
    """What the database said, as the error that ends a run."""
    said = engines.words(error, url)
    if url.query and _OPTION.search(said):
        return unfit_option(error, url)
    return StateError(f"state {urls.mask(url)}: {said}", _hint(error, url, said))


def unfit_option(error: Exception, url: URL) -> ConfigError:
    """A driver that does not take what its URL asks for."""
    names = ", ".join(sorted(urls.options_of(url)))
    message = f"SYNC_STATE_URL: the driver {url.drivername} says: {engines.words(error, url)}"
    hint = f"its options are {names}: leave out what it does not know" if names else ""
    return ConfigError(ConfigProblem(message, hint or "name another driver, or none"))


def _hint(error: Exception, url: URL, said: str) -> str:
    if url.get_backend_name() == "sqlite":
        return _hint_for_file(url, said)
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    if hint := _HINTS_BY_CODE.get(code or ""):
        return hint
    if _IN_STATEMENTS in said:
        return (
            "the state needs whole transactions: let the pooler work in transaction or session mode"
        )
    if isinstance(error, OperationalError):  # no connection, or one that broke off
        return (
            "check SYNC_STATE_URL, and that the server there runs and takes connections;"
            " what could not be recorded the next run looks up, nothing is sent twice"
        )
    return "check SYNC_STATE_URL, and that its user may create and write tables there"


def _hint_for_file(url: URL, said: str) -> str:
    hint = next((hint for words, hint in _HINTS if re.search(words, said)), None)
    return hint or _stranger(file_of(url)) or _FITS


def _stranger(path: Path | None) -> str | None:
    """Whose file it is, where that is somebody else's."""
    try:
        owner = None if path is None else path.stat().st_uid
    except OSError:
        return None
    if owner is None or owner == os.geteuid():
        return None
    return (
        f"the file belongs to user {owner}, and this process is user {os.geteuid()}: run it as that user, or give"
        " file and folder to this one, or to a group of both that may write there"
    )
