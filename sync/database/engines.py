"""Engines, the drivers that they need, and the databases' own words."""

import re
from collections import abc
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import NoSuchModuleError

from sync.database.urls import EXTRAS, cure, names_of, secrets_of
from sync.domain.secret import mask
from sync.errors import ConfigError, ConfigProblem

#: Seconds, and tries: a server that vanishes without a word is given up after a minute, not after hours.
#: postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_PATIENCE = {
    "connect_timeout": 15,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


#: Names, ports, time-outs and certificates, as urllib3 says them.
_WHY = re.compile(r"(Failed to .*?|Connection to \S* timed out[^'\"]*|\[SSL[^'\"]*)['\"]\)", re.S)


def connect(url: URL, **options: Any) -> Engine:
    """An engine; nothing is connected yet.

    Raises:
        ConfigError: the dialect is unknown, its driver is not installed, or takes neither this URL nor its options.
    """
    if url.drivername == "postgresql+psycopg":
        given = options.get("connect_args", {})
        options["connect_args"] = {**patience(url.query), **given}
    with _installed(url):
        return create_engine(url, **options)


def names(url: URL) -> tuple[str, str]:
    """What SQLAlchemy calls the database and the driver of a URL; ConfigError as in `connect`."""
    with _installed(url):
        found = url.get_dialect()
    return found.name, getattr(found, "driver", "")


@contextmanager
def _installed(url: URL) -> abc.Iterator[None]:
    try:
        yield
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigError(_missing(url, error)) from error
    except (
        Exception
    ) as error:  # drivers look for files and credentials here, and raise whatever that raises
        raise ConfigError(_unfit(url, error)) from error


def patience(given: abc.Mapping[str, object]) -> dict[str, int]:
    """How long to wait for a PostgreSQL server that is silent, where the URL does not say so itself."""
    return {name: value for name, value in _PATIENCE.items() if name not in given}


def _missing(url: URL, error: Exception) -> ConfigProblem:
    dialect = url.get_backend_name()
    hint = cure(url.drivername)
    if not hint:
        known = ", ".join(sorted({"sqlite", *EXTRAS}))
        return ConfigProblem(f"no driver knows {dialect}://", f"known here: {known}")
    return ConfigProblem(
        f"the driver of {dialect}:// is not installed: {words(error, url)}",
        hint,
    )


def _unfit(url: URL, error: Exception) -> ConfigProblem:
    """What the driver says of a URL; of an error that has no words its name, and never what is secret in the URL."""
    return ConfigProblem(
        f"the driver of {url.get_backend_name()}:// cannot use this: {type(error).__name__}: {words(error, url)}",
        "check the URL and its options, and the credentials that the driver looks for",
    )


def words(error: BaseException, url: URL, *, detail: bool = False) -> str:
    """The database's own message on one line, without SQLAlchemy's wrapping, without the secrets of its URL.

    `detail` adds what PostgreSQL says under DETAIL, which may quote values of a row: then a password that is a
    word is none of those in quotes.
    """
    original = getattr(error, "orig", None) or error
    diagnosis = getattr(original, "diag", None)
    if primary := getattr(diagnosis, "message_primary", None):
        more = getattr(diagnosis, "message_detail", None) if detail else None
        text = f"{primary}: {more}" if more else primary
    else:
        text = _last_text(original)
    text = " ".join(text.split())
    known = names_of(url)
    for secret in secrets_of(url):
        text = mask(text, " ".join(secret.split()), known, quoted=not detail)
    return text


def _last_text(error: BaseException) -> str:
    """Drivers put a number first, SQLAlchemy's str() adds a link: the last text is the message."""
    texts = [arg for arg in error.args if isinstance(arg, str) and arg.strip()]
    text = texts[-1] if texts else str(error) or type(error).__name__
    cause = next((arg for arg in error.args if isinstance(arg, OSError)), None)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    if cause is not None and texts:
        return f"{text}: {cause.strerror or cause}"
    return _why_unreachable(text)


def _why_unreachable(text: str) -> str:
    """Why a server could not be reached, of what urllib3 wraps it in; any other text as it is."""
    if "Max retries exceeded with url" not in text:
        return text
    found = _WHY.search(text)
    return found[1] if found else text
