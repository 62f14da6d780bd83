"""Requests and their answers as the page shows them, side by side."""

from dataclasses import dataclass
from typing import Any

from sync.sandbox import moments
from sync.sandbox.answer import decode, encode
from sync.sandbox.sandbox import Call

LONGEST = 4_000
"""Characters of a body that are shown."""

BRIEF = 160
"""Characters of a body that are shown before it is opened."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body in one line, and in many where one does not hold it."""

    brief: str
    whole: str = ""


def exchange(call: Call) -> dict[str, Any]:
    """A request with what was sent and what was answered."""
    moment = moments.stamp(call.at)
    return {
        "method": call.method,
        "path": call.path,
        "query": dict(call.query),
        "status": call.status,
        "dropped": call.dropped,
        "tone": _tone(call),
        "at": moments.show(moment),
        "said": moments.say_exactly(moment),
        "sent": _body(call.body),
        "answered": _body(call.answer),
    }


def _tone(call: Call) -> str:
    if call.dropped or call.status >= 500:
        return "bad"
    return "warn" if call.status >= 400 else "good"


def _body(body: bytes) -> Body | None:
    """A body as people read it; None where there is none."""
    if not body:
        return None
    text = body.decode(errors="replace")
    try:
        value = decode(body)
    except ValueError:  # cut off, or no JSON at all
        return _cut(" ".join(text.split()), text)
    return _cut(encode(value).decode(), encode(value, indent=2).decode())


def _cut(line: str, text: str) -> Body:
    if len(line) <= BRIEF:
        return Body(line)
    whole = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    return Body(f"{line[:BRIEF]}…", whole)
