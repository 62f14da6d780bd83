"""What becomes of a database's values on their way to ChartMogul's fields."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain import numbers
from sync.domain.instant import Infinite
from sync.domain.numbers import Single
from sync.domain.objects import Field, Kind
from sync.domain.objects.customer import CUSTOMER
from sync.transform import casts
from sync.transform.casts import Miscast
from sync.transform.kind import kind

BERLIN = ZoneInfo("Europe/Berlin")
ID = UUID("12345678-1234-5678-1234-567812345678")
NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
STATUS = casts.status(CUSTOMER.fields["status"].values)
#: More digits than Python is willing to print.
HUGE = pytest.param(10**5000, id="huge")


def refusal(cast, value):
    """The code with which a cast refuses a value."""
    with pytest.raises(Miscast) as caught:
        cast(value)
    return caught.value.code


class Odd(float):
    """A number of a driver's own class, as numpy has them."""

    def __repr__(self):
        return f"odd({float(self)})"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("cus_1", "cus_1"),
        ("01234", "01234"),
        ("a b|c/ü", "a b|c/ü"),
        (42, "42"),
        (-7, "-7"),
        (0, "0"),
        (10**254, "1" + "0" * 254),
        (42.0, "42"),
        (-0.0, "0"),
        (2.0**53, "9007199254740992"),
        (Single(2**24), "16777216"),
        (Odd(5), "5"),
        (Decimal("42.00"), "42"),
        (Decimal("-0.0"), "0"),
        (Decimal("0E+5"), "0"),
        (Decimal("1E+30"), "1" + "0" * 30),
        (
            Decimal("12345678901234567890123456789012345678"),
            "12345678901234567890123456789012345678",
        ),
        (ID, str(ID)),
        ("x" * 255, "x" * 255),
    ],
)
def test_key(value, expected):
    """A key is text; whole numbers come without point, sign on zero and exponent."""
    assert expected == casts.key(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "   ",
        "\u00a0",
        " a",
        "a ",
        "a\n",
        "\ta",
        "\u00a0a",
        "a\u2003",
        "x" * 256,
        "x" * 300,
        "a\0b",
        "a\ud800",
        "\udfff",
        True,
        False,
        1.5,
        Decimal("1.01"),
        Decimal("12345678901234567890123456789012345678.5"),
        10**255,
        HUGE,
        1234567890123456789.0,
        1e16,
        -(2.0**53) - 2,
        Single(2**24 + 2),
        Infinite("infinity"),
        "a\x1bb",
        date(2026, 1, 1),
        b"a",
        ["a"],
        {"a": 1},
    ],
)
def test_no_key(value):
    """Blank, padded, long and broken keys are refused, and what is no text or whole number."""
    assert refusal(casts.key, value) == "invalid_key"


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
    ],
)
@pytest.mark.parametrize("cast", [casts.key, casts.text, casts.whole, casts.email, casts.country])
def test_not_finite(cast, value):
    """NaN and infinity are refused wherever a number could be taken."""
    assert refusal(cast, value) == "not_finite"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" as it is ", " as it is "),
        ("01234", "01234"),
        (1234, "1234"),
        pytest.param(10**5000, "1" + "0" * 5000, id="huge"),
        (10115.0, "10115"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (Single(0.1), "0.1"),
        (-0.0, "0"),
        (Decimal("1.50"), "1.5"),
        (Decimal("1E-7"), "0.0000001"),
        (True, "true"),
        (False, "false"),
        (ID, str(ID)),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 10, 0, tzinfo=UTC), "2026-01-31T10:00:00+00:00"),
    ],
)
def test_text(value, expected):
    """A zip or a name may come as a number, and reads as people write it."""
    assert expected == casts.text(value)


@pytest.mark.parametrize(
    "value", ["a\0", "\ud83d", b"a", None, [], {}, time(10), timedelta(1), object()]
)
def test_no_text(value):
    """Broken characters and things that are no text are refused."""
    assert refusal(casts.text, value) == "invalid_text"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", True), (" \t\n\u00a0", True), (None, True), ("0", False), (0, False), (False, False)],
)
def test_blank_text_counts_as_null(value, expected):
    """ChartMogul knows no difference between null and blank text."""
    assert expected is casts.is_empty(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(" Anna+x@Example.com ", "Anna+x@Example.com"), ("ü@exämple.co.uk", "ü@exämple.co.uk")],
)
def test_email(value, expected):
    """An address keeps its case and loses the spaces around it."""
    assert expected == casts.email(value)


