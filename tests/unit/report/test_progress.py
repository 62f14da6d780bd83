"""The progress line."""

import pytest

from sync.domain.events import Phase
from sync.domain.record import Object
from sync.domain.results import MappingRun
from sync.report.progress import Meter, Pace, announce, describe, describe_all


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """A clock in the hand of the test."""
    return Clock()


@pytest.fixture
def mapping():
    """A mapping that has just begun."""
    return MappingRun("customers", "f.yml", Object.CUSTOMER, "upsert", "ds_1")


def test_reading(mapping, clock):
    """While reading nobody knows how many rows there are."""
    meter = Meter(mapping, Phase.READ, None, clock)
    clock.now += 2
    mapping.rows.read = 9_000
    expected = "customers: reading 9,000 rows, 4,500 rows/s"
    assert expected == describe(mapping.mapping, Phase.READ, meter.measure(), 39)


def test_looking_up(mapping, clock):
    """Look-ups are counted in requests, those of earlier phases not among them."""
    mapping.requests.methods["GET"] = 5
    meter = Meter(mapping, Phase.LOOK_UP, 300, clock)
    clock.now += 2
    mapping.requests.methods["GET"] = 81
    expected = "customers: looking up 76 of 300 requests, 38 of 39.2 requests/s, 6 s left"
    assert expected == describe(mapping.mapping, Phase.LOOK_UP, meter.measure(), 39.2)


def test_writing(mapping, clock):
    """Writing is counted in rows that have ended, those of the read phase not among them."""
    mapping.rows.unchanged = 700
    meter = Meter(mapping, Phase.WRITE, 1_000, clock)
    clock.now += 4
    mapping.rows.created = 100
    mapping.requests.methods["POST"] = 152
    expected = "customers: writing 100 of 1,000 rows, 38 of 40 requests/s, 36 s left"
    assert expected == describe(mapping.mapping, Phase.WRITE, meter.measure(), 40.0)


def test_no_time_passed(mapping, clock):
    """Nobody divides by the seconds that have not passed."""
    pace = Meter(mapping, Phase.WRITE, 10, clock).measure()
    assert Pace(0, 10, 0.0, 0.0) == pace
    assert pace.left is None


def test_speed_is_recent(mapping, clock):
    """Only the last ten seconds count, so that throttling shows."""
    meter = Meter(mapping, Phase.WRITE, 10_000, clock)
    for second in range(1, 61):
        clock.now += 1
        mapping.rows.updated += 100 if second <= 30 else 10
        pace = meter.measure()
    assert pace.per_second == 10.0
    assert pace.left == (10_000 - 3_300) / 10.0


def test_never_beyond_the_total(mapping, clock):
    """Retried requests do not make more than all of them, nor time run backwards."""
    meter = Meter(mapping, Phase.LOOK_UP, 10, clock)
    clock.now += 1
    mapping.requests.methods["GET"] = 12
    expected = "customers: looking up 10 of 10 requests, 12 of 40 requests/s, 0 s left"
    assert expected == describe(mapping.mapping, Phase.LOOK_UP, meter.measure(), 40)


def test_several_at_once(mapping, clock):
    """Rows of those that write, requests of all; nobody knows the end before all know theirs."""
    others = [MappingRun(name, "f.yml", Object.CUSTOMER, "upsert", "ds_1") for name in "ab"]
    meters = [
        Meter(mapping, Phase.WRITE, 1_000, clock),
        Meter(others[0], Phase.WRITE, 200, clock),
        Meter(others[1], Phase.LOOK_UP, None, clock),
    ]
    clock.now += 4
    mapping.rows.created = 100
    others[0].rows.created = 20
    mapping.requests.methods["POST"] = 100
    others[0].requests.methods["POST"] = 20
    others[1].requests.methods["GET"] = 32
    expected = "3 mappings: writing 120 of 1,200 rows, 38 of 40 requests/s, 36 s left"
    assert expected == describe_all(meters, 40)
    assert describe_all(meters[2:], 40) == "b: looking up 32 requests, 8 of 40 requests/s"


def test_announce(mapping):
    """Without a terminal each phase is a line."""
    lines = [
        announce(mapping, Phase.READ, None),
        announce(mapping, Phase.LOOK_UP, 1),
        announce(mapping, Phase.WRITE, 12_000),
    ]
    assert lines == [
        "customers: reading",
        "customers: looking up 1 request",
        "customers: writing 12,000 rows",
    ]
