"""What the environment puts into the user and the password of a URL: percent-encoded, so that it may be anything."""

import re
from collections import abc
from dataclasses import dataclass
from urllib.parse import quote

from pydantic_core import PydanticCustomError

from sync.database.urls import is_login_option
from sync.mapping.interpolation import Environment, fill_text, name_of, references

#: User and password behind `://`, as SQLAlchemy tells them from the rest.
_USERINFO = re.compile(r"[^/?]*?://(?P<userinfo>[^:/]*(?::[^@]*)?)@")
_OPTION = re.compile(r"[?&](?P<name>[^=&]*)=(?P<value>[^&]*)")
_ENCODED = re.compile(
    r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*%[0-9A-Fa-f]{2}(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*"
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where in a URL, as a mapping writes it, references are a part of a user or a password."""

    url: str

    def fill(self, environment: Environment, withheld: abc.Set[str]) -> str | PydanticCustomError:
        """The URL with its references replaced, or the flaw in it.

        What is a well-formed encoding already is left as it is. A variable that is the whole URL is the URL.
        """
        spans = self._spans()

        def put(value: str, at: int) -> str:
            return _encoded(value) if any(at in span for span in spans) else value

        return fill_text(self.url, environment, withheld, put)

    def left(self, environment: Environment) -> tuple[str, ...]:
        """The variables whose values were taken for encodings."""
        spans = self._spans()
        return tuple(
            found["name"]
            for found in references(self.url)
            if found["name"]
            and any(found.start() in span for span in spans)
            and _ENCODED.fullmatch(environment.get(found["name"]) or "")
        )

    def _spans(self) -> list[range]:
        """The places of users and passwords, before the host and among the options."""
        if name_of(self.url):
            return []
        plain = "".join(self._pieces())
        found = _USERINFO.match(plain)
        spans = [range(*found.span("userinfo"))] if found else []
        start = found.end() if found else 0
        options = _OPTION.finditer(plain, start)
        return spans + [
            range(*option.span("value"))
            for option in options
            if is_login_option(self.url[slice(*option.span("name"))])
        ]

    def _pieces(self) -> abc.Iterator[str]:
        """The URL with as many letters for each reference."""
        end = 0
        for found in references(self.url):
            yield self.url[end : found.start()]
            yield "x" * len(found[0])
            end = found.end()
        yield self.url[end:]


def _encoded(value: str) -> str:
    return value if _ENCODED.fullmatch(value) else quote(value, safe="", errors="surrogateescape")