@pytest.mark.parametrize(
    "value",
    [
        "anna",
        "anna@",
        "@example.com",
        "a@b",
        "a@b.",
        "a@.b",
        "a@@b.c",
        "a b@c.d",
        "a@b..c",
        5,
        True,
    ],
)
def test_no_email(value):
    """What can never be an address is refused."""
    assert refusal(casts.email, value) == "invalid_email"


@pytest.mark.parametrize(
    ("value", "expected"), [("DE", "DE"), ("no", "NO"), (" at ", "AT"), ("gB", "GB")]
)
def test_country(value, expected):
    """Codes are written in capitals; NO is Norway."""
    assert expected == casts.country(value)


@pytest.mark.parametrize(
    "value", ["Germany", "DEU", "276", "UK", "EU", "XX", "D", "D E", "ß", "ıt", "ﬁ", False, 49]
)
def test_no_country(value):
    """Names, three letters, numbers and codes that are not assigned are refused."""
    assert refusal(casts.country, value) == "invalid_country"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("Germany", "DE"),
        ("deutschland", "DE"),
        ("DEU", "DE"),
        ("276", "DE"),
        ("UK", "GB"),
        ("Great Britain", "GB"),
        ("russia", "RU"),
        ("The Netherlands", "NL"),
    ],
)
def test_the_country_that_is_meant(value, meant):
    """Whatever stands for a country the hint names its code."""
    with pytest.raises(Miscast) as caught:
        casts.country(value)
    assert caught.value.hint == f"write {meant}, in SQL or by map in the mapping"


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2026-01-31T10:00:00Z", UTC, "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00:00+05:30", BERLIN, "2026-01-31T04:30:00Z"),
        ("2026-01-31 10:00:00.120-0800", UTC, "2026-01-31T18:00:00.120Z"),
        ("2026-01-31 10:00", BERLIN, "2026-01-31T09:00:00Z"),
        ("2026-07-31 10:00", BERLIN, "2026-07-31T08:00:00Z"),
        (datetime(2026, 1, 31, 10), BERLIN, "2026-01-31T09:00:00Z"),
        (datetime(2026, 1, 31, 10), UTC, "2026-01-31T10:00:00Z"),
        (datetime(2026, 1, 31, 10, tzinfo=UTC), BERLIN, "2026-01-31T10:00:00Z"),
        (
            datetime(2026, 1, 31, 10, tzinfo=timezone(timedelta(hours=-3))),
            BERLIN,
            "2026-01-31T13:00:00Z",
        ),
        (datetime(2026, 1, 31, 10, 0, 0, 999), UTC, "2026-01-31T10:00:00Z"),
        (date(2026, 1, 31), BERLIN, "2026-01-31T00:00:00Z"),
        ("2026-01-31", BERLIN, "2026-01-31T00:00:00Z"),
        # The clock goes from 2:00 to 3:00: half past two is an hour after half past one.
        (datetime(2026, 3, 29, 2, 30), BERLIN, "2026-03-29T01:30:00Z"),
        ("2026-03-29 02:30", BERLIN, "2026-03-29T01:30:00Z"),
        # The clock goes from 3:00 back to 2:00: of two the first, unless the data tells.
        (datetime(2026, 10, 25, 2, 30), BERLIN, "2026-10-25T00:30:00Z"),
        (datetime(2026, 10, 25, 2, 30, fold=1), BERLIN, "2026-10-25T01:30:00Z"),
        ("2026-10-25 02:30", BERLIN, "2026-10-25T00:30:00Z"),
    ],
)
def test_timestamp(value, zone, expected):
    """The zone of the data counts first, then that of the mapping; a pure date is midnight UTC."""
    assert expected == casts.timestamp(zone)(value)


@pytest.mark.parametrize(
    "value",
    ["soon", "2026-02-30", "2026-01-31T25:00", "31.01.2026", "infinity", 1769853600, 1.5,
     Decimal(5), True, None, time(10), b"2026-01-31", datetime.max],
)  # fmt: skip
def test_no_timestamp(value):
    """Times that do not exist, numbers and other types are refused."""
    assert refusal(casts.timestamp(ZoneInfo("America/New_York")), value) == "invalid_time"


@pytest.mark.parametrize("value", [NOW, NOW.isoformat(), date(2026, 1, 31), "2026-01-31 10:00:00"])
def test_past(value):
    """A date up to the start of the run is taken."""
    assert casts.timestamp()(value) == casts.past(UTC, NOW)(value)


