"""What the sandbox sends back, and the shapes of ChartMogul's error bodies."""

import re
from collections import abc
from dataclasses import dataclass, field
from typing import Any

import simplejson

JSON = "application/json"
HTML = "text/html; charset=utf-8"
DEEPEST = 100
"""Levels of nesting that JSON may have, as in Ruby's parser."""

#: To ask each value whether it is a named tuple would take most of the time.
_ENCODER = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False, namedtuple_as_object=False)

Flow = abc.Callable[[], abc.Iterator[bytes]]
"""Makes a body piece by piece, however long it is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer that has not been sent yet.

    `dropped` asks whoever sends it to close the connection instead (a transport raises
    `httpx.ReadError`, the server cuts the socket); `delay` is how many seconds to hold it back.
    `flow`, where there is one, makes the body in place of `body`.
    """

    status: int
    headers: abc.Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    dropped: bool = False
    delay: float = 0.0
    flow: Flow | None = None

    @property
    def json(self) -> Any:
        """The body as JSON, decimals exact; None where it is empty."""
        return decode(self.body) if self.body else None


class Refusal(Exception):
    """A request that ends here, with the answer it gets."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}")
        self.answer = answer


def encode(value: object, indent: int | None = None) -> bytes:
    """JSON text; a Decimal keeps every digit, never through float."""
    if indent is None:
        return _ENCODER.encode(value).encode()
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, indent=indent).encode()


def decode(text: bytes) -> Any:
    """A value from JSON text, decimals exact.

    ValueError when it is none: also where it nests too deep, has a number beyond all bounds, or
    half a character (`"\\ud800"`), which no answer could show again.
    """
    try:
        value = simplejson.loads(text.decode(), use_decimal=True, parse_constant=_no_number)
    except (ArithmeticError, RecursionError):
        raise ValueError("JSON beyond all bounds") from None
    if re.search(rb"\\u[dD][89a-fA-F]", text):
        encode(value)
    if text.count(b"[") + text.count(b"{") > DEEPEST and _depth(value) > DEEPEST:
        raise ValueError("JSON that nests too deep")
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _depth(value: object) -> int:
    """Levels of nesting, counted without a call for each."""
    level, depth = [value], 0
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [
            inner for one in level for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth


def found(body: object, status: int = 200) -> Answer:
    """A JSON body."""
    return Answer(status, {"content-type": JSON}, encode(body))


def nothing() -> Answer:
    """204: done, nothing to say."""
    return Answer(204)


def not_modified() -> Answer:
    """304 to an update that changes nothing: no body, no type, no place to go to."""
    return Answer(304)


def deleted(message: str, **left: object) -> Answer:
    """202, the answer of DELETE since September 2026; `left` is what remains."""
    return found({**left, "message": message}, 202)


def failed(status: int, message: str, param: str | None) -> Answer:
    """Shape a: customers, contacts, ping, search, attributes."""
    return found({"code": status, "message": message, "param": param}, status)


def missing(param: str) -> Refusal:
    """400: a parameter that the call needs is not there."""
    return Refusal(failed(400, f'Parameter "{param}" is missing', param))


def unfit(param: str) -> Refusal:
    """400: a parameter with a value that it does not take."""
    return Refusal(failed(400, f'Parameter "{param}" does not have a valid value', param))


def deprecated(param: str) -> Refusal:
    """400: a parameter of former times (known from a client's test alone)."""
    return Refusal(failed(400, f'Parameter "{param}" is deprecated', param))


def invalid(message: str, param: str) -> Refusal:
    """422 in shape a, as PATCH /v1/customers answers."""
    return Refusal(failed(422, message, param))


def rejected(errors: abc.Mapping[str, str]) -> Refusal:
    """422 in shape b: POST of customers and data sources, a message for every bad field."""
    return Refusal(found({"errors": dict(errors)}, 422))


def unknown_customer(uuid: str) -> Refusal:
    """404; the message shows the uuid without its prefix."""
    return Refusal(
        failed(404, f'Customer "{uuid.removeprefix("cus_")}" does not exist', "customer_id")
    )


def unknown_contact(uuid: str) -> Refusal:
    """404; the message shows the uuid without its prefix."""
    return Refusal(
        failed(404, f'Contact "{uuid.removeprefix("con_")}" does not exist', "contact_uuid")
    )


def unknown_source() -> Refusal:
    """404 in shape c."""
    return Refusal(found({"error": "Data source not found"}, 404))


def unauthorized() -> Answer:
    """401, as recorded."""
    return failed(401, "No valid API key provided", None)


def forbidden(status: int = 403) -> Answer:
    """For a write with a read-only key: ChartMogul's own answer is not known, this is ours."""
    return failed(status, "This API key does not have write access", None)


def too_large(most: int) -> Answer:
    """413: the body is longer than it may be; what ChartMogul allows and answers is not known."""
    return failed(413, f"The request body is larger than {most:,} bytes", None)


def page(status: int, title: str) -> Answer:
    """A small page of HTML; the title is a text of our own, nothing of it is escaped."""
    text = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    )
    return Answer(status, {"content-type": HTML}, text.encode())


def nowhere() -> Answer:
    """404 as HTML: what ChartMogul answers on a path that it does not know."""
    return page(404, "Oops! That page doesn&#x27;t exist.")


def throttled(retry_after: float | None) -> Answer:
    """429, in the words of dev.chartmogul.com/docs/rate-limits."""
    answer = failed(429, "Your request rate has exceeded our rate limit.", None)
    return _wait(answer, retry_after)


def crowded(retry_after: float | None) -> Answer:
    """503, named as in dev.chartmogul.com/docs/response-codes."""
    return _wait(failed(503, "Too Many Parallel Connections", None), retry_after)


def _wait(answer: Answer, retry_after: float | None) -> Answer:
    if retry_after is None:
        return answer
    headers = {**answer.headers, "retry-after": f"{retry_after:g}"}
    return Answer(answer.status, headers, answer.body)
