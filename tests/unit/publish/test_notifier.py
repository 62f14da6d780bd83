"""A day in the life of a mapping, by a clock of its own: exactly these messages, over restarts of the program."""

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from sync.domain.record import Object
from sync.domain.results import MappingRun, Run, Status, Tally
from sync.publish.events import Event
from sync.publish.message import About, stale
from sync.publish.notifier import Notifier
from sync.publish.outlets import Unsent
from sync.state.memory import RejectedRow
from sync.state.store import Store
from sync.state.told import Place

MIDNIGHT = datetime(2026, 1, 31, tzinfo=UTC)
REASONS = [("invalid_country", "country", 2), ("missing_key", None, 1)]


class Pager:
    """An outlet that keeps what it is told, or cannot be reached."""

    def __init__(self, url="pager://secret"):
        self.url, self.name, self.told, self.works = url, "URL 1 (pager://…)", [], True

    def send(self, message):
        if not self.works:
            raise Unsent("it did not answer within 8 seconds")
        self.told.append((message.title, message.body))


class Day:
    """A state, opened anew for every hour, and one mapping whose runs end as they are told to."""

    def __init__(self, url: str, *pagers: Pager):
        self.url, self.pagers, self.hour = url, pagers, 0
        self.warnings: list[str] = []
        self.before: Counter[str] = Counter()

    def now(self) -> datetime:
        return MIDNIGHT + timedelta(hours=self.hour)

    def store(self) -> Store:
        return Store.open(self.url, clock=self.now)

    def notifier(self, store: Store) -> Notifier:
        return Notifier(store, self.pagers, list(Event), "production", self.warnings.append)

    def run(self, status: Status, *rejected: str, account="acc_1", reason=None) -> None:
        """The run of the next hour, which rejects these keys of 9 rows."""
        self.hour += 1
        part = MappingRun("customers", "mappings/customers.yml", Object.CUSTOMER, "upsert", "ds_1")
        part.account, part.status, part.reason = account, status, reason
        part.rows = Tally(9, unchanged=9 - len(rejected), rejected=len(rejected))
        part.rejected_new = (Counter(rejected) - self.before).total()
        run = Run(f"run-{self.hour}", False, self.now(), [part])
        with closing(self.store()) as store:
            if status in (Status.SUCCEEDED, Status.COMPLETED_WITH_ERRORS):
                self.before = Counter(rejected)
                scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
                rows = [RejectedRow(key, "invalid_country") for key in rejected if key]
                store.remember(scope, "customers", run.id, rows)
            run.status, run.finished_at = status, self.now()
            store.finish_run(run)
            self.notifier(store).run_ended(run, lambda _: REASONS)

    def silence(self, hours: int) -> None:
        """No run for hours, and `schedule` notices that the last success is too old."""
        self.hour += hours
        with closing(self.store()) as store:
            last = MIDNIGHT + timedelta(hours=1)
            self.notifier(store).is_stale(Place("customers", "ds_1"), last, 3 * 3600)


def titles(pager: Pager) -> list[str]:
    return [title.removeprefix("[production] customers: ") for title, _ in pager.told]


@pytest.fixture
def day(tmp_path) -> Day:
    return Day(f"sqlite:///{tmp_path / 'state.db'}", Pager())


