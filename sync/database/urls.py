"""The URL of a database: what it may look like, and what it means here."""

import difflib
import os
import re
from collections import abc
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_plus

from pydantic_core import PydanticCustomError

from sync.domain.flaw import flaw
from sync.domain.secret import MASK
from sync.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from sqlalchemy import URL

_SECRET_OPTION = re.compile(r"pass|pwd|secret|token|key|credential", re.IGNORECASE)
#: Where a secret lies is none.
_PATH = re.compile(r"(?:path|file)\Z", re.IGNORECASE)
#: User and password as SQLAlchemy finds them behind `://`.
_USERINFO = re.compile(r"[^:/]*(?::(?P<password>[^@]*))?@")
#: How options are called; what does not look like that may be the end of a password with an &.
_OPTION = re.compile(r"[a-z_]{6,}")
_ENCODE = "in a user, a password or an option write @ as %40, : as %3A and / as %2F"
#: A whole URL in a variable is taken as it is; where a mapping puts it together, we know what is its password.
_PARTED = f"{_ENCODE}; or write source.url as postgresql://user:${{PASSWORD}}@host/db in the mapping, which encodes it"

#: The options by which SQLite opens a file for reading only.
_LOOKING = ("mode", "uri", "immutable")


def parse(text: str) -> "URL":
    """The URL of a database, with the driver that our extras install.

    Raises:
        ConfigError: it is not a URL; the text is not repeated, it may hold a password.
    """
    from sqlalchemy import make_url  # `validate` does without it
    from sqlalchemy.exc import ArgumentError

    if is_ambiguous(text):
        raise ConfigError(ConfigProblem(_AMBIGUOUS, _PARTED))
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        raise ConfigError(
            ConfigProblem(
                "this is not the URL of a database",
                "write it like postgresql://user:password@host:5432/database or sqlite:///file.db;"
                f" {_ENCODE}",
            )
        ) from None
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))


_AMBIGUOUS = "the URL of a database has more than one @, so where its password ends cannot be told"


def is_ambiguous(text: str) -> bool:
    """Whether an @ stands where it may be a part of the password, which would then be taken for a host or an option."""
    rest = text.strip().partition("://")[2]
    found = _USERINFO.match(rest)
    if rest.startswith("/") or (found is None and "@" not in rest.partition("?")[0]):
        return False
    tail = rest[found.end() :] if found else rest
    place, _, query = tail.partition("?")
    return "@" in place or ("@" in query and found is not None and found["password"] is not None)


def mask(url: "URL") -> str:
    """A URL for people: no password, and nothing secret among its options, nor what may be cut off from that."""
    query: dict[str, abc.Sequence[str]] = {}
    for key, value in url.query.items():
        if _is_secret_option(key, value):
            query[key] = MASK
            break  # what follows may be the end of it, cut off at an &
        query[key] = value
    if (url.database or "").startswith("file:"):  # made by look_only
        path = unquote(url.database or "").removeprefix("file:")
        url = url.set(database=path)
        query = {key: value for key, value in query.items() if key not in _LOOKING}
    return url.set(query=query).render_as_string(hide_password=True).replace(quote(MASK), MASK)


def _is_secret_option(key: str, value: str | tuple[str, ...]) -> bool:
    values = (value,) if isinstance(value, str) else value
    named = _SECRET_OPTION.search(key) and not _PATH.search(key)
    return bool(named) or any(spells_secret(key, one) for one in values)


def options_of(url: "URL") -> tuple[str, ...]:
    """The names of a URL's options that may be shown: up to the first secret, whose end the next may be."""
    found: list[str] = []
    for key, value in url.query.items():
        found.append(key)
        if _is_secret_option(key, value):
            break
    return tuple(found)


def is_login_option(name: str) -> bool:
    """Whether an option of a URL holds a user or a secret."""
    return name.lower() in ("user", "username", "uid") or bool(_SECRET.search(name))


def secrets_of(url: "URL") -> tuple[str, ...]:
    """The secrets in a URL: its password, its secret options, and what may be cut off from these."""
    found, hidden = [str(url.password or "")], False
    for key, value in url.query.items():
        if hidden and not _OPTION.fullmatch(key):
            found.append(key)
        hidden = hidden or _is_secret_option(key, value)
        if hidden:
            found += [value] if isinstance(value, str) else value
    return tuple(filter(None, found))


def names_of(url: "URL") -> tuple[str, ...]:
    """What a URL shows anyway, so that it is hidden nowhere: user, host, port, database and dialect."""
    parts = (url.username, url.host, str(url.port or ""), url.database, url.get_backend_name())
    return tuple(filter(None, parts))


def look_only(url: "URL") -> "URL":
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


