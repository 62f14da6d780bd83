"""What source and state share about databases: their URLs, their drivers and their own words."""

import os
import re
from collections import abc
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from sync.address import DRIVERS, EXTRAS
from sync.errors import ConfigError, ConfigProblem

_SECRET = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)
_MASK = "***"
#: Seconds, and tries: a server that vanishes without a word is given up after a minute, not after hours.
#: postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_PATIENCE = {
    "connect_timeout": 15,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
#: The options by which SQLite opens a file for reading only.
_LOOKING = ("mode", "uri", "immutable")


def parse(text: str) -> URL:
    """The URL of a database, with the driver that our extras install.

    Raises:
        ConfigError: it is not a URL; the text is not repeated, it may hold a password.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise ConfigError(
            ConfigProblem(
                "this is not the URL of a database",
                "write it like postgresql://user:password@host:5432/database or sqlite:///file.db;"
                " in a user or password write @ as %40, : as %3A and / as %2F",
            )
        ) from None
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))


def mask(url: URL) -> str:
    """A URL for people: no password, and nothing secret among its options."""
    query = {key: _MASK if _SECRET.search(key) else value for key, value in url.query.items()}
    if (url.database or "").startswith("file:"):  # made by look_only
        path = unquote(url.database or "").removeprefix("file:")
        url = url.set(database=path)
        query = {key: value for key, value in query.items() if key not in _LOOKING}
    return url.set(query=query).render_as_string(hide_password=True)


def connect(url: URL, **options: Any) -> Engine:
    """An engine; nothing is connected yet.

    Raises:
        ConfigError: the dialect is unknown or its driver is not installed.
    """
    if url.drivername == "postgresql+psycopg":
        given = options.get("connect_args", {})
        options["connect_args"] = {**patience(url.query), **given}
    try:
        return create_engine(url, **options)
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigError(_missing(url, error)) from error


def patience(given: abc.Mapping[str, object]) -> dict[str, int]:
    """How long to wait for a PostgreSQL server that is silent, where the URL does not say so itself."""
    return {name: value for name, value in _PATIENCE.items() if name not in given}


def _missing(url: URL, error: Exception) -> ConfigProblem:
    dialect = url.get_backend_name()
    extra, _ = EXTRAS.get(dialect, ("", ""))
    if not extra:
        known = ", ".join(sorted({"sqlite", *EXTRAS}))
        return ConfigProblem(f"no driver knows {dialect}://", f"known here: {known}")
    return ConfigProblem(
        f"the driver of {dialect}:// is not installed: {words(error, url)}",
        f"pip install 'chartmogul-sync[{extra}]'",
    )


def look_only(url: URL) -> URL:
    """The URL that opens an existing SQLite file for reading and leaves no file behind."""
    path = Path(url.database or "").absolute()
    query = {**url.query, **_look_only(path), "uri": "true"}
    return url.set(database=f"file:{quote(str(path))}", query=query)


def _look_only(path: Path) -> dict[str, str]:
    """A file in WAL mode is read with two more beside it; only a writer removes them again."""
    journal = path.with_name(path.name + "-wal")
    if not journal.exists() and not os.access(path.parent, os.W_OK):
        return {"mode": "ro", "immutable": "1"}
    return {"mode": "rw" if _in_wal_mode(path) else "ro"}


def _in_wal_mode(path: Path) -> bool:
    """https://www.sqlite.org/fileformat2.html: byte 18 of the header is 2."""
    try:
        with path.open("rb") as file:
            return file.read(19)[18:] == b"\x02"
    except OSError:
        return False


def words(error: BaseException, url: URL, *, detail: bool = False) -> str:
    """The database's own message on one line, without SQLAlchemy's wrapping, without the password.

    `detail` adds what PostgreSQL says under DETAIL, which may quote values of a row.
    """
    original = getattr(error, "orig", None) or error
    diagnosis = getattr(original, "diag", None)
    if primary := getattr(diagnosis, "message_primary", None):
        more = getattr(diagnosis, "message_detail", None) if detail else None
        text = f"{primary}: {more}" if more else primary
    else:
        text = _last_text(original)
    text = " ".join(text.split())
    password = str(url.password or "")
    return text.replace(password, _MASK) if len(password) > 3 else text


def _last_text(error: BaseException) -> str:
    """Drivers put a number first, SQLAlchemy's str() adds a link: the last text is the message."""
    texts = [arg for arg in error.args if isinstance(arg, str) and arg.strip()]
    return texts[-1] if texts else str(error) or type(error).__name__
