"""A run in the log."""

import io
import json
import logging

import pytest

from sync.domain.events import Estimate, Phase
from sync.domain.record import Problem, Rejected, Stage
from sync.domain.results import Status
from sync.report import logs
from sync.report.log import LONGEST, LogReporter


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """A clock in the hand of the test."""
    return Clock()


@pytest.fixture
def stream():
    """Where the log goes."""
    return io.StringIO()


@pytest.fixture
def reporter(stream, clock):
    """A reporter that logs JSON, everything from debug on."""
    log = logs.logger("json", stream, logging.DEBUG)
    return LogReporter(log, clock=clock, mask=lambda _: "#1234")


def events(stream):
    """The events so far, without their times."""
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert all(event.pop("timestamp").endswith("Z") for event in found)
    return found


def names(stream):
    """The events' names and mappings."""
    return [(event["event"], event.get("mapping")) for event in events(stream)]


COUNTS = {
    "read": 7,
    "created": 1,
    "updated": 2,
    "unchanged": 1,
    "skipped": 1,
    "rejected": 2,
    "requests": 4,
    "retried": 1,
    "throttled": 0,
}


def test_whole_run(reporter, stream, run, customers, rejected, updated):
    """Every step is an event with the run's id."""
    customers.status = None
    reporter.started(run)
    reporter.phase(customers, Phase.READ, None)
    reporter.rows(customers, [rejected])
    reporter.left(customers, [])
    reporter.warned(customers, "the state is empty")
    reporter.warned(None, "careful")
    reporter.phase(customers, Phase.WRITE, 5)
    reporter.rows(customers, [updated])
    reporter.estimated(customers, Estimate(3, 0.08))
    customers.status = Status.COMPLETED_WITH_ERRORS
    reporter.finished(run)
    reporter.close()
    about = {"run_id": "r1", "mapping": "customers"}
    expected = [
        {
            "level": "info",
            "event": "run_started",
            "run_id": "r1",
            "dry_run": False,
            "mappings": ["customers"],
        },
        {"level": "info", "event": "phase_started", **about, "phase": "read", "total": None},
        {
            "level": "warning",
            "event": "row_rejected",
            **about,
            "row": 17,
            "key": "cus_17",
            "stage": "map",
            "codes": ["invalid_country", "invalid_email"],
            "fields": ["country", "email"],
            "http_status": None,
        },
        {"level": "info", "event": "keys_left", **about, "count": 0},
        {"level": "warning", "event": "warning", **about, "message": "the state is empty"},
        {"level": "warning", "event": "warning", "run_id": "r1", "message": "careful"},
        {"level": "info", "event": "mapping_read", **about, "rows": 7},
        {"level": "info", "event": "phase_started", **about, "phase": "write", "total": 5},
        {"level": "info", "event": "estimated", **about, "requests": 3, "seconds": 0.1},
        {
            "level": "info",
            "event": "mapping_finished",
            **about,
            "status": "completed_with_errors",
            "error": None,
            "warnings": 1,
            "left": 1,
            "seconds": 1.2,
            "unprocessed": 0,
            **COUNTS,
        },
        {
            "level": "info",
            "event": "run_finished",
            "run_id": "r1",
            "dry_run": False,
            "status": "completed_with_errors",
            "exit_code": 1,
            "started_at": "2026-01-31T10:00:00Z",
            "finished_at": "2026-01-31T10:00:01.500Z",
        },
    ]
    assert expected == events(stream)


def test_no_values(reporter, stream, run, customers, created, updated, rejected, partly, anna):
    """Field values and e-mail addresses never reach the log."""
    reporter.started(run)
    reporter.rows(customers, [created, updated, rejected, partly, anna])
    reporter.finished(run)
    values = ("Germany", "calc", "anna", "example.com", "Söhne", "gold", "AT")
    assert [value for value in values if value in stream.getvalue()] == []
    assert "#1234" in stream.getvalue()


def test_row_without_key(reporter, stream, run, customers):
    """A row without a usable key has null there."""
    reporter.started(run)
    row = Rejected(1, None, Stage.MAP, (Problem("invalid_key", "the key is blank"),))
    reporter.rows(customers, [row])
    assert events(stream)[-1]["key"] is None


def test_progress(reporter, stream, clock, run, customers, updated):
    """Progress is logged every ten seconds, not with every batch."""
    reporter.started(run)
    reporter.phase(customers, Phase.WRITE, 100)
    for _ in range(45):
        clock.now += 1
        reporter.rows(customers, [updated])
    progress = [event for event in events(stream) if event["event"] == "progress"]
    expected = {
        "level": "info",
        "event": "progress",
        "run_id": "r1",
        "mapping": "customers",
        **COUNTS,
    }
    assert [expected] * 4 == progress


def test_many_rejected_rows(reporter, stream, run, customers, rejected, partly):
    """The first hundred rejected rows of a mapping have a line each, all of them a count."""
    reporter.started(run)
    reporter.rows(customers, [rejected] * LONGEST)
    reporter.rows(customers, [partly] * 23)
    reporter.finished(run)
    found = names(stream)
    assert found.count(("row_rejected", "customers")) == LONGEST
    (total,) = [event for event in events(stream) if event["event"] == "rows_rejected"]
    assert (total["count"], total["shown"]) == (123, 100)


def test_mappings_finish_in_turn(reporter, stream, run, customers, contacts):
    """A mapping that is over is reported when the next one goes on, each once."""
    run.mappings.append(contacts)
    customers.status = contacts.status = None
    reporter.started(run)
    reporter.phase(customers, Phase.READ, None)
    reporter.phase(contacts, Phase.READ, None)
    reporter.phase(customers, Phase.WRITE, 5)
    customers.status = Status.SUCCEEDED
    reporter.phase(contacts, Phase.WRITE, 5)
    reporter.finished(run)
    assert names(stream) == [
        ("run_started", None),
        ("phase_started", "customers"),
        ("phase_started", "contacts"),
        ("mapping_read", "customers"),
        ("phase_started", "customers"),
        ("mapping_finished", "customers"),
        ("mapping_read", "contacts"),
        ("phase_started", "contacts"),
        ("mapping_finished", "contacts"),
        ("run_finished", None),
    ]


def test_known_drops(reporter, stream, run, customers):
    """What ChartMogul is known to drop is one event of its mapping, by field and without a value."""
    customers.known_drops = {"owner": 2, "attributes.role": 1}
    reporter.started(run)
    reporter.finished(run)
    [told] = [one for one in events(stream) if one["event"] == "known_drops"]

    assert told["fields"] == {"attributes.role": 1, "owner": 2}
    assert (told["mapping"], told["level"]) == ("customers", "info")
