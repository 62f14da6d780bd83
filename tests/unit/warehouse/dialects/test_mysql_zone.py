"""Local times of a MySQL session, in whatever zone it is."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sync.warehouse.dialects import mysql_zone


class Server:
    """A server in a zone, whose sessions call it `told`."""

    def __init__(self, told, system, zone):
        self.told, self.system, self.zone = told, system, ZoneInfo(zone)
        self.asked = 0

    def __call__(self, sql):
        self.asked += 1
        if "@@session.time_zone" in sql:
            return self.told, self.system
        moments = map(int, re.findall(r"from_unixtime\((\d+)\)", sql))
        return tuple(self.offset(moment) for moment in moments)

    def offset(self, moment):
        there = datetime.fromtimestamp(moment, self.zone).replace(tzinfo=None)
        return int(
            (there - datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)).total_seconds()
        )


@pytest.mark.parametrize(
    ("told", "system", "zone"),
    [
        ("SYSTEM", "UTC", "UTC"),
        ("-08:00", "UTC", "Etc/GMT+8"),
        ("+05:30", "UTC", "Asia/Kolkata"),
        ("Europe/Berlin", "UTC", "Europe/Berlin"),
        ("SYSTEM", "CET", "Europe/Berlin"),
        ("SYSTEM", "PDT", "America/Los_Angeles"),
        ("MET", "UTC", "MET"),
        ("My/Own", "UTC", "Australia/Lord_Howe"),
        ("SYSTEM", "+03", "Europe/Istanbul"),
    ],
)
def test_moments(told, system, zone):
    """Every local time is the moment that the server means, winter and summer, then and now."""
    server = Server(told, system, zone)
    to_moment = mysql_zone.of_session(server)
    for year in (1971, 1999, 2016, 2026, 2037):
        for month in range(1, 13):
            moment = datetime(year, month, 15, 10, 30, 0, 250000, tzinfo=UTC)
            local = moment.astimezone(server.zone).replace(tzinfo=None)
            assert (moment, UTC) == (to_moment(local), to_moment(local).tzinfo)
    assert server.asked < 20


@pytest.mark.parametrize(("told", "system"), [("Europe/Berlin", "UTC"), ("SYSTEM", "CEST")])
def test_an_hour_that_comes_twice(told, system):
    """Of two moments with one local time it is the first."""
    to_moment = mysql_zone.of_session(Server(told, system, "Europe/Berlin"))
    assert to_moment(datetime(2026, 10, 25, 2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert to_moment(datetime(2026, 10, 25, 3)) == datetime(2026, 10, 25, 2, tzinfo=UTC)
