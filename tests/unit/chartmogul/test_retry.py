"""The rules of asking again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chartmogul import account, contacts, retry
from sync.chartmogul.verdict import Failure
from tests.unit.chartmogul.scene import NOW

CREATE = contacts.create("ds_1", "cus_1", {})


@pytest.mark.parametrize(
    ("call", "sent", "expected"),
    [
        (account.get(), True, True),
        (account.get(), False, True),
        (CREATE, False, True),
        (CREATE, True, False),
    ],
)
def test_what_may_be_repeated(call, sent, expected):
    """A create is repeated only if it surely was not carried out, anything else always."""
    assert expected == retry.may_repeat(call, Failure("lost", sent))


@pytest.mark.parametrize(
    ("attempts", "told_to_wait", "expected"),
    [(5, 0, False), (6, 0, True), (9, 9, False), (10, 10, True), (14, 9, False), (15, 9, True)],
)
def test_being_told_to_wait_takes_nothing_from_the_attempts(attempts, told_to_wait, expected):
    """Six attempts that end in trouble, and ten that are asked for patience."""
    assert expected == retry.is_spent(attempts, told_to_wait)


@pytest.mark.parametrize("status", [None, 403, 429, 500, 502, 503, 504])
def test_who_asks_to_wait(status):
    """429 and 503, and nothing else."""
    assert Failure("", True, status).asks_to_wait == (status in (429, 503))


def test_waits_double_up_to_a_minute():
    """Exponential, capped."""
    waits = [retry.seconds_before(attempt, None, 1.0) for attempt in range(1, 10)]

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_jitter_is_full():
    """The roll scales the whole wait, so that a crowd spreads out."""
    assert [retry.seconds_before(4, None, roll) for roll in (0.0, 0.5)] == [0.0, 4.0]


def test_a_wait_asked_for_is_kept():
    """Retry-After beats the own rule; a zero asks for nothing."""
    assert retry.seconds_before(1, 17.0, 0.1) == 17.0
    assert retry.seconds_before(1, 0.0, 1.0) == 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("3600", 120.0),
        ("9" * 400, 120.0),
        ("Sat, 31 Jan 2026 10:00:30 GMT", 30.0),
        ("Sat, 31 Jan 2026 10:00:30 -0000", 30.0),
        ("Sat, 31 Jan 2026 09:00:00 GMT", 0.0),
        ("Sat, 31 Jan 2099 10:00:00 GMT", 120.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, expected):
    """Both spellings are honoured, up to two minutes; anything else is as if missing."""
    assert expected == retry.read_retry_after(text, NOW)


@given(st.text(max_size=40))
def test_no_header_breaks_the_reader(text):
    """Whatever stands there, the wait is within bounds or none."""
    seconds = retry.read_retry_after(text, NOW + timedelta(days=1))

    assert seconds is None or 0 <= seconds <= 120
