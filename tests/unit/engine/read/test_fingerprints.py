"""A mapping whose warehouse compares: what is read, what is kept, and what the state has a say in."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from sync.domain.record import Object
from sync.domain.results import Tally
from sync.engine.read.query import MappingQuery
from sync.sandbox.sandbox import DATA_SOURCE
from sync.state.memory import RejectedRow
from tests.support.contacts import Square
from tests.support.hashed import HashedQuery
from tests.support.tasks import CUSTOMERS, OF_CUSTOMERS, Rig

BY_FINGERPRINTS = {"read": "fingerprints"}


@dataclass(frozen=True, slots=True)
class HashingQuery(MappingQuery):
    """A query of SQLite, hashed for it."""

    hashed: list[HashedQuery] = field(default_factory=list)
    modulus: int = 65_536
    problem: str = ""

    def fingerprints(self) -> HashedQuery | str:
        """The rows of the moment, hashed here."""
        if self.problem:
            return self.problem
        with self.execute() as result:
            columns = result.columns
        self.hashed.append(HashedQuery(columns, self._rows, modulus=self.modulus))
        return self.hashed[-1]

    def _rows(self) -> list[tuple[Any, ...]]:
        with self.execute() as result:
            return [row for batch in result.batches() for row in batch]


@dataclass
class Ran:
    """What a run did: how its rows ended, what was asked of the warehouse, and what was told."""

    rows: Tally
    asked: list[str]
    fetched: int
    left: list[str]
    told: list[str]
    results: list[Any]
    requests: int


class World:
    """Runs of one mapping over one warehouse and one state."""

    def __init__(self, folder, square) -> None:
        self.folder, self.square, self.number = folder, square, 0
        self.modulus, self.problem = 65_536, ""
        self.mapping: dict[str, Any] = dict(CUSTOMERS)
        self.source: dict[str, Any] = dict(BY_FINGERPRINTS)

    def put(self, *rows: tuple[Any, ...]) -> None:
        """These are the rows from now on."""
        self.rows = rows

    def rig(self, **chosen: Any) -> Rig:
        """A run of its own."""
        self.number += 1
        return Rig(self.folder, self.square, f"run_{self.number:03}", **chosen)

    async def run(self, **chosen: Any) -> Ran:
        """One run, from its first to its last step."""
        rig = self.rig(**chosen)
        try:
            task = self.task(rig)
            await rig.complete(task)
            query: Any = task.query
            asked = [name for one in query.hashed for name in one.asked]
            fetched = sum(one.fetched for one in query.hashed)
            told = (rig.left_keys, rig.told, rig.results, task.run.requests.total)
            return Ran(task.run.rows, asked, fetched, *told)
        finally:
            rig.close()

    async def rest(self) -> None:
        """Two runs: the second one finds nothing to do, so that the next one asks for one number first."""
        await self.run()
        await self.run()

    def task(self, rig: Rig) -> Any:
        """The mapping on its way."""
        source = {
            "url": f"sqlite:///{self.folder / 'warehouse.db'}",
            "query": "select * from customers",
            **self.source,
        }
        task = rig.task("customers", OF_CUSTOMERS, *self.rows, source=source, **self.mapping)
        query = MappingQuery.open(task.loaded)
        told = (query.loaded, query.warehouse, query.sql)
        task.query = HashingQuery(*told, modulus=self.modulus, problem=self.problem)
        return task

    def change(self, sql: str) -> None:
        """Somebody writes to the warehouse."""
        with closing(sqlite3.connect(self.folder / "warehouse.db")) as db, db:
            db.execute(sql)


@pytest.fixture
def square():
    """A ChartMogul without a network."""
    square = Square()
    yield square
    asyncio.run(square.http.aclose())


@pytest.fixture
def world(tmp_path, square):
    """Three customers that are there already, and whose buckets are settled."""
    world = World(tmp_path, square)
    world.put(("a", "A"), ("b", "B"), ("c", "C"))
    return world


def company(world, key):
    """The company of a customer in ChartMogul."""
    held = world.square.sandbox.world
    return held.customers[held.by_pair[DATA_SOURCE, key]].company


async def test_first_run_reads_all(world):
    """The first run reads each row with its hash, and sends it."""
    ran = await world.run()

    assert (ran.asked, ran.fetched) == (["all rows"], 3)
    assert ran.rows == Tally(read=3, created=3)
    assert ran.told == ["3 of 3 rows were fetched"]


async def test_nothing_changed(world):
    """Where nothing changed, one number is asked for, no row is read, and the counts add up all the same."""
    await world.rest()
    ran = await world.run()

    assert (ran.asked, ran.fetched) == (["whole"], 0)
    assert ran.rows == Tally(read=3, unchanged=3)
    assert (ran.left, ran.results, ran.requests) == ([], [], 2)
    assert ran.told == ["0 of 3 rows were fetched"]


async def test_one_changed(world):
    """One row that changed is read and sent, the others are not."""
    await world.rest()
    world.put(("a", "A"), ("b", "B2"), ("c", "C"))
    ran = await world.run()

    assert (ran.asked, ran.fetched) == (["whole", "buckets", "rows"], 1)
    assert ran.rows == Tally(read=3, updated=1, unchanged=2)
    assert company(world, "b") == "B2"
    assert (await world.run()).asked == ["buckets"]
    assert (await world.run()).asked == ["whole"]


async def test_changed_and_back(world):
    """A row that changes back is sent again: what counts is what was settled last."""
    for name in ("B", "B2", "B"):
        world.put(("a", "A"), ("b", name), ("c", "C"))
        await world.run()

    assert company(world, "b") == "B"


async def test_new_and_left(world):
    """A new row is created; one that is gone has left, once, also where its bucket has no row any more."""
    await world.run()
    world.put(("a", "A"), ("d", "D"), ("c", "C"))
    ran = await world.run()

    assert ran.rows == Tally(read=3, created=1, unchanged=2)
    assert ran.left == ["b"]
    again = await world.run()
    assert (again.left, again.asked) == ([], ["buckets"])

    world.put(("a", "A"), ("d", "D"), ("c", "C"), ("b", "B"))
    back = await world.run()
    assert back.rows == Tally(read=4, unchanged=4)
    world.put(("a", "A"), ("d", "D"), ("c", "C"))
    assert (await world.run()).left == ["b"]


async def test_rejected_stays_open(world):
    """A rejected row is read, counted and told by every run, and keeps nobody else from being skipped over."""
    world.mapping["fields"] = {"external_id": "id", "country": "company"}
    world.put(("a", "AT"), ("b", "Atlantis"), ("c", "DE"))
    await world.rest()
    ran = await world.run()

    assert (ran.asked, ran.fetched) == (["whole", "rows"], 1)
    assert ran.rows == Tally(read=3, unchanged=2, rejected=1)
    assert [(result.key, result.known) for result in ran.results] == [("b", True)]


async def test_row_without_key(world):
    """So is a row that has no key at all."""
    world.put(("a", "A"), (None, "B"), ("c", "C"))
    await world.run()
    ran = await world.run()

    assert ran.rows == Tally(read=3, unchanged=2, rejected=1)


async def test_repeated_key(world):
    """Rows of one key are judged together by every run, whatever buckets they are in."""
    world.put(("a", "A"), ("b", "B"), ("b", "B"))
    await world.run()
    ran = await world.run()

    assert ran.rows == Tally(read=3, unchanged=2, skipped=1)
    world.put(("a", "A"), ("b", "B"), ("b", "B2"))
    assert (await world.run()).rows == Tally(read=3, unchanged=1, rejected=2)


async def test_key_spelled_otherwise(world):
    """A row whose key is spelled otherwise than before brings the bucket along in which its record is known."""
    world.put((1, "A"), (2, "B"))
    await world.rest()
    world.put((1, "A"), (2, "B"), ("1", "A2"))
    ran = await world.run()

    assert ran.asked == ["whole", "buckets", "rows", "rows"]
    assert ran.rows == Tally(read=3, unchanged=1, rejected=2)
    assert {row.problems[0].code for row in ran.results} == {"duplicate_key"}

    world.put((2, "B"), ("1", "A2"))
    ran = await world.run()
    assert ran.rows == Tally(read=2, updated=1, unchanged=1)
    assert ran.left == []


async def test_shared_bucket(world):
    """A bucket of several rows is read whole; those that are as they were count as unchanged."""
    world.modulus = 1
    await world.run()
    world.put(("a", "A"), ("b", "B2"), ("c", "C"))
    ran = await world.run()

    assert ran.fetched == 3
    assert ran.rows == Tally(read=3, updated=1, unchanged=2)
    assert (await world.run()).fetched == 0


async def test_mode_insert(world):
    """In mode insert rows that are not read count as skipped, as they would if they were."""
    world.mapping["mode"] = "insert"
    await world.run()
    await world.run(full=True)
    await world.run()
    ran = await world.run()

    assert (ran.asked, ran.rows) == (["whole"], Tally(read=3, skipped=3))


@pytest.mark.parametrize(
    "chosen",
    [{"full": True}, {"limit": 2}, {"keys": frozenset("a")}],
    ids=["full", "limit", "key"],
)
async def test_only_in_whole_runs(world, chosen):
    """A run of some rows, or one that trusts nothing, asks nothing and reads rows."""
    await world.run()

    assert (await world.run(**chosen)).asked == []


async def test_dry_run_uses_and_keeps_nothing(world, tmp_path):
    """A dry run is told by the warehouse what to read, and leaves what is kept as it is."""
    assert (await world.run(dry_run=True)).asked == []
    await world.rest()
    world.put(("a", "A"), ("b", "B2"), ("c", "C"))
    before = _kept(tmp_path)
    ran = await world.run(dry_run=True)

    assert (ran.asked, ran.fetched) == (["whole", "buckets", "rows"], 1)
    assert ran.rows == Tally(read=3, updated=1, unchanged=2)
    assert _kept(tmp_path) == before


def _kept(folder):
    """All that the state keeps of buckets."""
    with closing(sqlite3.connect(folder / "state.db")) as db:
        return [
            db.execute(f"select * from {name} order by 1, 2").fetchall()
            for name in ("sync_mappings", "sync_buckets", "sync_synced")
        ]


async def test_salt_is_new_with_each_whole_reading(world, tmp_path):
    """Salts are random: each reading of all rows has its own; one of some keeps what it compares with."""
    salts = []
    for name in ("B", "B2", "B2"):
        world.put(("a", "A"), ("b", name), ("c", "C"))
        await world.run()
        salts.append(_kept(tmp_path)[0][0][5])
    world.mapping["tags"] = ["new"]
    await world.run()
    salts.append(_kept(tmp_path)[0][0][5])

    assert [len(salt) for salt in salts] == [16] * 4
    assert (salts[0], salts[1]) == (salts[1], salts[2])
    assert salts[3] != salts[0]


async def test_changed_mapping(world):
    """What another mapping read says nothing."""
    await world.run()
    world.mapping["tags"] = ["new"]
    ran = await world.run()

    assert ran.asked == ["all rows"]
    assert ran.rows == Tally(read=3, updated=3)


async def test_no_fingerprints(world):
    """Where the warehouse cannot compare, all rows are read, and it is said why."""
    world.problem = "fingerprints were not tried on sqlite yet"
    ran = await world.run()

    assert ran.rows == Tally(read=3, created=3)
    assert ran.told == [f"all rows are read, though the mapping says fingerprints: {world.problem}"]


async def test_open_type(world):
    """Nor where only values tell the type of an attribute: those of rows that are not read would be missing."""
    world.mapping["attributes"] = {}
    world.mapping["fields"] = {"external_id": "id"}
    ran = await world.run()

    assert ran.asked == []
    assert "only values tell the type of the attribute company" in ran.told[0]


# What the state has a say in


async def test_written_by_another_run(world):
    """What was sent meanwhile by a run of some rows is looked at, though the row has changed back since."""
    await world.run()
    world.put(("a", "A"), ("b", "B2"), ("c", "C"))
    await world.run(keys=frozenset("b"))
    world.put(("a", "A"), ("b", "B"), ("c", "C"))
    ran = await world.run()

    assert ran.rows == Tally(read=3, updated=1, unchanged=2)
    assert company(world, "b") == "B"


async def test_stranger(world):
    """A record that a run of some rows met for the first time is missed once its row is gone."""
    await world.run()
    world.put(("a", "A"), ("b", "B"), ("c", "C"), ("d", "D"))
    await world.run(keys=frozenset("d"))
    world.put(("a", "A"), ("b", "B"), ("c", "C"))
    ran = await world.run()

    assert ran.left == ["d"]


async def test_rows_for_a_while(world):
    """Fingerprints can be turned off and on: what changed meanwhile is seen."""
    await world.run()
    world.source["read"] = "rows"
    world.put(("a", "A2"), ("b", "B"))
    assert (await world.run()).left == ["c"]
    world.source["read"] = "fingerprints"
    world.put(("a", "A"), ("b", "B"), ("c", "C"))
    ran = await world.run()

    assert ran.rows == Tally(read=3, updated=1, unchanged=2)
    assert company(world, "a") == "A"
    world.put(("a", "A"), ("b", "B"))
    assert (await world.run()).left == ["c"]


def _learn(world, change):
    """Something is learnt of a record by whoever it is."""
    rig = world.rig()
    try:
        scope = rig.store.scope(_account(rig), DATA_SOURCE, Object.CUSTOMER)
        change(rig.store, scope)
    finally:
        rig.close()


def _account(rig):
    return rig.store.account_of(DATA_SOURCE)


@pytest.mark.parametrize(
    "change",
    [
        lambda store, scope: store.forget(scope, "b"),
        lambda store, scope: store.learn(
            scope, "b", store.recall(scope, "customers", ["b"])["b"].uuid, None
        ),
        lambda store, scope: store.announce(
            scope, "customers", {store.recall(scope, "customers", ["b"])["b"].record: b"p"}
        ),
        lambda store, scope: store.remember(
            scope, "customers", "other", [RejectedRow("b", "refused")]
        ),
    ],
    ids=["forgotten", "gone", "announced", "rejected"],
)
async def test_reasons_of_the_state(world, change):
    """A record of which something was learnt is looked at, though nothing of its row has changed."""
    await world.rest()
    _learn(world, change)
    ran = await world.run()

    assert (ran.asked, ran.fetched) == (["whole", "rows"], 1)
    assert (await world.run()).asked == ["whole"]


async def test_learnt_while_buckets_are_read(world):
    """A record that is found gone after its row was read keeps its bucket open."""
    rig = world.rig()
    await world.run()
    world.put(("a", "A"), ("b", "B"), ("c", "C2"))
    try:
        world.modulus = 1
        task = world.task(rig)
        await task.connect()
        await task.read()
        rig.store.forget(task.state.scope, "b")
        await task.write()
    finally:
        rig.close()
    ran = await world.run()

    assert ran.fetched == 3


async def test_writer_between_statements(world, monkeypatch):
    """What is kept is what was fetched, not what an earlier question was answered."""
    await world.run()
    world.put(("a", "A"), ("b", "B2"), ("c", "C"))
    ask = HashedQuery.buckets

    def then_write(self, salt, key):
        found = list(ask(self, salt, key))
        world.change("update customers set company = 'B3' where id = 'b'")
        return iter(found)

    monkeypatch.setattr(HashedQuery, "buckets", then_write)
    await world.run()
    monkeypatch.undo()
    assert company(world, "b") == "B3"

    world.put(("a", "A"), ("b", "B2"), ("c", "C"))
    await world.run()
    assert company(world, "b") == "B2"


async def test_broken_off(world):
    """A run that breaks off before its last row closes nothing: the next one reads what it read."""
    await world.rest()
    world.put(("a", "A"), ("b", "B2"), ("c", "C"))
    rig = world.rig()
    try:
        task = world.task(rig)
        await task.connect()
        await task.read()
    finally:
        rig.close()
    world.put(("a", "A"), ("b", "B"), ("c", "C"))
    ran = await world.run()

    assert (ran.asked, ran.fetched) == (["whole", "rows"], 1)


async def test_many_keys_changed(world):
    """The rail of changed keys counts rows that were not read among those that were met."""
    world.put(*((f"k{n}", "A") for n in range(60)))
    await world.run()
    world.put(*((f"k{n}" if n < 35 else f"x{n}", "A") for n in range(60)))
    ran = await world.run()

    assert ran.rows == Tally(read=60, created=25, unchanged=35)
