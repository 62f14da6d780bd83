"""The recordings, and how a sandbox's answer differs from the recorded one."""

import base64
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from sync.sandbox.answer import Answer, decode

FOLDER = Path(__file__).parents[2] / "recordings"
MISSING = "(missing)"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded request and its answer; `body` is None where there was none."""

    recording: str
    index: int
    cassette: str
    method: str
    path: str
    query: dict[str, str]
    sent: Any
    status: int
    content_type: str
    body: Any
    at: float

    @property
    def name(self) -> tuple[str, int]:
        """What the table of deviations calls it."""
        return self.recording, self.index

    @property
    def uuids(self) -> list[str]:
        """The uuids in its path, and that of the customer it is about."""
        parts = [part for part in self.path.split("/") if part.startswith(("cus_", "con_", "ds_"))]
        about = self.sent.get("customer_uuid") if isinstance(self.sent, dict) else None
        return [*parts, about] if about else parts

    @property
    def is_alone(self) -> bool:
        """Whether it makes a contact of nobody."""
        makes = (self.method, self.path) == ("POST", "/v1/contacts") and self.status == 201
        return makes and "customer_uuid" not in self.sent


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two answers differ; `path` has no list indices."""

    path: str
    recorded: Any
    ours: Any


def read(recording: str) -> list[Exchange]:
    """All exchanges of one file."""
    entries = json.loads((FOLDER / f"{recording}.json").read_text(), parse_float=Decimal)
    return [_exchange(recording, index, entry) for index, entry in enumerate(entries)]


def recordings() -> list[str]:
    """The names of all files, with the year's folder where they have one."""
    paths = (path.relative_to(FOLDER) for path in FOLDER.rglob("*.json"))
    return sorted(path.with_suffix("").as_posix() for path in paths)


def is_sequence(recording: str) -> bool:
    """Whether state carries over from one of its exchanges to the next."""
    return Path(recording).name.startswith("sequence-")


def singles() -> list[Exchange]:
    """Every exchange that stands alone."""
    names = [name for name in recordings() if not is_sequence(name)]
    return [exchange for name in names for exchange in read(name)]


def sequences() -> list[list[Exchange]]:
    """Every cassette of which state carries over from one exchange to the next."""
    names = [name for name in recordings() if is_sequence(name)]
    grouped = (itertools.groupby(read(name), key=lambda one: one.cassette) for name in names)
    return [list(group) for groups in grouped for _, group in groups]


def credentials(key: str) -> dict[str, str]:
    """The header that proves a key."""
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def compare(exchange: Exchange, answer: Answer) -> list[Difference]:
    """Where status, content type or body differ, values included."""
    status = [Difference("(status)", exchange.status, answer.status)]
    kind = answer.headers.get("content-type", "").partition(";")[0]
    content = [Difference("(type)", exchange.content_type, kind)]
    body: Any = answer.body.decode()
    if kind == "application/json":
        body = decode(answer.body)
    heads = [one for one in status + content if one.recorded != one.ours]
    return heads + list(_differences("", exchange.body, body or None if body == "" else body))


def _differences(path: str, recorded: Any, ours: Any) -> Iterator[Difference]:
    match recorded, ours:
        case dict(), dict():
            for key in sorted({*recorded, *ours}):
                under = f"{path}.{key}" if path else key
                yield from _differences(under, recorded.get(key, MISSING), ours.get(key, MISSING))
        case list(), list() if len(recorded) == len(ours):
            for one, other in zip(recorded, ours, strict=True):
                yield from _differences(f"{path}[]", one, other)
        case _:
            if type(recorded) is not type(ours) or recorded != ours:
                yield Difference(path, recorded, ours)


def _exchange(recording: str, index: int, entry: dict[str, Any]) -> Exchange:
    request, response = entry["request"], entry["response"]
    return Exchange(
        recording=recording,
        index=index,
        cassette=f"{recording}/{entry['source']}",
        method=request["method"],
        path=request["path"],
        query=request["query"],
        sent=request["body"],
        status=response["status"],
        content_type=response["headers"].get("content-type", "").partition(";")[0],
        body=response["body"],
        at=_at(entry),
    )


def _at(entry: dict[str, Any]) -> float:
    """When it was recorded; what was created says so itself, to the millisecond."""
    body = entry["response"]["body"]
    if entry["request"]["method"] == "POST" and isinstance(body, dict) and "created_at" in body:
        return datetime.fromisoformat(body["created_at"]).timestamp()
    if entry.get("recorded_at"):
        return parsedate_to_datetime(entry["recorded_at"]).timestamp()
    return datetime(2026, 6, 1, tzinfo=UTC).timestamp()
