"""A connection of pymssql that can be ended, and that knows the types of a query's columns.

pymssql says of columns that they are numbers, text, times or bytes, and takes dates, UUIDs and `datetime2` for bytes.
So the server is asked first: it describes a query without running it.

The library below is not made for two threads: one that cancels while another goes through rows makes it abort the
whole process. So whoever runs a query ends it itself: it is woken while it waits for the first answer, and sees
between two rows that it is to end. Only a query that keeps silent between rows is ended from outside.
"""

import selectors
import threading
from collections import abc
from contextlib import suppress
from time import monotonic
from typing import Any

#: Seconds between two looks whether a query that has not answered is to end.
_LOOK = 0.1
#: Seconds that the server has to say that it has ended a query; then the connection is left as it is.
_PATIENCE = 2.0
_DESCRIBE = "exec sys.sp_describe_first_result_set @tsql = N'{}'"
_HERE = threading.local()


class Ended(Exception):
    """A query that nobody wants any more."""

    def __init__(self) -> None:
        super().__init__("the query was ended")


class Session:
    """A connection of the driver; it belongs to one thread, but for `cancel`."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain
        self._ended = False
        #: Since when the driver has been asked for something, other than to wait; None: it is not.
        self._since: float | None = None
        self._ender: threading.Thread | None = None
        #: Several may cancel at once.
        self._one = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def cursor(self) -> "Cursor":
        """A cursor whose columns have types."""
        return Cursor(self, self._plain.cursor())

    def call(self, what: abc.Callable[..., Any], *given: Any) -> Any:
        """Ask the driver for something that may take long. Raises Ended where the query has ended."""
        self._check()
        self._since = monotonic()
        try:
            answer = what(*given)
        except Exception as error:
            self._settle()
            raise (Ended() if self._ended else error) from error
        except BaseException:  # somebody interrupts us, and nobody waits for what is under way
            self._ended = True
            raise
        self._settle()
        self._check()
        return answer

    def rows(self, fetch: abc.Callable[[], Any], size: int) -> list[Any]:
        """Up to so many rows, within a `call`; between two of them it is seen whether the query is to end."""
        rows: list[Any] = []
        while len(rows) < size and not self._ended:
            self._since = monotonic()
            row = fetch()
            if row is None:
                break
            rows.append(row)
        return rows

    def wait(self, socket: int) -> None:
        """Wait for the first answer to a statement, which may take long. Raises Ended."""
        self._since = None
        with selectors.DefaultSelector() as selector:
            selector.register(socket, selectors.EVENT_READ)
            while not self._ended and not selector.select(_LOOK):
                pass
        self._check()
        self._since = monotonic()

    def cancel(self) -> None:
        """End what runs, from another thread; what is not under way at once ends when this is said again."""
        self._ended = True
        since = self._since
        if since is not None and monotonic() - since > _LOOK:
            self._end()

    def rollback(self) -> None:
        """Undo the transaction; of a query that has ended there is nothing but its end to tell the server."""
        if not self._ended:
            self._plain.rollback()
            return
        self._end()

    def close(self) -> None:
        """Hang up, unless the server still owes an answer: the library cannot close a connection that is in use."""
        if not self._settle():
            return
        self._plain.close()

    def _check(self) -> None:
        if self._ended:
            raise Ended

    def _end(self) -> None:
        """Tell the server, once; a thread keeps the connection until it answers that it has ended what runs."""
        plain = self._plain

        def end() -> None:
            with suppress(Exception):  # it may have broken off, too
                plain._conn.cancel()

        with self._one:
            if self._ender is None:
                ender = threading.Thread(target=end, name="ending", daemon=True)
                ender.start()
                self._ender = ender

    def _settle(self) -> bool:
        """Wait for who ends the query; False: the server does not answer."""
        self._since = None
        if self._ender is None:
            return True
        self._ender.join(_PATIENCE)
        return not self._ender.is_alive()


class Cursor:
    """A cursor of the driver; `description` has types as the server writes them, where it tells."""

    def __init__(self, session: Session, plain: Any) -> None:
        self._session, self._plain = session, plain
        #: Whether the types of what is executed are asked for.
        self.typed = False
        self._types: list[str] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    @property
    def description(self) -> tuple[tuple[Any, ...], ...] | None:
        """The columns; the second of each is its type, or the driver's number for it."""
        told = self._plain.description
        if told is None or self._types is None or len(told) != len(self._types):
            return told  # type: ignore[no-any-return]  # the driver's own
        return tuple(
            (column[0], kind or column[1], *column[2:])
            for column, kind in zip(told, self._types, strict=True)
        )

    def execute(self, operation: str, *given: Any) -> None:
        """Run a statement; what a query gives is asked before."""
        self._types = None
        _HERE.session = self._session
        try:
            if self.typed and not given:
                self._types = self._described(operation)
            self._session.call(self._plain.execute, operation, *given)
        finally:
            _HERE.session = None

    def _described(self, operation: str) -> list[str] | None:
        """The types of a query's columns; None where the server cannot tell, since the query will say why."""
        cursor = self._session._plain.cursor()
        try:
            self._session.call(cursor.execute, _DESCRIBE.format(operation.replace("'", "''")))
            names = [column[0] for column in cursor.description]
            rows = [
                dict(zip(names, row, strict=True)) for row in self._session.call(cursor.fetchall)
            ]
        except Ended:
            raise
        except Exception:
            self._session.call(self._session._plain.rollback)
            return None
        return [_written(row) for row in rows if not row["is_hidden"]]

    def fetchone(self) -> Any:
        """The next row; None at the end."""
        return self._session.call(self._plain.fetchone)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Up to so many rows; fewer only at the end."""
        rows: list[Any] = self._session.call(self._session.rows, self._plain.fetchone, size or 1)
        return rows

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return list(iter(self.fetchone, None))


def _written(row: abc.Mapping[str, Any]) -> str:
    """A type: the database's own, `decimal(18,2)`, or one that was added to it, such as `geography`."""
    return str(row["system_type_name"] or row["user_type_name"] or "")


def listen(driver: Any) -> None:
    """Let the driver say when it waits, and on which socket; it asks this once for all its connections."""
    driver.set_wait_callback(_waits)


def _waits(socket: int) -> None:
    session = getattr(_HERE, "session", None)
    if session is not None:
        session.wait(socket)
