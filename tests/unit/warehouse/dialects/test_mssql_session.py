"""Connections of SQL Server that end their queries themselves, with a driver that notes what is asked of it.

`tests/integration/test_sql_server.py` has the real driver.
"""

import socket
import threading
import time
from collections import abc
from typing import Any

import pytest

from sync.warehouse.dialects.mssql_session import Ended, Session, listen

TYPES = [(0, "id", "int", None), (0, "place", None, "geography"), (1, "hidden", "int", None)]
NAMES = ("is_hidden", "name", "system_type_name", "user_type_name")


class Driver:
    """A connection and its cursor in one; `slow`, `ending` and `executing` happen within what it is asked."""

    def __init__(self, rows: int = 3, *, describes: bool = True) -> None:
        self.asked: list[str] = []
        self.description: Any = None
        self.slow: abc.Callable[[], object] = lambda: None
        self.ending: abc.Callable[[], object] = lambda: None
        self.executing: abc.Callable[[], object] = lambda: None
        self._rows, self._describes = iter(range(rows)), describes

    @property
    def _conn(self) -> "Driver":
        return self

    def cursor(self) -> "Driver":
        return self

    def execute(self, sql: str, *given: object) -> None:
        self.executing()
        self.asked.append(sql)
        describing = sql.startswith("exec sys.sp_describe")
        if describing and not self._describes:
            raise RuntimeError("no such procedure")
        self.description = [(name, 1) for name in (NAMES if describing else ("id", "place"))]

    def fetchall(self) -> list[Any]:
        return list(TYPES)

    def fetchone(self) -> object:
        self.slow()
        return next(self._rows, None)

    def cancel(self) -> None:
        self.ending()
        self.asked.append("cancel")

    def rollback(self) -> None:
        self.asked.append("rollback")

    def close(self) -> None:
        self.asked.append("close")


def test_types():
    """A query is described before it runs; of its columns those that are no part of the result are left out."""
    driver = Driver()
    cursor = Session(driver).cursor()
    cursor.typed = True
    cursor.execute("select 'it''s'")
    assert driver.asked == [
        "exec sys.sp_describe_first_result_set @tsql = N'select ''it''''s'''",
        "select 'it''s'",
    ]
    assert cursor.description == (("id", "int"), ("place", "geography"))
    assert [cursor.fetchone(), cursor.fetchmany(5), cursor.fetchall()] == [0, [1, 2], []]


def test_no_types():
    """Where the server cannot describe it, the driver's own stay, and the transaction begins anew; else nobody asks."""
    driver = Driver(describes=False)
    cursor = Session(driver).cursor()
    cursor.typed = True
    cursor.execute("select 1")
    assert driver.asked[1:] == ["rollback", "select 1"]
    assert list(cursor.description or ()) == [("id", 1), ("place", 1)]
    for plain in ("select 2", "select 3"):
        cursor.typed = plain == "select 3"
        cursor.execute(plain, *(("x",) if cursor.typed else ()))
    assert driver.asked[3:] == ["select 2", "select 3"]


def test_ended_between_rows():
    """Whoever reads sees it before the next row; the server is told once, when the transaction is left."""
    driver = Driver(1000)
    session = Session(driver)
    driver.slow = session.cancel
    with pytest.raises(Ended):
        session.cursor().fetchmany(1000)
    assert driver.asked == []
    session.rollback()
    session.rollback()
    session.close()
    assert driver.asked == ["cancel", "close"]
    with pytest.raises(Ended):
        session.cursor().execute("select 1")


def test_ended_from_outside():
    """A query that keeps silent is ended by the one who cancels, once; what the driver says of it is no matter."""
    driver, told = Driver(), threading.Event()
    session = Session(driver)

    def silent() -> None:
        assert told.wait(10)
        raise RuntimeError("cancelled")

    driver.slow, driver.ending = silent, told.set
    timers = [threading.Timer(seconds, session.cancel) for seconds in (0.3, 0.3, 0.4)]
    for timer in timers:
        timer.start()
    with pytest.raises(Ended):
        session.cursor().fetchone()
    for timer in timers:
        timer.join()
    assert driver.asked == ["cancel"]


def test_a_server_that_does_not_let_go():
    """Its connection is left as it is: the library cannot close one that is in use."""
    driver, never = Driver(), threading.Event()
    session = Session(driver)
    driver.ending = lambda: never.wait(10)
    session.cancel()
    began = time.monotonic()
    session.rollback()
    session.close()
    assert time.monotonic() - began < 5
    assert driver.asked == []
    never.set()


def test_waiting():
    """The first answer is waited for where an end can be seen; the driver says when it waits."""
    heard: list[abc.Callable[[int], None]] = []
    listen(type("Module", (), {"set_wait_callback": heard.append}))
    driver, (ours, theirs) = Driver(), socket.socketpair()
    session = Session(driver)
    with ours, theirs:
        heard[0](ours.fileno())  # of a connection that is none of ours
        driver.executing = lambda: heard[0](ours.fileno())
        theirs.send(b"an answer")
        session.cursor().execute("select 1")
        ours.recv(100)
        timer = threading.Timer(0.2, session.cancel)
        timer.start()
        with pytest.raises(Ended):
            session.cursor().execute("select 2")
        timer.join()
    assert driver.asked == ["select 1"]


def test_interrupted():
    """After an interruption nobody waits for what is under way."""
    driver = Driver()
    session = Session(driver)

    def interrupt() -> None:
        raise KeyboardInterrupt

    driver.slow = interrupt
    with pytest.raises(KeyboardInterrupt):
        session.cursor().fetchone()
    session.rollback()
    session.close()
    assert driver.asked == ["cancel", "close"]