def test_a_day(day):
    """Good runs, a refused key, recovery, newly rejected rows, silence, recovery: each told once."""
    (pager,) = day.pagers
    for _ in range(2):
        day.run(Status.SUCCEEDED)
    assert pager.told == []
    for _ in range(3):
        day.run(Status.FAILED, account=None, reason="chartmogul")
    assert pager.told == [
        (
            "[production] customers: failed",
            "Environment: production\n"
            "Mapping: customers\n"
            "What: The run did not come to its end:"
            " ChartMogul said no: look at the API key, the data source and the account\n"
            "Since: 2026-01-31 03:00 UTC; last success: 2026-01-31 02:00 UTC\n"
            "Next: chartmogul-sync report run-3\n"
            "Run: run-3",
        )
    ]
    day.run(Status.SUCCEEDED)
    day.run(Status.SUCCEEDED)
    assert pager.told[1:] == [
        (
            "[production] customers: recovered",
            "Environment: production\n"
            "Mapping: customers\n"
            "What: The run came to its end: 9 rows, 0 rejected\n"
            "Since: 2026-01-31 06:00 UTC; what was wrong was told at 2026-01-31 03:00 UTC, 3 h before\n"
            "Next: nothing to do; chartmogul-sync status shows all mappings\n"
            "Run: run-6",
        )
    ]
    day.run(Status.COMPLETED_WITH_ERRORS, "cus_1", "cus_2", "")
    day.run(Status.COMPLETED_WITH_ERRORS, "cus_1", "cus_2", "cus_3")
    assert pager.told[2:] == [
        (
            "[production] customers: 3 rows newly rejected",
            "Environment: production\n"
            "Mapping: customers\n"
            "What: 3 of 9 rows rejected, 3 newly\n"
            "Since: 2026-01-31 08:00 UTC\n"
            "Reasons: invalid_country in country (2), missing_key (1)\n"
            "Next: chartmogul-sync report run-8\n"
            "Run: run-8",
        )
    ]
    day.silence(4)
    day.silence(1)
    day.run(Status.SUCCEEDED)
    assert titles(pager)[3:] == ["no success for too long", "recovered"]
    assert pager.told[3][1].splitlines()[2:] == [
        "What: No run came to its end for more than 3 h",
        "Since: 2026-01-31 01:00 UTC",
        "Next: chartmogul-sync status",
    ]
    assert day.warnings == []


def test_known_rejected_rows_are_no_news(day):
    """Rows that were rejected in the run before, with a key or without, are told of once; new ones are new."""
    (pager,) = day.pagers
    day.run(Status.COMPLETED_WITH_ERRORS, "cus_1", "")
    day.run(Status.COMPLETED_WITH_ERRORS, "cus_1", "")
    assert titles(pager) == ["2 rows newly rejected"]


def test_a_message_that_cannot_be_sent(day):
    """It is a warning, and the next run tells it; other targets are told at once, and once."""
    (pager,) = day.pagers
    other = Pager("other://secret")
    day.pagers = (pager, other)
    pager.works = False
    day.run(Status.STOPPED, reason="max_creates")
    assert day.warnings == [
        "SYNC_NOTIFY: URL 1 (pager://…) was not told failed of customers:"
        " it did not answer within 8 seconds"
    ]
    pager.works = True
    day.run(Status.STOPPED, reason="max_creates")
    assert (titles(pager), titles(other)) == (["failed"], ["failed"])
    assert "What: A rail stopped the run: max_creates" in pager.told[0][1]


def test_rejected_rows_that_could_not_be_told(day):
    """The next run tells of them, though none is new by then, and says why."""
    (pager,) = day.pagers
    pager.works = False
    day.run(Status.COMPLETED_WITH_ERRORS, "cus_1")
    pager.works = True
    for _ in range(2):
        day.run(Status.COMPLETED_WITH_ERRORS, "cus_1")
    day.run(Status.SUCCEEDED)
    assert titles(pager) == ["1 row rejected", "recovered"]
    assert "by an earlier run, whose message could not be sent" in pager.told[0][1]


def test_interrupted_and_locked_runs_tell_nothing(day):
    """They are told by going stale only."""
    day.run(Status.INTERRUPTED)
    day.run(Status.LOCKED)
    assert day.pagers[0].told == []


def test_silence_from_the_beginning():
    """Where there never was a success, since when is said in words."""
    told = stale(About("customers"), None, 3 * 3600).body.splitlines()
    assert told[2] == "Since: always: none of its runs ever came to its end"
