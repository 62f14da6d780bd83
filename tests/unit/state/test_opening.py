import json
import multiprocessing
import sqlite3
from collections import abc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
import pytest
from sqlalchemy import Connection, inspect, text

from sync.domain.record import AttributeType, Object
from sync.domain.results import MappingRun, Outcome, Run
from sync.domain.row_hash import RowHash
from sync.errors import ConfigError, StateError
from sync.state.memory import Confirmed, Held, RejectedRow
from sync.state.store import Store
from sync.state.upgrade import UPGRADES, Upgrade, bring_up
from tests.support import planted_secrets
from tests.support.needed import needed
from tests.unit.state.conftest import Clock
from tests.unit.state.older import take_back


def add_nickname(connection: Connection) -> None:
    """A step that a later version might bring."""
    connection.execute(text("alter table sync_accounts add column nickname varchar"))
    connection.execute(text("update sync_accounts set nickname = upper(name)"))


def spoil(connection: Connection) -> None:
    """A step that fails half-way."""
    connection.execute(text("alter table sync_accounts add column half varchar"))
    connection.execute(text("alter table no_such_table add column x varchar"))


def nicknames(store: Store) -> list[str]:
    return store.database.read(
        lambda c: list(c.execute(text("select nickname from sync_accounts")).scalars())
    )


def version(store: Store) -> int:
    return store.database.read(
        lambda c: int(c.execute(text("select version from sync_meta")).scalar_one())
    )


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fill(url: str, clock: Clock, upgrades: abc.Sequence[Upgrade] = ()) -> bytes:
    store = Store.open(url, clock=clock, upgrades=upgrades)
    store.remember_account("ds_1", "acc_1", "Acme")
    scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
    store.remember(
        scope,
        "customers",
        "run_1",
        [
            Confirmed("a", "cus_a", 1, b"f" * 16, b"h" * 8, b"", Outcome.CREATED),
            RejectedRow("b", "refused", held=Held(b"f" * 16, clock.now, 422, "owner")),
        ],
    )
    salt = store.salt
    store.close()
    return salt


def test_salt(state_url: str):
    """A new state has a random salt of 32 bytes, which stays the same."""
    first = Store.open(state_url)
    second = Store.open(state_url)
    assert (32, first.salt) == (len(first.salt), second.salt)
    first.close()
    second.close()


def test_salt_is_random(tmp_path: Path):
    """Two states hash differently."""
    stores = [Store.open(f"sqlite:///{tmp_path}/{name}.db") for name in "ab"]
    assert len({store.salt for store in stores}) == 2
    assert len({store.stored("jane@example.com") for store in stores}) == 2
    for store in stores:
        store.close()


def test_private_file(tmp_path: Path):
    """The file, and what SQLite puts beside it, can be read by its owner only; folders are made."""
    path = tmp_path / "deep" / "er" / "state.db"
    store = Store.open(f"sqlite:///{path}")
    store.remember_account("ds_1", "acc_1", "Acme")
    modes = {child.name: child.stat().st_mode & 0o777 for child in path.parent.iterdir()}
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    store.close()
    assert [child.name for child in path.parent.iterdir()] == ["state.db"]


def test_pragmas(tmp_path: Path):
    """SQLite waits for others, checks references and has what it committed on disk."""
    store = Store.open(f"sqlite:///{tmp_path}/state.db")

    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.exec_driver_sql(f"pragma {name}").scalar() for name in names]

    assert store.database.read(pragmas) == ["wal", 2, 1, 30_000]
    store.close()


def test_memory():
    """A state in memory works, for whoever wants none to stay."""
    store = Store.open("sqlite://")
    store.remember_account("ds_1", "acc_1", "Acme")
    assert store.account_of("ds_1") == "acc_1"
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_memory_from_any_thread(url: str):
    """A run writes to its state from a thread, and another one closes it."""
    with ThreadPoolExecutor(1) as thread:
        store = thread.submit(Store.open, url).result()
        thread.submit(store.remember_account, "ds_1", "acc_1", "Acme").result()
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(store.account_of, "ds_1").result() == "acc_1"
    store.close()


def test_not_created(tmp_path: Path):
    """Without `create`, a missing state is an error and stays missing."""
    with pytest.raises(StateError, match="there is no state at"):
        Store.open(f"sqlite:///{tmp_path}/state.db", create=False)
    assert list(tmp_path.iterdir()) == []


def test_not_created_in_a_database(database: str):
    """The same on PostgreSQL, and the password is not told."""
    with pytest.raises(StateError, match="there is no state at") as caught:
        Store.open(database, create=False)
    assert planted_secrets.PASSWORD not in caught.value.message


