"""Since when a mapping is healthy by what it rejected, as the state tells it."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.domain.health import MostRejected
from sync.domain.record import Object
from sync.domain.results import MappingRun, Run, Status, Tally
from sync.state.store import Store

START = datetime(2026, 1, 31, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLACE = (None, "ds_1", "customers")


@pytest.fixture
def store():
    store = Store.open("sqlite://")
    yield store
    store.close()


def enter(store, *runs, mapping="customers"):
    """Runs of a mapping, an hour apart: read, rejected, tolerated, and how they ended."""
    for number, (read, rejected, tolerated, status) in enumerate(runs):
        end = START + number * HOUR
        part = MappingRun(mapping, "m.yml", Object.CUSTOMER, "upsert", "ds_1", status)
        part.rows, part.tolerated = Tally(read, rejected=rejected), tolerated
        store.finish_run(Run(f"{mapping}_{number}", False, end, [part], end, status))


DONE, BAD = Status.COMPLETED_WITH_ERRORS, Status.FAILED


@pytest.mark.parametrize(
    ("runs", "since"),
    [
        ([(10, 1, 0, DONE), (10, 0, 0, DONE)], 0),
        ([(10, 10, 0, DONE), (10, 0, 0, DONE), (10, 0, 0, DONE)], 1),
        ([(10, 0, 0, DONE), (10, 10, 0, DONE)], None),
        ([(10, 10, 0, DONE), (10, 0, 0, DONE), (100, 51, 0, DONE), (100, 51, 51, DONE)], 3),
        ([(10, 0, 0, DONE), (10, 10, 0, BAD)], 0),  # a run that broke off says nothing here
        ([(10, 0, 0, BAD)], None),
    ],
)
def test_since(store, runs, since):
    """The first of the latest unbroken series of runs that were well."""
    enter(store, *runs)
    enter(store, (1, 1, 0, DONE), mapping="others")
    found = store.healthy_since(MostRejected())
    assert found == ({} if since is None else {PLACE: START + since * HOUR})


def test_a_run_of_the_future(store):
    """One that was ill, by a clock that was years ahead, does not hide how the runs since then are."""
    enter(store, (10, 0, 0, DONE))
    end = START.replace(year=3000)
    part = MappingRun("customers", "m.yml", Object.CUSTOMER, "upsert", "ds_1", DONE)
    part.rows = Tally(10, rejected=10)
    store.finish_run(Run("ahead", False, end, [part], end, DONE))
    assert store.healthy_since(MostRejected()) == {PLACE: START}


@pytest.mark.parametrize("most", [MostRejected(), MostRejected(rows=3), MostRejected(rows=0)])
def test_the_state_judges_as_we_do(store, most):
    """One rule, twice: in SQL and in words."""
    for read in (0, 1, 5, 19, 20, 21, 40):
        for rejected in range(0, read + 1, 3):
            for tolerated in (0, 4, 25):
                name = f"{read}_{rejected}_{tolerated}"
                enter(store, (read, rejected, tolerated, DONE), mapping=name)
                is_well = (None, "ds_1", name) in store.healthy_since(most)
                assert is_well is not most.is_passed(read, rejected, tolerated), name
