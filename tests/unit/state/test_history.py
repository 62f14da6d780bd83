"""Which runs are whose: by name and place, and by file or query where a mapping was renamed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sync.domain.record import Object
from sync.domain.results import Status
from sync.state.history import History, Whose
from sync.state.keys import Keys
from sync.state.memory import LastRun

START = datetime(2026, 1, 31, 10, tzinfo=UTC)
RUN = LastRun(
    "customers",
    "run_1",
    Status.SUCCEEDED,
    START,
    START + timedelta(minutes=1),
    10,
    account="acc",
    data_source="ds_1",
    file="mappings/customers.yml",
    query=7,
)
ME = Whose("customers", "ds_1", "acc", Object.CUSTOMER, "mappings/customers.yml", 7)


def found(whose: Whose, *runs: LastRun, files: frozenset[str] = frozenset()) -> LastRun | None:
    """The run that is found where these files are there."""
    return History(runs).of(whose, files.__contains__)


def test_mine():
    """By name, data source and account."""
    assert found(ME, RUN) == RUN
    assert found(ME) is None


@pytest.mark.parametrize(
    "other", [replace(RUN, data_source="ds_2"), replace(RUN, account="another")]
)
def test_of_others(other: LastRun):
    """What another data source, or another account, was fed with says nothing."""
    assert found(ME, other) is None


def test_less_is_known():
    """Without a data source any will do, and the latest counts; a run that failed early knows no account."""
    later = replace(RUN, run="run_2", data_source="ds_2", started_at=START + timedelta(hours=1))
    assert found(Whose("customers"), RUN, later) == later
    assert found(Whose("customers", "ds_1"), RUN, later) == RUN
    early = replace(RUN, account=None, started_at=START + timedelta(hours=2))
    assert found(ME, RUN, early) == early


@pytest.mark.parametrize(
    ("change", "files", "expected"),
    [
        ({}, {ME.file}, True),  # the name in the file is another one
        ({"query": None}, {ME.file}, True),  # entered by an older version
        ({"file": "mappings/old.yml"}, {ME.file}, True),  # the file was renamed
        ({"file": "mappings/old.yml"}, {ME.file, "mappings/old.yml"}, False),  # it is there
        ({"file": "mappings/old.yml", "query": 8}, {ME.file}, False),
        ({"file": "mappings/old.yml", "query": None}, {ME.file}, False),
        ({"object": Object.CONTACT}, {ME.file}, False),
        ({"data_source": "ds_2"}, {ME.file}, False),
        ({"account": "another"}, {ME.file}, False),
    ],
)
def test_renamed(change: dict[str, object], files: set[str], expected: bool):
    """A mapping without history takes over that of the one whose file or query it has, and that is no longer there."""
    before = replace(RUN, mapping="old name", **change)  # type: ignore[arg-type]
    assert (found(ME, before, files=frozenset(files)) == before) is expected


def test_renamed_and_run_again():
    """Its own runs count from the first one on, whatever the other name's were."""
    before = replace(RUN, mapping="old name", started_at=START + timedelta(days=1))
    assert found(ME, RUN, before) == RUN


def test_everybody():
    """All that have a history, once for each data source."""
    runs = (RUN, replace(RUN, data_source="ds_2"), replace(RUN, account=None))
    assert History(runs).everybody() == [Whose("customers", "ds_1"), Whose("customers", "ds_2")]


def test_hashes_of_queries():
    """Another salt, another query: another number, and one that both databases can hold."""
    numbers = {Keys(salt).number(query) for salt in (b"a", b"b") for query in ("q", "r")}
    assert len(numbers) == 4
    assert all(-(2**63) <= number < 2**63 for number in numbers)