@pytest.mark.parametrize("rival", ["sync_records", "sync_meta"])
def test_rival_tables(tmp_path: Path, rival: str):
    """Tables of somebody else under our names are never used as if they were ours."""
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"create table {rival} (name text)")
    connection.close()
    with pytest.raises(StateError):
        Store.open(f"sqlite:///{path}")


def test_upgrade(state_url: str, clock: Clock):
    """An older state is upgraded when it is opened, and keeps what it knows."""
    salt = fill(state_url, clock)
    store = Store.open(state_url, upgrades=[add_nickname])
    assert (2, ["ACME"], salt) == (version(store), nicknames(store), store.salt)
    scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
    assert store.recall(scope, "customers", ["a"])["a"].uuid == "cus_a"
    store.close()
    again = Store.open(state_url, upgrades=[add_nickname])
    assert version(again) == 2
    again.close()


def test_version_1(state_url: str, clock: Clock):
    """A state of version 1 has no hashes; it keeps what it knows, and gets them."""
    fill(state_url, clock, UPGRADES)
    old = Store.open(state_url)
    take_back(old, 1)
    old.close()

    look = Store.open_read_only(state_url)
    assert (version(look), len(look.known_rows("customers").records)) == (3, 0)
    look.close()
    store = Store.open(state_url)
    scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
    memory = store.recall(scope, "customers", ["a"])["a"]
    assert (version(store), memory.uuid, memory.fingerprint) == (3, "cus_a", b"f" * 16)
    stale = RowHash(memory.record, b"o" * 16, 6)
    store.keep_row_hashes("customers", [RowHash(memory.record, b"f" * 16, -7), stale])
    familiar = store.known_rows("customers")
    assert ([-7], [memory.record]) == (list(familiar.hashes), list(familiar.records))
    store.close()


def shape(url: str) -> dict[str, object]:
    """Everything that a database tells of our tables."""
    store = Store.open_read_only(url)

    def look(connection: Connection) -> dict[str, object]:
        found = inspect(connection)
        return {
            name: (
                sorted((c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)),
                found.get_pk_constraint(name)["constrained_columns"],
                sorted(str(i["column_names"]) for i in found.get_indexes(name)),
                sorted(str(u["column_names"]) for u in found.get_unique_constraints(name)),
                [
                    (f["referred_table"], f["constrained_columns"])
                    for f in found.get_foreign_keys(name)
                ],
            )
            for name in found.get_table_names()
            if name.startswith("sync_")
        }

    shown = store.database.read(look)
    store.close()
    return shown


@pytest.mark.parametrize("older", [1, 2])
def test_upgraded_tables(state_url: str, older: int):
    """An upgraded state has the same tables, columns, keys and indexes as a new one."""
    made = Store.open(state_url)
    new = shape(state_url)
    take_back(made, older)
    made.close()
    Store.open(state_url).close()
    assert new == shape(state_url)


def test_version_2(state_url: str, clock: Clock):
    """A state of version 2 learns which account its runs were of, and since when rows are rejected."""
    fill(state_url, clock, UPGRADES)
    old = Store.open(state_url, clock=clock)
    part = MappingRun("customers", "customers.yml", Object.CUSTOMER, "upsert", "ds_1")
    lost = MappingRun("lost", "lost.yml", Object.CUSTOMER, "upsert", "ds_never_met")
    old.begin_run(Run("run_1", False, clock.now, [part, lost]))
    take_back(old, 2)
    old.close()

    clock.forward(60)
    store = Store.open(state_url, clock=clock)
    accounts = store.database.read(
        lambda c: c.execute(text("select mapping, account from sync_run_mappings")).all()
    )
    assert {("customers", "acc_1"), ("lost", None)} == set(accounts)
    scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
    memories = store.recall(scope, "customers", ["a", "b"])
    assert memories["a"].rejected_since is None
    assert memories["b"].rejected_since == clock.now - timedelta(seconds=60)
    assert [memory.rules for memory in memories.values()] == [None, None]
    store.close()


def test_upgrade_in_steps(state_url: str, clock: Clock):
    """Only the steps that are missing are taken, in order."""
    fill(state_url, clock)
    taken: list[int] = []
    steps = [lambda _, n=n: taken.append(n) for n in (2, 3, 4)]
    for upto in (1, 3):
        Store.open(state_url, upgrades=steps[:upto]).close()
    assert taken == [2, 3, 4]


def test_failed_upgrade(state_url: str, clock: Clock):
    """An upgrade that fails leaves the state as it was."""
    fill(state_url, clock)
    with pytest.raises(StateError, match="no_such_table"):
        Store.open(state_url, upgrades=[add_nickname, spoil])
    store = Store.open(state_url, upgrades=[add_nickname])
    assert (version(store), nicknames(store)) == (2, ["ACME"])
    store.close()