@pytest.mark.parametrize(
    "value",
    [
        NOW + timedelta(seconds=1),
        NOW + timedelta(microseconds=1),
        "2026-01-31T10:00:01Z",
        "2026-01-31T05:00:01-05:00",
        date(2026, 2, 1),
    ],
)
def test_future(value):
    """A date after the start of the run is refused, be it by a second."""
    assert refusal(casts.past(UTC, NOW), value) == "date_in_future"


def test_future_by_zone():
    """The mapping's zone decides whether a time without one is past."""
    cast = casts.past(BERLIN, NOW)

    assert cast("2026-01-31 11:00:00") == "2026-01-31T10:00:00Z"
    assert refusal(cast, "2026-01-31 11:00:01") == "date_in_future"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("New Lead", "New Lead"),
        (" qualified_lead ", "Qualified Lead"),
        ("WORKING LEAD", "Working Lead"),
        ("unqualified lead", "Unqualified Lead"),
    ],
)
def test_status(value, expected):
    """A lead status is known in any spelling."""
    assert expected == STATUS(value)


@pytest.mark.parametrize("value", ["Active", "Past Due", "Cancelled", "Lead", "newlead", 1])
def test_no_status(value):
    """Computed statuses cannot be set."""
    assert refusal(STATUS, value) == "invalid_status"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (5.0, 5),
        (-0.0, 0),
        (Decimal("5.00"), 5),
        (Decimal("5E+3"), 5000),
        (" +7 ", 7),
        ("-007", -7),
        (2**53, 2**53),
        (Decimal(-(2**53)), -(2**53)),
        (float(2**53), 2**53),
        (str(2**53), 2**53),
    ],
)
def test_whole(value, expected):
    """Integers, integral decimals and floats, and digits are whole numbers."""
    actual = casts.whole(value)

    assert (int, expected) == (type(actual), actual)


@pytest.mark.parametrize(
    "value",
    [True, None, "", "5.0", "1e3", "٣", "0x1f", "1_000", "5 5", 5.5, Decimal("0.5"), b"5",
     2**53 + 1, -(2**53) - 1, 1e20, Decimal("1E+30"), Decimal("1E+999999"), "9" * 400, HUGE],
)  # fmt: skip
def test_no_whole(value):
    """Anything else is refused, and what JSON cannot carry exactly."""
    assert refusal(casts.whole, value) == "invalid_integer"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False),
        (b"a", False),
        (bytearray(b"a"), False),
        ([1], False),
        ({"a": 1}, False),
        (time(10), False),
        (timedelta(1), False),
        ("", True),
        (1, True),
        (1.5, True),
        (True, True),
        (Decimal(1), True),
        (ID, True),
        (date(2026, 1, 1), True),
        (NOW, True),
    ],
)
def test_sendable(value, expected):
    """JSON, lists, binary data and times of a day are for no field."""
    assert expected is casts.is_sendable(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "a Boolean"),
        (1, "a whole number"),
        (1.5, "a decimal number"),
        (Decimal(1), "a decimal number"),
        ("a", "text"),
        (NOW, "a time"),
        (date(2026, 1, 1), "a date"),
        (b"a", "binary data"),
        (memoryview(b"a"), "binary data"),
        ({}, "a JSON object"),
        ([], "a list"),
        ({1}, "a list"),
        (timedelta(1), "a span of time"),
        (time(10), "a time of day"),
        (ip_address("1.2.3.4"), "an IP address"),
        (1j, "a value of type complex"),
    ],
)
def test_kind(value, expected):
    """A message says what a value is, never what it holds."""
    assert expected == kind(value)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_plain_is_exact(value):
    """A decimal written plainly is the same number."""
    written = numbers.plain(value)

    assert value == Decimal(written)
    assert not set(written) & set("eE+")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_what_they_print(value):
    """A float becomes the shortest decimal that means it."""
    assert value == float(casts.finite(value))


