"""What a failed request means for its row: a rejected row whose words a user can act on."""

import re
from collections import abc
from decimal import Decimal

from sync.domain.personal import is_personal
from sync.domain.record import ATTRIBUTE, Problem, Record, Rejected, Stage
from sync.errors import Answered, CutShort, NotFound, Refused, Unavailable

_SHORTEST = 3
#: What is quoted in ChartMogul's words is most likely a value; an apostrophe within a word quotes nothing.
_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|`[^`]*`|“[^”]*”|‘[^’]*’|«[^»]*»")
#: The least status of an answer that is an error by itself.
_ERRORS = 400
#: The state keeps no more of them.
_LONGEST = 300


def reject(record: Record, error: Refused | Unavailable) -> Rejected:
    """The row that could not be delivered, with ChartMogul's own words where they give no value away."""
    answered = error.answered
    match error:
        case CutShort():
            problems = [
                Problem(
                    "unavailable",
                    f"the run ended in the middle of this row: {error.message}",
                    hint="the next run goes on with it",
                )
            ]
        case Unavailable():
            problems = [_unavailable(error)]
        case NotFound():
            problems = [
                Problem(
                    "gone",
                    "ChartMogul no longer has this record",
                    hint="the next run looks it up again",
                )
            ]
        case _:
            problems = _refused(record, error)
    return Rejected(
        record.row,
        record.key,
        Stage.SEND,
        tuple(problems),
        answered.status,
        answered.body or None,
        answered.attempts,
    )


def _unavailable(error: Unavailable) -> Problem:
    status = error.answered.status
    if status is None or status < _ERRORS:  # the words say why what may look good is no answer
        return Problem(
            "unavailable",
            f"ChartMogul gave no usable answer in {_tries(error.answered)}: {error.message}",
            hint="the next run tries again",
        )
    if error.answered.garbled:
        return Problem(
            "unavailable",
            f"somebody on the way to ChartMogul, a firewall or a proxy, answered {error.answered.status}"
            f" in {_tries(error.answered)}",
            hint="its answer is in errors.jsonl; the next run tries again",
        )
    return Problem(
        "unavailable",
        f"ChartMogul answered {error.answered.status} in {_tries(error.answered)}",
        hint="the next run tries again",
    )


def _tries(answered: Answered) -> str:
    return "one try" if answered.attempts == 1 else f"{answered.attempts} tries"


def _refused(record: Record, error: Refused) -> list[Problem]:
    status = error.answered.status
    found = [
        Problem(
            "refused",
            f"ChartMogul refused the row with status {status}" + _words(record, refusal.message),
            _field(record, refusal.param),
            _value(record, refusal.param),
            error.hint or "the answer is in errors.jsonl; mend the row in the warehouse",
        )
        for refusal in error.answered.refusals
    ]
    return found or [
        Problem(
            "refused",
            f"ChartMogul refused the row with status {status}" + _words(record, error.message),
            hint=error.hint or "the answer is in errors.jsonl",
        )
    ]


def _words(record: Record, words: str) -> str:
    """ChartMogul's words, unless they repeat a value of the row that may be personal: messages reach terminals."""
    folded = words.casefold()
    texts = (str(value).casefold() for value in _personal(record))
    telling = any(len(text) >= _SHORTEST and text in folded for text in texts)
    return "" if telling or not words else f": {words}"


def _personal(record: Record) -> abc.Iterator[object]:
    yield record.key
    if record.customer is not None:
        yield record.customer
    for field, value in record.fields.items():
        if is_personal(field, value):
            yield value


def memorable(record: Record, error: Refused) -> str:
    """ChartMogul's words as the state may hold them: quoted parts and texts that are values of the row are left out."""
    refusals = error.answered.refusals
    words = _QUOTED.sub("…", refusals[0].message if refusals else error.message)
    for text in sorted(_texts(record), key=len, reverse=True):
        found = re.escape(text)
        if len(text) < _SHORTEST:
            found = rf"(?<!\w){found}(?!\w)"  # such as a country: a part of a word says nothing
        words = re.sub(found, "…", words, flags=re.IGNORECASE)
    return " ".join(words.split())[:_LONGEST]


def _texts(record: Record) -> set[str]:
    """All values of a row as texts, its key and its tags among them."""
    values: list[object] = [record.key, record.customer]
    for value in record.fields.values():
        values += value if isinstance(value, tuple) else [value]
    whole = (v for v in values if isinstance(v, str | int | Decimal) and not isinstance(v, bool))
    return {text for text in map(str, whole) if text.strip()}


def _field(record: Record, param: str) -> str | None:
    if not param:
        return None
    if param in record.fields:
        return param
    attribute = ATTRIBUTE + param.removeprefix("attributes.custom.").removeprefix("custom.")
    return attribute if attribute in record.fields else param


def _value(record: Record, param: str) -> object:
    field = _field(record, param)
    if field == "external_id" and record.customer is None:  # a customer's is its key
        return record.key
    return record.fields.get(field) if field else None
