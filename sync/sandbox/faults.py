"""Failures on demand: which requests fail, how, and whether they take effect first."""

from collections import abc
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Literal

from sync.sandbox import floods
from sync.sandbox.answer import JSON, Answer, Flow, encode, page
from sync.sandbox.checks import Misfit, bounded, check, read
from sync.sandbox.endless import Endless

MOST = 1_000
"""Faults in force at once."""

BARE = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
"""Statuses that have no body, as HTTP demands."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How requests go wrong whose method and path match these globs (`/v1/customers*`).

    It strikes every `every`-th of them, at most `times` times. `status` replaces the answer and
    `drop` closes the connection without one, either `before` the request takes effect or `after`
    it did. Each of the others alone leaves the rest of the answer, and the effect, as they are:

    `body` (with `content_type`) replaces the text of the answer; `page` makes it a page of HTML
    as firewalls and proxies have them; `truncate` cuts it in half; `delay` holds it back for that
    many seconds; `retry_after` and `location` add these headers, the latter as it is, however
    broken. `huge` is a body of that many bytes, `bomb` one that unpacks to as many from a
    thousandth of them in gzip: both are lists without entries and much white space. `endless`
    makes every page of a list say that there is another: the same page with the `same_cursor`,
    with a `new_cursor` each time, or `empty_pages`.

    Raises:
        ValueError: a value is none that it can be.
    """

    method: str = "*"
    path: str = "*"
    status: int | None = bounded(None, least=200, most=599)
    drop: bool = False
    when: Literal["before", "after"] = "before"
    every: int = bounded(1, least=1)
    times: int | None = bounded(None)
    body: str | None = None
    content_type: str | None = None
    truncate: bool = False
    delay: float = bounded(0.0, most=86_400)
    retry_after: float | None = bounded(None)
    page: bool = False
    location: str | None = None
    huge: int | None = bounded(None, most=floods.LARGEST)
    bomb: int | None = bounded(None, most=floods.LARGEST)
    endless: Endless | None = None

    def __post_init__(self) -> None:
        check(self)
        for name in ("content_type", "location"):
            if not _is_header(getattr(self, name) or ""):
                message = f"{name} is a text of Latin-1 without line ends: it goes into a header."
                raise Misfit(name, message)

    @property
    def spares(self) -> bool:
        """Whether the request never takes effect."""
        return self.when == "before" and (self.status is not None or self.drop)


@dataclass(slots=True)
class Count:
    """How many requests a fault matched, and how many it struck."""

    matched: int = 0
    struck: int = 0


@dataclass(slots=True)
class Faults:
    """The faults in force, in the order in which they were set."""

    counts: list[tuple[Fault, Count]] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Put one more in force; `Misfit` (a ValueError) where there are too many already."""
        if len(self.counts) >= MOST:
            raise Misfit("faults", f"There are {MOST:,} faults in force, more cannot be.")
        self.counts.append((fault, Count()))

    def clear(self) -> None:
        """No request fails any more."""
        self.counts.clear()

    def strike(self, method: str, path: str) -> Fault | None:
        """The first fault that strikes this request; all that match it count it."""
        struck = None
        for fault, count in self.counts:
            if not (fnmatchcase(method, fault.method) and fnmatchcase(path, fault.path)):
                continue
            count.matched += 1
            spent = fault.times is not None and count.struck >= fault.times
            if struck is None and not spent and count.matched % fault.every == 0:
                count.struck += 1
                struck = fault
        return struck


def read_fault(sent: object) -> Fault:
    """A fault from JSON; ValueError when a key or a value is none of a fault's."""
    return Fault(**read(Fault, sent))


def spoil(fault: Fault, answer: Answer) -> Answer:
    """What is sent instead of this answer."""
    if fault.status is not None:
        answer = _own(fault.status)
    if fault.page:
        answer = page(answer.status, _title(answer.status))
    headers = {**answer.headers, **dict(_headers(fault))}
    body = answer.body if fault.body is None else fault.body.encode()
    if fault.truncate:
        body = body[: len(body) // 2]
    delay = answer.delay + fault.delay
    flow = _flow(fault)
    return replace(answer, headers=headers, body=body, flow=flow, dropped=fault.drop, delay=delay)


def _own(status: int) -> Answer:
    if status in BARE:
        return Answer(status)
    message = _phrase(status)
    body = encode({"code": status, "message": message, "param": None})
    return Answer(status, {"content-type": JSON}, body)


def _headers(fault: Fault) -> abc.Iterator[tuple[str, str]]:
    if fault.huge is not None or fault.bomb is not None:
        yield "content-type", JSON
    if fault.bomb is not None:
        yield "content-encoding", "gzip"
    if fault.content_type is not None:
        yield "content-type", fault.content_type
    if fault.retry_after is not None:
        yield "retry-after", f"{fault.retry_after:g}"
    if fault.location is not None:
        yield "location", fault.location


def _flow(fault: Fault) -> Flow | None:
    if fault.bomb is not None:
        return floods.bomb(fault.bomb)
    return None if fault.huge is None else floods.spaces(fault.huge)


def _title(status: int) -> str:
    return "Please log in" if status < 300 else f"{status} {_phrase(status)}"


def _phrase(status: int) -> str:
    known = status in {one.value for one in HTTPStatus}
    return HTTPStatus(status).phrase if known else "Unknown"


def _is_header(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return not any(sign in text for sign in "\r\n\0")