#: What a URL without a driver means. `postgresql://` alone would mean psycopg2 to SQLAlchemy.
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mssql": "mssql+pymssql",
    "redshift": "redshift+redshift_connector",
    "clickhouse": "clickhousedb",
}
#: Dialect → the extra that brings it, and the module that shows that it is there.
EXTRAS = {
    "postgresql": ("postgres", "psycopg"),
    "mysql": ("mysql", "pymysql"),
    "mariadb": ("mysql", "pymysql"),
    "duckdb": ("duckdb", "duckdb_engine"),
    "redshift": ("redshift", "sqlalchemy_redshift"),
    "snowflake": ("snowflake", "snowflake.sqlalchemy"),
    "bigquery": ("bigquery", "sqlalchemy_bigquery"),
    "databricks": ("databricks", "databricks.sqlalchemy"),
    "mssql": ("mssql", "pymssql"),
    "clickhousedb": ("clickhouse", "clickhouse_connect"),
    "trino": ("trino", "trino.sqlalchemy"),
}
_SECRET = re.compile(r"passw|pwd|passphrase|secret|token|private_key|credential|api_?key", re.I)
_BUILT_IN = frozenset({"sqlite", "postgresql", "mysql", "mariadb", "mssql", "oracle"})
#: A reference to the environment, after `references.mask`.
STAND_IN = "\0"


def normalise(url: str) -> str:
    """The URL with the driver that this project ships, where it names none."""
    scheme, rest = url.split("://", 1)
    name, plus, driver = scheme.partition("+")
    if plus:
        return f"{'postgresql' if name == 'postgres' else name}+{driver}://{rest}"
    return f"{DRIVERS.get(name, name)}://{rest}"


def dialect(url: str) -> str:
    """The database's kind: `sqlite`, `postgresql`, `snowflake`."""
    return re.split(r"\+|://", normalise(url))[0]


def cure(drivername: str) -> str:
    """What brings the driver of a URL: an extra, where it is the extra's; else another way to write the URL."""
    backend = drivername.partition("+")[0]
    ours = DRIVERS.get(backend, backend)
    extra, _ = EXTRAS.get(ours.partition("+")[0], ("", ""))
    if not extra:
        return ""
    install = f"pip install 'chartmogul-sync[{extra}]'"
    if drivername in (backend, ours):
        return install
    return f"{install} brings another driver: write {backend}:// for it, or install that of {drivername}:// yourself"


def review(url: str, *, installed: bool) -> str | PydanticCustomError:
    """The normalised URL, or the flaw in it; of the URL itself that shows the dialect alone.

    With `installed`, what reads such a database must be there, too.
    """
    url = url.strip()
    if not re.match(r"[a-z][a-z0-9_]*(\+[a-z0-9_]+)?://", url):
        what = "begins with a quote" if url[:1] in ("'", '"') else "is none" if url else "is empty"
        hint = "write it as postgresql://user:${PASSWORD}@host/database or sqlite:///file.db"
        if "quote" in what:
            hint = "take the quotes out: Docker's --env-file keeps them, unlike .env"
        return flaw(f"the URL of a database belongs here, and this {what}", hint)
    if is_ambiguous(url):
        return flaw(_AMBIGUOUS, _PARTED)
    name = dialect(url)
    if not installed or _is_readable(name, normalise(url)):
        return normalise(url)
    if hint := cure(url.split("://", 1)[0]):
        return flaw(f"what reads {name} is not installed", hint)
    return flaw(f"nothing that is installed reads {name!r}", _known(name))


def _known(name: str) -> str:
    known = ["sqlite", *EXTRAS]
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"


def _is_readable(name: str, url: str) -> bool:
    """SQLAlchemy would tell as well, for half a second of CPU."""
    module = EXTRAS[name][1] if name in EXTRAS else ""
    if url.startswith(f"{DRIVERS.get(name, name)}://") and module:
        return _has(module)
    return name in _BUILT_IN or bool(entry_points(group="sqlalchemy.dialects", name=name))


def _has(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that the module would be in
        return False


def holds_password(masked: str) -> bool:
    """Whether a URL, with `STAND_IN` for what the environment gives, spells out a password."""
    userinfo = re.match(r"[^:/]*:(?P<password>[^@]*)@", masked.split("://", 1)[-1])
    if userinfo and userinfo["password"].strip(STAND_IN):
        return True
    _, _, query = masked.partition("?")
    return any(spells_secret(*part.partition("=")[::2]) for part in query.split("&"))


def spells_secret(name: str, value: str) -> bool:
    """Whether an option, with `STAND_IN` for what the environment gives, spells out a secret."""
    if name == "odbc_connect":
        return any(
            spells_secret(*part.partition("=")[::2]) for part in unquote_plus(value).split(";")
        )
    return bool(_SECRET.search(name)) and not _PATH.search(name) and bool(value.strip(STAND_IN))
