"""A list that never ends: every page says that there is another."""

from base64 import b64encode
from dataclasses import replace
from typing import Literal

from sync.sandbox.answer import Answer, encode
from sync.sandbox.request import Incoming

Endless = Literal["same_cursor", "new_cursor", "empty_pages"]
"""The same page for ever, with one cursor or with ever new ones; or pages without entries."""

_MARK = "endless&"


def rewind(incoming: Incoming) -> Incoming:
    """A request for a page behind the last one asks for the first again."""
    if not incoming.query.get("cursor", "").startswith(_cursor("")):
        return incoming
    query = {name: value for name, value in incoming.query.items() if name != "cursor"}
    return replace(incoming, query=query)


def prolong(kind: Endless, answer: Answer, number: int) -> Answer:
    """A list with a cursor behind it; any other answer stays as it is."""
    page = answer.json if answer.status == 200 else None
    if not isinstance(page, dict) or "entries" not in page:
        return answer
    cursor = _cursor("for ever" if kind == "same_cursor" else f"{number:09d}")
    more = {"cursor": cursor, "has_more": True}
    if kind == "empty_pages":
        more["entries"] = []
    return replace(answer, body=encode({**page, **more}))


def _cursor(rest: str) -> str:
    # A multiple of three bytes, so that what follows does not change what begins.
    return b64encode(f"{_MARK:<9}{rest}".encode()).decode()