@pytest.mark.parametrize("open_", [Store.open, Store.open_read_only])
def test_newer(state_url: str, open_: abc.Callable[[str], Store]):
    """A state that a newer program has written is refused, with the way out."""
    Store.open(state_url, upgrades=[*UPGRADES, lambda _: None]).close()
    with pytest.raises(StateError, match="version 4, this program knows up to 3") as caught:
        open_(state_url)
    assert "upgrade chartmogul-sync" in caught.value.hint


def test_look_at_nothing(tmp_path: Path):
    """Looking at a state that is not there finds an empty one, and makes no file."""
    store = Store.open_read_only(f"sqlite:///{tmp_path}/new/state.db")
    scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
    assert (store.count(scope), store.recall(scope, "m", ["a"]), store.runs()) == (0, {}, [])
    assert len(store.salt) == 32
    assert list(tmp_path.iterdir()) == []
    store.close()


def test_look_at_an_empty_database(database: str):
    """The same on PostgreSQL: no table appears."""
    store = Store.open_read_only(database)
    assert store.count(store.scope("acc_1", "ds_1", Object.CUSTOMER)) == 0
    store.close()
    with pytest.raises(StateError, match="there is no state"):
        Store.open(database, create=False)


def test_look(state_url: str, clock: Clock):
    """Looking finds everything, writes nothing and makes no scope."""
    salt = fill(state_url, clock)
    store = Store.open_read_only(state_url, upgrades=())
    scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
    assert (salt, 1) == (store.salt, store.count(scope))
    assert store.recall(scope, "customers", ["a"])["a"].uuid == "cus_a"
    assert store.count(store.scope("acc_1", "ds_new", Object.CUSTOMER)) == 0
    with pytest.raises(StateError, match=r"read-?only"):
        store.remember_account("ds_1", "acc_1", "Acme")
    store.close()


def test_look_leaves_no_trace(tmp_path: Path, clock: Clock):
    """A look changes no byte and leaves no file."""
    url = f"sqlite:///{tmp_path}/state.db"
    fill(url, clock)
    before = files(tmp_path)
    store = Store.open_read_only(url, upgrades=())
    assert store.account_of("ds_1") == "acc_1"
    store.close()
    assert before == files(tmp_path)


def test_look_while_another_writes(tmp_path: Path, clock: Clock):
    """A look sees what a run has just written, though it is still in the journal."""
    url = f"sqlite:///{tmp_path}/state.db"
    writer = Store.open(url)
    looker = Store.open_read_only(url)
    writer.remember_account("ds_1", "acc_1", "Acme")
    assert looker.account_of("ds_1") == "acc_1"
    looker.close()
    writer.close()


def test_look_at_an_older_state(state_url: str, clock: Clock):
    """An older state is looked at as if it were upgraded, and stays as old as it is."""
    salt = fill(state_url, clock)
    look = Store.open_read_only(state_url, upgrades=[add_nickname])
    scope = look.scope("acc_1", "ds_1", Object.CUSTOMER)
    memories = look.recall(scope, "customers", ["a", "b"])
    assert ("cus_a", b"f" * 16, clock.now) == (
        memories["a"].uuid,
        memories["a"].fingerprint,
        memories["a"].at,
    )
    assert Held(b"f" * 16, clock.now, 422, "owner") == memories["b"].held
    assert (2, ["ACME"], salt) == (version(look), nicknames(look), look.salt)
    look.close()
    store = Store.open(state_url, upgrades=())
    assert version(store) == 1
    store.close()


def test_no_values(state_url: str, tmp_path: Path, clock: Clock):
    """Not a value of a row, nor an e-mail of a key, is anywhere in the state."""
    store = Store.open(state_url, clock=clock)
    scope = store.scope("acc_1", "ds_1", Object.CONTACT)
    key, other = "cus_1|planted@example.com", "cus_2|planted@example.com"
    store.mark_sent(scope, [key, other], clock.now)
    confirmed = Confirmed(key, "con_1", None, b"f" * 16, b"h" * 8, b"", Outcome.CREATED)
    store.remember(scope, "contacts", "run_1", [confirmed])
    store.lock_types("acc_1", Object.CONTACT, {"plan": AttributeType.STRING}, "contacts", "run_1")
    dump = store.database.read(_dump)
    assert "con_1" in dump
    assert "planted" not in dump
    assert store.doubts(scope, [key, other]).keys() == {other}
    store.close()
    for path in (tmp_path / "state").glob("*"):
        assert b"planted" not in path.read_bytes()


