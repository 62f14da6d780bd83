"""SQLite: a file that is opened for reading only, its text perhaps not UTF-8; no types, the values tell them."""

from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import URL

from sync.database import urls
from sync.warehouse.dialects.dialect import MISSING_FILE
from sync.warehouse.dialects.general import General


@dataclass(frozen=True, slots=True)
class AnySQLite(General):
    """SQLite by whatever driver."""

    unreachable: ClassVar[str] = MISSING_FILE
    bytes_as_text: ClassVar[str] = "hex({})"
    grammar: ClassVar[str] = "sqlite"
    guards: ClassVar[bool] = True

    def reading(self, url: URL) -> URL:
        """A file is opened read-only by a URI, and then not made where there is none."""
        path = url.database or ""
        if path in ("", ":memory:") or path.startswith("file:"):
            return url
        return urls.look_only(url)

    def options(self) -> abc.Mapping[str, Any]:
        """Names of columns as they are, else "a.b" becomes "b"."""
        return {**General.options(self), "sqlite_raw_colnames": True}


@dataclass(frozen=True, slots=True)
class SQLite(AnySQLite):
    """SQLite by Python's own driver."""

    def prepare(self, driver: Any) -> None:
        """Nothing is written, not by way of ATTACH either; text that cannot be read comes as bytes."""
        driver.execute("pragma query_only = on")
        driver.text_factory = decode

    def cancel(self, driver: Any) -> None:
        """The query ends at its next step."""
        driver.interrupt()


def decode(raw: bytes) -> str | bytes:
    """Text out of SQLite, which need not be UTF-8: bytes stay bytes, which nothing can send."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