ODDITIES = st.one_of(
    st.text(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.booleans(),
    st.none(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.binary(),
    st.uuids(),
    st.lists(st.integers()),
)
CASTS = [
    casts.key,
    casts.text,
    casts.email,
    casts.country,
    STATUS,
    casts.whole,
    casts.timestamp(BERLIN),
    casts.past(BERLIN, NOW),
]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Field("id", "", Kind.KEY), 5, "5"),
        (Field("name", ""), 5, "5"),
        (Field("mail", "", Kind.EMAIL), " a@b.example ", "a@b.example"),
        (Field("land", "", Kind.COUNTRY), "de", "DE"),
        (Field("stage", "", Kind.STATUS, values=("New One", "Old")), "new_one", "New One"),
        (Field("at", "", Kind.TIME), "2026-02-01 12:00", "2026-02-01T11:00:00Z"),
        (Field("since", "", Kind.TIME, past=True), "2026-01-01 12:00", "2026-01-01T11:00:00Z"),
        (Field("place", "", Kind.WHOLE), "3", 3),
    ],
)
def test_the_kind_of_a_field_decides_its_cast(field, value, expected):
    """Every kind has its own, times in the field's zone."""
    assert casts.caster(field, BERLIN, NOW)(value) == expected


def test_only_past_times_are_bound():
    """A time may lie in the future where ChartMogul takes such."""
    future = date(2027, 1, 1)
    past = casts.caster(Field("since", "", Kind.TIME, past=True), BERLIN, NOW)

    assert refusal(past, future) == "date_in_future"
    assert casts.caster(Field("at", "", Kind.TIME), BERLIN, NOW)(future) == "2027-01-01T00:00:00Z"


def test_every_kind_has_a_cast():
    """No field can be left without one."""
    assert all(casts.caster(Field("any", "", kind), BERLIN, NOW) for kind in Kind)


@given(ODDITIES, st.sampled_from(CASTS))
def test_casts_cast_or_refuse(value, cast):
    """Whatever comes, a cast gives canonical text or a whole number, or refuses."""
    with suppress(Miscast):
        assert isinstance(cast(value), str | int)


@pytest.mark.parametrize("value", ["\x01", "\x01\x02\t", "a\x1bb", "a\x7f.", "\x80\x81"])
def test_control_characters(value):
    """What no text means is not sent, nor a text of nothing else; what lays text out is."""
    assert refusal(casts.line, value) == "invalid_text"
    assert casts.line("one\n\ttwo\x0bthree\r\n") == "one\n\ttwo\x0bthree"


@pytest.mark.parametrize("value", [Infinite("infinity"), Infinite("-infinity")])
def test_infinite_dates(value):
    """An infinite date is told as one, and sent as nothing, not as the text that a database writes for it."""
    assert refusal(casts.line, value) == "not_finite"
    with pytest.raises(Miscast) as caught:
        casts.moment()(value)
    assert (caught.value.code, caught.value.message, caught.value.hint) == (
        "invalid_time",
        "an infinite date or time cannot be sent",
        "turn infinity into null in SQL",
    )


@pytest.mark.parametrize("value", ["0000-00-00", "0000-00-00 00:00:00"])
def test_zero_dates(value):
    """A zero date is told as one."""
    with pytest.raises(Miscast) as caught:
        casts.moment()(value)
    assert (caught.value.message, caught.value.hint) == (
        "a zero date, as MySQL has them, is no date",
        "turn it into null in SQL: nullif(column, 0)",
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0044-03-15 BC", "a date before the year 1 or after the year 9999 cannot be sent"),
        ("0044-03-15 (BC) 10:00:00", "a date before the year 1 or after the year 9999 cannot be sent"),
        ("-0043-03-15", "a date before the year 1 or after the year 9999 cannot be sent"),
        ("15/03/0044 BC", "a date before the year 1 or after the year 9999 cannot be sent"),
        ("+10000-01-01 10:00:00", "a date before the year 1 or after the year 9999 cannot be sent"),
        (datetime.max, "a date before the year 1 or after the year 9999 cannot be sent"),
        ("2026-00-10", "a date whose month or day is zero, as MySQL has them, is no date"),
        ("2026-01-00 10:00:00", "a date whose month or day is zero, as MySQL has them, is no date"),
        ("ABC", "text that is no existing date or time"),
        ("2026-02-30", "text that is no existing date or time"),
    ],
)  # fmt: skip
def test_dates_that_nobody_has(value, message):
    """A date that the database has and ChartMogul has not is told for what it is."""
    with pytest.raises(Miscast) as caught:
        casts.moment(ZoneInfo("America/New_York"))(value)
    assert caught.value.message == message


def test_a_key_of_floating_point():
    """Of two rows whose keys became one number neither has a key, and the way out is named."""
    with pytest.raises(Miscast) as caught:
        casts.key(1234567890123456789.0)
    assert (caught.value.message, caught.value.hint) == (
        "the key came as floating point, in which other keys are the same number",
        "cast the column to a whole number, or to text, where it is still exact",
    )
