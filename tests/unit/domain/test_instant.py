"""Instants: spellings in, one spelling out."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.instant import canonical, normalise, parse


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2016-10-01T23:55:00.000Z", "2016-10-01T23:55:00Z"),
        ("2018-12-29T00:00:00+00:00", "2018-12-29T00:00:00Z"),
        ("2016-01-31 00:00:00 UTC", "2016-01-31T00:00:00Z"),
        ("2022-10-14 00:00:00", "2022-10-14T00:00:00Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T10:00", "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00:00.5Z", "2026-01-31T10:00:00.500Z"),
        ("2026-01-31 10:00:00.123999999+02", "2026-01-31T08:00:00.123Z"),
        ("2026-01-31T10:00:00.000999Z", "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00:00+0530", "2026-01-31T04:30:00Z"),
        ("2026-01-31T10:00:00-05:30", "2026-01-31T15:30:00Z"),
        ("2026-01-31t10:00:00z", "2026-01-31T10:00:00Z"),
        (" 2026-01-31 ", "2026-01-31T00:00:00Z"),
        ("0999-01-01T00:00:00Z", "0999-01-01T00:00:00Z"),
    ],
)
def test_every_spelling_becomes_the_canonical_one(written, expected):
    """All formats that ChartMogul shows, and those of warehouses, end in one spelling in UTC."""
    assert expected == normalise(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2026-02-30",
        "2026-13-01T00:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T10:60:00Z",
        "2026-01-31T10:00:61Z",
        "2026-01-31T10:00:00+25:00",
        "2026-01-31T10:00:00+01:60",
        "2026-01-31T10:00:00.1234567890Z",
        "2026-01-31Z",
        "2026-1-31",
        "20260131",
        "1769853600",
        "2026-01-31T10:00:00 CET",
        "٢٠٢٦-01-31",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_no_instant_is_none(written):
    """Impossible dates, bare numbers and free text are refused, never guessed."""
    assert parse(written) is None
    assert normalise(written) is None


def test_a_zone_holds_for_what_names_none():
    """Times without zone are read in the given one; pure dates are midnight UTC all the same."""
    berlin = ZoneInfo("Europe/Berlin")

    assert datetime(2026, 7, 1, 8, tzinfo=UTC) == parse("2026-07-01 10:00:00", berlin)
    assert datetime(2026, 7, 1, 8, tzinfo=UTC) == parse(datetime(2026, 7, 1, 10), berlin)
    assert datetime(2026, 7, 1, 10, tzinfo=UTC) == parse("2026-07-01 10:00:00Z", berlin)
    assert datetime(2026, 7, 1, tzinfo=UTC) == parse("2026-07-01", berlin)
    assert datetime(2026, 7, 1, tzinfo=UTC) == parse(date(2026, 7, 1), berlin)


def test_a_datetime_beyond_the_calendar_in_utc_is_none():
    """The last hours of the year 9999 in the west are no instant that UTC can name."""
    assert parse(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2)))) is None


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(2, 1, 1)))
def test_the_canonical_text_reads_back(instant):
    """Writing loses less than a millisecond, and reading what was written loses nothing."""
    try:
        written = canonical(instant)
    except OverflowError:
        return
    read = parse(written)

    assert read is not None
    assert timedelta() <= instant - read < timedelta(milliseconds=1)
    assert canonical(read) == written


@given(
    st.integers(0, 23),
    st.characters(codec="utf-8") | st.sampled_from("0123456789-:.,TtZ+ "),
    st.sampled_from(["10:00:00", "10:00:00Z", "24:00:00Z", "10:00:00.123Z", "23:59:59.999"]),
)
def test_the_usual_text_is_read_as_any_other(place, character, written):
    """What is read a faster way, or nearly is, is the instant that it is with its `T` in lower case, or none."""
    usual = f"2026-01-31T{written}"
    one = f"{usual[:place]}{character}{usual[place + 1 :]}"
    berlin = ZoneInfo("Europe/Berlin")

    if one[10:11] == "T":
        assert parse(f"{one[:10]}t{one[11:]}", berlin) == parse(one, berlin)


@given(st.text(alphabet="0123456789-:T .+ZUTC", max_size=32))
def test_no_text_breaks_the_reader(text):
    """Any text is an instant in UTC or None."""
    read = parse(text)

    assert read is None or read.tzinfo is UTC


def test_a_datetime_without_zone_counts_as_utc():
    """The clock of the machine never plays a part."""
    assert canonical(datetime(2026, 1, 31, 10)) == "2026-01-31T10:00:00Z"
