"""Custom attributes: what each type takes, and the type of a column by its values."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.instant import Infinite
from sync.domain.numbers import Approximate, ApproximateSingle, Single
from sync.domain.record import AttributeType
from sync.transform import attributes
from sync.transform.casts import Miscast

STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
TIMESTAMP, BOOLEAN = AttributeType.TIMESTAMP, AttributeType.BOOLEAN
ID = UUID("12345678-1234-5678-1234-567812345678")
NAN = [float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")]
#: More digits than Python is willing to print.
HUGE = 10**5000


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        (STRING, "pro", "pro"),
        (STRING, " as it is ", " as it is "),
        (STRING, "x" * 255, "x" * 255),
        (STRING, 5, "5"),
        (STRING, Decimal("1.10"), "1.10"),
        (STRING, Decimal("1E+30"), "1" + "0" * 30),
        (STRING, ID, str(ID)),
        (STRING, True, "true"),
        (STRING, False, "false"),
        (INTEGER, 5, 5),
        (INTEGER, 5.0, 5),
        (INTEGER, Decimal("5.00"), 5),
        (INTEGER, "-5", -5),
        (INTEGER, 2**53, 2**53),
        (INTEGER, -(2**53), -(2**53)),
        (DECIMAL, 5, Decimal(5)),
        (DECIMAL, 0.1, Approximate("0.1")),
        (DECIMAL, -0.0, Approximate(0)),
        (DECIMAL, 0.1 + 0.2, Approximate("0.3")),
        (DECIMAL, 1 / 3, Approximate("0.333333333333333")),
        (DECIMAL, 2.0**53, Decimal(2**53)),
        (DECIMAL, Single(0.1), ApproximateSingle("0.1")),
        (DECIMAL, Decimal("1.10"), Decimal("1.1")),
        (DECIMAL, " 1.5e3 ", Decimal(1500)),
        (DECIMAL, ".5", Decimal("0.5")),
        (DECIMAL, Decimal("0.1234567890123456789012345678901234567890"),
         Decimal("0.1234567890123456789012345678901234567890")),
        (BOOLEAN, True, True),
        (BOOLEAN, 0, False),
        (BOOLEAN, 1.0, True),
        (BOOLEAN, Decimal(1), True),
        (BOOLEAN, " T ", True),
        (BOOLEAN, "f", False),
        (BOOLEAN, "FALSE", False),
        (BOOLEAN, "1", True),
        (TIMESTAMP, date(2026, 1, 31), "2026-01-31T00:00:00Z"),
        (TIMESTAMP, datetime(2026, 1, 31, 10, tzinfo=UTC), "2026-01-31T10:00:00Z"),
        (TIMESTAMP, "2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z"),
        (TIMESTAMP, "2026-01-31", "2026-01-31T00:00:00Z"),
        (TIMESTAMP, "2126-01-31", "2126-01-31T00:00:00Z"),
    ],
)  # fmt: skip
def test_cast(wanted, value, expected):
    """Each type takes what it can hold without loss."""
    actual = attributes.caster(wanted)(value)

    assert (type(expected), expected) == (type(actual), actual)


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        *((wanted, value) for wanted in AttributeType for value in [*NAN, b"a", [], {}, time(1)]),
        *((wanted, "a\0") for wanted in AttributeType),
        *((wanted, Infinite("infinity")) for wanted in AttributeType),
        *((STRING, text) for text in ("\x01", "\x01\x02", "a\x1bb", "\x80\x81", "\x7f")),
        (STRING, "a\ud800"),
        (STRING, "x" * 256),
        (STRING, 1.5),
        (STRING, date(2026, 1, 1)),
        (STRING, datetime(2026, 1, 1)),
        pytest.param(STRING, HUGE, id="huge"),
        (INTEGER, 2**53 + 1),
        (INTEGER, Decimal("1E+30")),
        pytest.param(INTEGER, HUGE, id="huge"),
        (INTEGER, 1.5),
        (INTEGER, "1.0"),
        (INTEGER, True),
        (INTEGER, "many"),
        (DECIMAL, True),
        (DECIMAL, "1,5"),
        (DECIMAL, "1e1000"),
        (DECIMAL, Decimal("1E+309")),
        (DECIMAL, Decimal("-1E-309")),
        (DECIMAL, "9" * 5000),
        pytest.param(DECIMAL, HUGE, id="huge"),
        (DECIMAL, "NaN"),
        (DECIMAL, "٣"),
        (DECIMAL, date(2026, 1, 1)),
        (BOOLEAN, 2),
        (BOOLEAN, 0.5),
        (BOOLEAN, "yes"),
        (BOOLEAN, "NO"),
        (BOOLEAN, date(2026, 1, 1)),
        (TIMESTAMP, 1769853600),
        (TIMESTAMP, 1.5),
        (TIMESTAMP, Decimal(5)),
        (TIMESTAMP, True),
        (TIMESTAMP, "yesterday"),
    ],
)
def test_no_cast(wanted, value):
    """Anything else is attribute_type."""
    with pytest.raises(Miscast) as caught:
        attributes.caster(wanted)(value)

    assert caught.value.code == "attribute_type"


def test_truncate():
    """A long text is cut where the mapping says so, and only then."""
    cast = attributes.caster(STRING, truncate=True)

    assert cast("x" * 256) == "x" * 255
    assert cast("short") == "short"


def test_zone():
    """A zone holds for timestamps without one."""
    cast = attributes.caster(TIMESTAMP, zone=ZoneInfo("Europe/Berlin"))

    assert cast("2026-01-31 10:00") == "2026-01-31T09:00:00Z"
    assert cast("2026-01-31 10:00Z") == "2026-01-31T10:00:00Z"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("seats", True), ("Seats_2", True), ("", False), ("a b", False), ("a-b", False),
     ("größe", False), ("a\n", False), ("٣", False)],
)  # fmt: skip
def test_key(name, expected):
    """An attribute's key has only letters, digits and underscores."""
    assert expected is attributes.is_key(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, BOOLEAN),
        (1, INTEGER),
        (1.0, DECIMAL),
        (Decimal(1), DECIMAL),
        ("1", STRING),
        (ID, STRING),
        (date(2026, 1, 1), TIMESTAMP),
        (datetime(2026, 1, 1), TIMESTAMP),
        (b"a", None),
        ({}, None),
        (timedelta(1), None),
    ],
)
def test_type_of(value, expected):
    """A value suggests one type, or none."""
    assert expected is attributes.type_of(value)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({INTEGER}, INTEGER),
        ({INTEGER, DECIMAL}, DECIMAL),
        ({INTEGER, STRING}, None),
        ({INTEGER, DECIMAL, STRING}, None),
        ({BOOLEAN, INTEGER}, None),
    ],
)
def test_agree(found, expected):
    """Integers and decimals make a column of decimals; nothing else mixes."""
    assert expected is attributes.agree(found)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, {BOOLEAN}),
        (5, {INTEGER, DECIMAL}),
        (Decimal("5.0"), {INTEGER, DECIMAL}),
        (Decimal("5.5"), {DECIMAL}),
        ("pro", {STRING}),
        ("2026-01-31T10:00:00Z", {STRING, TIMESTAMP}),
        ("[1]", {STRING}),
        ((), {STRING}),
    ],
)
def test_possible(value, expected):
    """What an answer shows may be of several types."""
    assert expected == attributes.possible(value)


@given(st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=255), st.dates(),
                 st.decimals(allow_nan=False, allow_infinity=False, places=4)))  # fmt: skip
def test_a_cast_value_may_have_its_type(value):
    """What is cast by its own type and comes back as it was sent is never taken for another type."""
    own = attributes.type_of(value)
    assert own is not None
    try:
        sent = attributes.caster(own)(value)
    except Miscast:
        return

    assert own in attributes.possible(sent)
