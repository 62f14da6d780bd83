"""Failures on demand: which requests fail, how, and whether they take effect first."""

from collections import abc
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any, Literal

from sync.sandbox.answer import JSON, Answer, encode


@dataclass(frozen=True, slots=True)
class Fault:
    """How requests go wrong whose method and path match these globs (`/v1/customers*`).

    It strikes every `every`-th of them, at most `times` times. `status` replaces the answer and
    `drop` closes the connection without one, either `before` the request takes effect or `after`
    it did. `body` (with `content_type`) replaces the text of the answer, `truncate` cuts it in
    half, `delay` holds it back for that many seconds, `retry_after` adds the header; each of
    these alone leaves the rest of the answer, and the effect, as they are.
    """

    method: str = "*"
    path: str = "*"
    status: int | None = None
    drop: bool = False
    when: Literal["before", "after"] = "before"
    every: int = 1
    times: int | None = None
    body: str | None = None
    content_type: str | None = None
    truncate: bool = False
    delay: float = 0.0
    retry_after: float | None = None

    def __post_init__(self) -> None:
        if self.every < 1 or self.when not in ("before", "after"):
            raise ValueError("every must be 1 or more, when must be before or after")

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
        """Put one more in force."""
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


def read_fault(sent: abc.Mapping[str, Any]) -> Fault:
    """A fault from JSON; ValueError when a key or a value is none of a fault's."""
    try:
        return Fault(**{**sent, "delay": float(sent.get("delay", 0))})
    except TypeError as error:
        raise ValueError(str(error)) from None


def spoil(fault: Fault, answer: Answer) -> Answer:
    """What is sent instead of this answer."""
    if fault.status is not None:
        answer = Answer(fault.status, {"content-type": JSON}, _says(fault.status))
    headers = dict(answer.headers)
    body = answer.body if fault.body is None else fault.body.encode()
    if fault.content_type is not None:
        headers["content-type"] = fault.content_type
    if fault.retry_after is not None:
        headers["retry-after"] = f"{fault.retry_after:g}"
    if fault.truncate:
        body = body[: len(body) // 2]
    delay = answer.delay + fault.delay
    return replace(answer, headers=headers, body=body, dropped=fault.drop, delay=delay)


def _says(status: int) -> bytes:
    if status == HTTPStatus.NO_CONTENT:
        return b""
    known = status in {one.value for one in HTTPStatus}
    message = HTTPStatus(status).phrase if known else "Unknown"
    return encode({"code": status, "message": message, "param": None})
