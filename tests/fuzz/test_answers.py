"""Answers of anybody to anything: read, or refused with an error of our own."""

import json
from collections import abc
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sync.chartmogul import account, contacts, customers, retry
from sync.chartmogul.verdict import Failure, judge
from sync.chartmogul.wire import Misread, Page, load
from sync.domain import codec
from sync.domain.fingerprint import Hasher
from sync.domain.plan import Seen
from sync.errors import ChartMogulError
from sync.report.failure import errors_text
from sync.report.plain import dumps, plain
from sync.transform.attributes import possible
from tests.fuzz import odd
from tests.fuzz.effort import fuzz

HASHER = Hasher(b"salt")
NOW = datetime(2026, 1, 31, tzinfo=UTC)
RECORDINGS = Path(__file__).parents[1] / "recordings"
READERS = (
    account.read,
    account.read_data_source,
    customers.read,
    contacts.read,
    customers.read_page,
    contacts.read_page,
    customers.read_attributes,
    customers.read_tags,
)
CALLS = (
    account.get(),
    customers.get("cus_1"),
    customers.page("ds_1", "key"),
    customers.create("ds_1", "a@b.example", {"company": "Quince"}, {}),
    customers.update("cus_1", {"company": None}, {}),
    customers.remove_attributes("cus_1", ["plan"]),
)


def recorded() -> list[Any]:
    """The body of every recorded answer, none twice."""
    bodies = {}
    for file in sorted(RECORDINGS.glob("*.json")):
        for exchange in json.loads(file.read_text(encoding="utf-8")):
            body = exchange["response"]["body"]
            bodies[json.dumps(body)] = body
    return sorted(bodies.values(), key=lambda body: len(json.dumps(body)))


BODIES = recorded()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd.texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(odd.texts, inner, max_size=4),
    max_leaves=12,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> abc.Iterator[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    yield path
    steps = (
        data.items() if isinstance(data, dict) else enumerate(data) if type(data) is list else ()
    )
    for step, inner in steps:
        yield from places(inner, (*path, step))


def put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at one place."""
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = put(data[path[0]], path[1:], value)
    return copy


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A recorded answer with a few values replaced."""
    data = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(data))))
        data = put(data, path, draw(json_values))
    return data


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The bytes of a recorded answer, cut off, or with others among them."""
    body = json.dumps(draw(st.sampled_from(BODIES))).encode()
    at = draw(st.integers(0, len(body)))
    return body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 9)) :]


bodies = (
    st.binary(max_size=60) | damaged() | (json_values | mutated()).map(json.dumps).map(str.encode)
)


def check_seen(seen: Seen) -> None:
    """It can be put away and taken out again, compared, and told."""
    assert codec.load_seen(codec.dump_seen(seen)) == seen
    assert len(HASHER.fields(seen.fields)) == len(seen.fields)
    for value in seen.fields.values():
        assert possible(value)
        dumps(plain(value, None)).encode()


def check(result: object) -> None:
    match result:
        case Seen():
            check_seen(result)
        case Page(entries=entries):
            for entry in entries:
                check_seen(entry)
        case dict():
            check_seen(Seen("cus_1", result))


@fuzz
@given(bodies)
def test_good_answers(body):
    """Whatever comes with 200 is read into what can be used, or is Misread."""
    with suppress(Misread):
        data = load(body)
        for read in READERS:
            with suppress(Misread):
                check(read(data))


@fuzz
@given(st.sampled_from(CALLS), st.integers(100, 599), bodies, odd.texts, odd.texts)
def test_other_answers(call, status, body, location, wait):
    """Whatever status, body and headers: nothing, a failure, or an error that can be told."""
    seconds = retry.read_retry_after(wait, NOW)
    assert seconds is None or 0 <= seconds <= retry.LONGEST_ASKED_FOR
    match judge(call, status, body, location, seconds):
        case None:
            assert 200 <= status < 300
        case Failure(message=message, body=shown):
            assert message
            shown.encode()
        case ChartMogulError() as error:
            told = errors_text(error)
            assert told.replace("\n", "").isprintable()