def _dump(connection: Connection) -> str:
    tables = ["records", "synced", "doubts", "accounts", "scopes", "attribute_types", "rejections"]
    rows = [
        [str(value) for value in row]
        for table in tables
        for row in connection.execute(text(f"select * from sync_{table}"))
    ]
    return json.dumps(rows)


@pytest.mark.parametrize(
    "url",
    ["not a url", "mysql://user:plantedQ7xV2kZ9@host/db", "postgresql://u:plantedQ7xV2kZ9@h:port/"],
)
def test_wrong_url(url: str):
    """A URL that cannot be a state is the user's to mend, and its password is not repeated."""
    with pytest.raises(ConfigError) as caught:
        Store.open(url)
    assert "plantedQ7xV2kZ9" not in str(caught.value)


def test_unreachable():
    """A database that does not answer is told with its own words, without the password."""
    needed("psycopg")
    with pytest.raises(StateError, match="refused") as caught:
        Store.open("postgresql://user:plantedQ7xV2kZ9@127.0.0.1:1/db")
    assert "plantedQ7xV2kZ9" not in caught.value.message + caught.value.hint
    assert "user:***@127.0.0.1:1/db" in caught.value.message
    assert "SYNC_STATE_URL" in caught.value.hint


def test_unwritable(tmp_path: Path):
    """A folder that cannot be made is told with the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"Not a directory|exists") as caught:
        Store.open(f"sqlite:///{tmp_path}/file/state.db")
    assert "SYNC_STATE_URL" in caught.value.hint


def test_no_database(tmp_path: Path):
    """A file that is no database is told so, to write and to look."""
    path = tmp_path / "state.db"
    path.write_text("this is no database, however long it may be" * 100)
    for open_ in (Store.open, Store.open_read_only):
        with pytest.raises(StateError, match="file is not a database"):
            open_(f"sqlite:///{path}")


def _processes() -> ForkServerContext:
    """Processes of one that has loaded this module already: each has less to do before the others wait for it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


Answers: TypeAlias = "multiprocessing.Queue[Any]"


def _open(url: str, barrier: abc.Callable[[], int], answers: Answers):
    barrier()
    try:
        store = Store.open(url)
    except Exception as error:
        answers.put(str(error))
    else:
        answers.put(store.salt)
        store.close()


def test_opened_at_once(state_url: str):
    """Processes that make the same state at the same time all come to use the same one."""
    context = _processes()
    barrier, answers = context.Barrier(4), context.Queue()
    openers = [
        context.Process(target=_open, args=(state_url, barrier.wait, answers)) for _ in range(4)
    ]
    for opener in openers:
        opener.start()
    found = {answers.get(timeout=60) for _ in openers}
    for opener in openers:
        opener.join()
    store = Store.open(state_url)
    assert {store.salt} == found
    store.close()


def _open_all(urls: abc.Sequence[str], barrier: abc.Callable[..., int], answers: Answers):
    answers.put([_salt_of(url, barrier) for url in urls])


def _salt_of(url: str, barrier: abc.Callable[..., int]) -> bytes | str:
    barrier(60)
    try:
        with closing(Store.open(url)) as store:
            return store.salt
    except Exception as error:
        return str(error)


@pytest.fixture
def fresh_urls(state_url: str, tmp_path: Path) -> list[str]:
    """Many places where no state is yet."""
    if state_url.startswith("sqlite"):
        return [f"sqlite:///{tmp_path}/{n}/state.db" for n in range(30)]
    schemas = [f"state_{n}" for n in range(10)]
    with psycopg.connect(state_url.replace("+psycopg", ""), autocommit=True) as connection:
        for schema in schemas:
            connection.execute(f"create schema {schema}")
    return [f"{state_url}?options=-csearch_path%3D{schema}" for schema in schemas]


def test_many_opened_at_once(fresh_urls: list[str]):
    """The same with many processes, again and again: none is told that the state is locked."""
    count = 8
    context = _processes()
    barrier, answers = context.Barrier(count), context.Queue()
    told = (fresh_urls, barrier.wait, answers)
    openers = [context.Process(target=_open_all, args=told) for _ in range(count)]
    for opener in openers:
        opener.start()
    found = [answers.get(timeout=120) for _ in openers]
    for opener in openers:
        opener.join()
    assert found == [found[0]] * count
    assert all(isinstance(salt, bytes) for salt in found[0])


def test_bring_up_twice(state_url: str):
    """Bringing up what is up to date changes nothing, as a process does that came second."""
    store = Store.open(state_url)
    store.database.write(lambda c: bring_up(c, UPGRADES))
    assert version(store) == 3
    store.close()
