"""What a status and an error body mean: who has to act on them, and in which words it is said."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sync.chartmogul import account
from sync.chartmogul.wire import NOT_MODIFIED, Call
from sync.errors import AlreadyExists, Answered, ChartMogulError, Denied, NotFound, Refusal, Refused

#: All there are: any other 3xx is nobody's answer.
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

#: What is about a request's way, by HTTP itself: it came too late, too early, to somebody else, or nobody waited.
#: They say nothing of the record, in whatever words, nor whether it was carried out.
_OF_THE_WAY = frozenset({408, 421, 425, 499})

#: The most of an error body that is kept for reports.
SHOWN = 500

_TAKEN = re.compile(r"already (exists|been taken)", re.IGNORECASE)
_EXTERNAL_ID = re.compile(r"\bexternal[_ ]id\b", re.IGNORECASE)
_VALID_SOURCE = re.compile(r"valid data source", re.IGNORECASE)
#: How ChartMogul's words begin that are about a data source, and not about who is to be in one.
_SOURCE = re.compile(r"(the )?data[ _]source", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
#: Stands for the variable with the key, where only the mapping knows its name.
KEYS = "CHARTMOGUL_API_KEY, or the variable that the mapping names under destination.api_key"

#: The keys of an error body of ChartMogul's; where it names fields instead, lists of texts belong to them.
_VOCABULARY = frozenset({"code", "message", "param", "errors", "error", "error_details"})

#: Whose answer decides about the key.
_WHOSE_KEY = account.get()
FORBIDDEN = 403

#: What no row can get round, and what helps (dev.chartmogul.com/docs/response-codes). But for a 403, whoever says so.
DENIALS = {
    401: ("ChartMogul does not accept the API key", f"check {KEYS}"),
    402: (
        "ChartMogul wants something settled first",
        "look at the account's plan and billing in ChartMogul",
    ),
    FORBIDDEN: (
        "ChartMogul forbids it",
        f"writing needs a key with Read & Write access: check {KEYS}; or the trial has expired",
    ),
    407: (
        "a proxy on the way wants to know who is asking",
        "check HTTPS_PROXY: the proxy's user and password belong into it",
    ),
}
_HINT_SOURCE = "check the mapping's destination.data_source"
ADDRESS = "CHARTMOGUL_API_URL has to be the address of the API: https://api.chartmogul.com/v1"
DISTRUSTED = (
    "the certificate of whoever answers at CHARTMOGUL_API_URL is not trusted; nothing was sent"
)
TRUST = (
    "check the address; behind a gateway that has a certificate authority of its own, set SSL_CERT_FILE"
    " to a file with its certificate"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt without a usable answer, which time may heal.

    `sent`: the request may have been carried out. `retry_after`: seconds, as ChartMogul asked for. `foreign`: somebody
    else has answered, so nothing is known of the record.
    """

    message: str
    sent: bool
    status: int | None = None
    body: str = ""
    retry_after: float | None = None
    foreign: bool = False

    @property
    def forbidden(self) -> bool:
        """Somebody on the way forbids something: this request, or all of them."""
        return self.foreign and self.status == FORBIDDEN

    @property
    def busy(self) -> bool:
        """503: too many connections at once, at least as often as an outage."""
        return self.status == 503

    @property
    def throttled(self) -> bool:
        """429: too many requests, or too much computing, for now."""
        return self.status == 429

    @property
    def asks_to_wait(self) -> bool:
        """Somebody is there, and asks for patience."""
        return self.throttled or self.busy


def judge(
    call: Call, status: int, body: bytes, location: str = "", retry_after: float | None = None
) -> ChartMogulError | Failure | None:
    """What an answer means for its call: None where it is a good one, whose body is yet to be read.

    `location` is where a redirect points to.
    """
    if 200 <= status < 300 or (status == NOT_MODIFIED and call.empty):
        return None
    text = show(body)
    if status == 429:
        return Failure(
            f"{call.name} was answered 429, too many requests", False, status, text, retry_after
        )
    if status in _REDIRECTS:
        return _redirected(Answered(status, text, garbled=True), location)
    if status < 400:
        said = f"{call.name} was answered {status}, which is no answer to it"
        return Failure(said, True, status, text, retry_after)
    if status >= 500:
        return Failure(f"{call.name} was answered {status}", True, status, text, retry_after)
    foreign = not _is_own(_parse(body), status)
    answered = Answered(status, text, refusals=tuple(_refusals(body)), garbled=foreign)
    if status in DENIALS and not (foreign and status == FORBIDDEN and call != _WHOSE_KEY):
        message, hint = DENIALS[status]
        return Denied(f"{message} ({status}){_discreet(call, answered)}", answered, hint)
    if (foreign or status in _OF_THE_WAY) and not _is_wrong_address(call, status):
        whose = ", but not by ChartMogul" if foreign else ""
        said = f"{call.name} was answered {status}{whose}{_discreet(call, answered)}"
        return Failure(said, True, status, text, retry_after, foreign=True)
    return _refused(call, answered)


