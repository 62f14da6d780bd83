import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from sync.domain.record import Object
from sync.domain.results import Outcome
from sync.errors import StateError
from sync.state import engine
from sync.state.memory import Observed
from sync.state.store import Store


def test_two_stores(state_url: str):
    """Two stores that write at the same time both get their turn, and nothing is lost."""
    stores = [Store.open(state_url) for _ in range(2)]
    errors: list[Exception] = []

    def write(number: int) -> None:
        store = stores[number]
        try:
            scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
            for i in range(20):
                item = Observed(f"{number} {i}", f"cus_{i}", 1, Outcome.SKIPPED)
                store.remember(scope, f"mapping {number}", "run_1", [item])
        except Exception as error:
            errors.append(error)

    _run(write)
    assert errors == []
    scope = stores[0].scope("acc_1", "ds_1", Object.CUSTOMER)
    assert [store.count(scope) for store in stores] == [40, 40]
    for store in stores:
        store.close()


def test_threads_take_turns(state_url: str):
    """Threads may share one store, as the renewing of leases does with everything else."""
    store = Store.open(state_url)
    inside: list[int] = []
    most: list[int] = []

    def work(connection: Connection) -> None:
        inside.append(1)
        connection.execute(text("select 1"))
        most.append(len(inside))
        inside.pop()

    _run(lambda _: [store.database.write(work) for _ in range(20)])
    assert most == [1] * 40
    store.close()


def _run(work) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_locked_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file that another process does not let go of is told in SQLite's words, with a hint."""
    url = f"sqlite:///{tmp_path}/state.db"
    first = Store.open(url)
    monkeypatch.setattr(engine, "_PATIENCE", 0.01)
    second = Store.open(url)

    def hold(connection: Connection) -> None:
        with pytest.raises(StateError, match="database is locked") as caught:
            second.remember_account("ds_1", "acc_1", "Acme")
        assert "another process holds the state" in caught.value.hint
        assert second.account_of("ds_1") is None  # reading goes on

    first.database.write(hold)
    first.close()
    second.close()


def test_a_new_file_that_another_process_makes(tmp_path: Path):
    """Who opens a file while another process is about to make the tables waits for it, and does not give up at once."""
    path, errors = tmp_path / "state.db", list[Exception]()
    path.touch()

    def open_it() -> None:
        try:
            Store.open(f"sqlite:///{path}").close()
        except StateError as error:
            errors.append(error)

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        opening = threading.Thread(target=open_it)
        opening.start()
        opening.join(0.2)
        assert (errors, opening.is_alive()) == ([], True)
        other.execute("commit")
    opening.join()
    assert errors == []


def test_rolled_back(state_url: str):
    """What goes wrong inside leaves the state as it was, and passes unchanged."""
    store = Store.open(state_url)

    def work(connection: Connection) -> None:
        connection.execute(text("insert into sync_accounts values ('ds_1', 'acc_1', 'Acme')"))
        raise KeyError("ds_1")

    with pytest.raises(KeyError):
        store.database.write(work)
    assert store.account_of("ds_1") is None
    store.close()


def test_words(state_url: str):
    """A statement that fails is told in the database's words, without SQL and values."""
    store = Store.open(state_url)
    statement = text("insert into sync_accounts values (:a, :b, null)")
    with pytest.raises(StateError) as caught:
        store.database.write(lambda c: c.execute(statement, {"a": "planted", "b": "planted"}))
    assert "planted" not in caught.value.message
    assert "null" in caught.value.message.lower()
    store.close()
