"""Requests over time, in a bounded number of points."""

from datetime import UTC, datetime, timedelta

from sync.report.timeline import Timeline

START = datetime(2026, 1, 31, 10, tzinfo=UTC)


def at(seconds):
    """A moment."""
    return START + timedelta(seconds=seconds)


def test_rates():
    """Requests a second of equal parts of the time, evenly between two points."""
    line = Timeline()
    for seconds, made in ((0, 0), (10, 100), (20, 100)):
        line.note(at(seconds), made)
    line.end(at(40), 140)
    assert line.rates(4) == [10, 0, 2, 2]


def test_points_are_bounded():
    """However long a run takes."""
    line = Timeline()
    for second in range(100_000):
        line.note(at(second), second)
    line.end(at(100_000), 100_000)
    assert len(line.points) < 500
    assert [round(rate, 6) for rate in line.rates(10)] == [1] * 10


def test_no_time():
    """A clock that stands still shows nothing."""
    line = Timeline()
    line.note(START, 0)
    line.end(START, 5)
    assert line.rates(10) == []
    assert Timeline().rates(10) == []