def _is_own(data: Any, status: int) -> bool:
    """Whether an error body has one of the shapes of ChartMogul's; any other is of somebody on the way.

    A gateway's JSON may have a message, too, but beside it neither the parameter nor the status as its code, or more
    than that.
    """
    if not isinstance(data, dict) or not data:
        return False
    said = isinstance(data.get("message"), str)
    if said and isinstance(data.get("param", 0), str | None):
        return True
    ours = said and data.get("code") == status
    ours = ours or isinstance(data.get("error"), str) or _names_fields(data.get("errors"))
    if ours and data.keys() <= _VOCABULARY:
        return True
    details = data.get("error_details", ())
    lists = [value for name, value in data.items() if name != "error_details"]
    return all(map(_is_list_of_texts, lists)) and (bool(lists) or _is_list(details))


def _names_fields(errors: Any) -> bool:
    return isinstance(errors, dict) and any(
        isinstance(said, str | list | dict) for said in errors.values()
    )


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_list_of_texts(value: Any) -> bool:
    return _is_list(value) and all(isinstance(text, str) for text in value)


def _is_wrong_address(call: Call, status: int) -> bool:
    """Whether nobody knows a path that names no record: the address is wrong.

    A run reads before it writes: what is said to a create is of that request, not of the address.
    """
    return status == 404 and call.method == "GET" and not call.names_record


def show(body: bytes) -> str:
    """The start of a body, for reports."""
    return body[: SHOWN * 4].decode("utf-8", "replace").strip()[:SHOWN]


def _redirected(answered: Answered, location: str) -> Denied:
    """Redirects are never followed: the key would go along."""
    try:
        target = urlsplit(location)
        place = f" to {target.scheme}://{target.hostname}" if target.hostname else ""
    except ValueError:
        place = ""
    message = f"CHARTMOGUL_API_URL answers with a redirect{place} ({answered.status})"
    return Denied(message, answered, ADDRESS)


def _refused(call: Call, answered: Answered) -> ChartMogulError:
    words = _words(answered)
    if _is_wrong_address(call, answered.status or 0):
        return Denied(_said(call, answered), answered, ADDRESS)
    if answered.status == 404:
        if call.method == "POST" and any(map(_begins_with_source, answered.refusals)):
            return Denied(_said(call, answered), answered, _HINT_SOURCE)
        return (NotFound if call.names_record else Refused)(words, answered)
    if any(map(_source_unknown, answered.refusals)):
        return Denied(words, answered, _HINT_SOURCE)
    if any(map(_id_taken, answered.refusals)):
        return AlreadyExists(words, answered)
    if (
        call.method == "GET" and not call.names_record
    ):  # a list, without which nothing can be decided
        hint = "the next run asks again; what was sent is recorded"
        return Refused(_said(call, answered), answered, hint)
    return Refused(words, answered)


def _begins_with_source(refusal: Refusal) -> bool:
    return _SOURCE.match(refusal.param or refusal.message) is not None


def _source_unknown(refusal: Refusal) -> bool:
    return "data_source" in refusal.param and bool(_VALID_SOURCE.search(refusal.message))


def _id_taken(refusal: Refusal) -> bool:
    """Never by the whole sentence: there are several, and none is documented."""
    place = refusal.param or refusal.message
    return bool(_EXTERNAL_ID.search(place) and _TAKEN.search(refusal.message))


def _words(answered: Answered) -> str:
    said = "; ".join(
        f"{refusal.param}: {refusal.message}" if refusal.param else refusal.message
        for refusal in answered.refusals
    )
    return said[:SHOWN] or f"status {answered.status} without a word"


def _said(call: Call, answered: Answered) -> str:
    return f"{call.name} was answered {answered.status}{_discreet(call, answered)}"


def _discreet(call: Call, answered: Answered) -> str:
    """The words for a message that ends the run, unless they repeat what may be personal of what was sent."""
    words = _words(answered)
    folded = words.casefold()
    return "" if any(text.casefold() in folded for text in call.texts()) else f": {words}"


def _refusals(body: bytes) -> Iterator[Refusal]:
    """The reasons in an error body: seven shapes were seen, HTML and nothing at all among them."""
    data = _parse(body)
    if isinstance(data, dict):
        yield from _from_object(data)
    elif text := show(body):
        title = _TITLE.search(text)
        yield Refusal("", title[1].strip() if title else text)


def _from_object(data: dict[str, Any]) -> Iterator[Refusal]:
    details = data.get("error_details")
    if isinstance(details, list) and details:
        yield from map(_detail, details)
    elif "errors" in data:
        yield from _by_field(data["errors"])
    elif "message" in data:
        yield Refusal(_string(data.get("param")), _string(data["message"]))
    elif "error" in data:
        yield Refusal("", _string(data["error"]))
    else:
        yield from _by_field(data)


def _detail(detail: Any) -> Refusal:
    if not isinstance(detail, dict):
        return Refusal("", _string(detail))
    message = _string(detail.get("message")) or _string(detail.get("code"))
    return Refusal(_string(detail.get("param")), message)


def _by_field(errors: Any) -> Iterator[Refusal]:
    """`{"name": "…"}` or `{"name": ["…", "…"]}`; also a bare list or text."""
    fields = errors if isinstance(errors, dict) else {"": errors}
    for field, messages in fields.items():
        for message in messages if isinstance(messages, list) else [messages]:
            yield Refusal(_string(field), _string(message))


def _string(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value.encode("utf-8", "replace").decode()[:SHOWN]
    return json.dumps(value)[:SHOWN]


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
