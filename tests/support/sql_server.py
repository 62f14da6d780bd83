"""A SQL Server for tests: a stand-in that speaks its protocol over a socket, with answers that a test gives.

It has no engine: every query that reads gets the same rows. It is written from the protocol's description.
"""

import re
import socket
import ssl
import threading
from collections import abc
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.support import tds
from tests.support.tds_channel import Channel

USER, PASSWORD = "reader", "word-of-the-tests"
_DESCRIBES = re.compile(
    r"\s*exec sys\.sp_describe_first_result_set @tsql = N'(?P<sql>.*)'\s*\Z", re.S
)
_READS = re.compile(r"\s*(?:--[^\n]*\n\s*)*(?:select|with)\b", re.I)
#: The columns of that procedure's answer, as far as anybody asks for them.
_DESCRIPTION = (
    ("is_hidden", "bit not null"),
    ("column_ordinal", "int not null"),
    ("name", "sysname"),
    ("is_nullable", "bit not null"),
    ("system_type_id", "int not null"),
    ("system_type_name", "nvarchar(256)"),
    ("max_length", "smallint not null"),
    ("precision", "tinyint not null"),
    ("scale", "tinyint not null"),
    ("collation_name", "sysname"),
    ("user_type_id", "int"),
    ("user_type_database", "sysname"),
    ("user_type_schema", "sysname"),
    ("user_type_name", "sysname"),
)
#: What SQLAlchemy asks of each new engine, by what its questions hold.
_SESSION = {
    "@@version": "Microsoft SQL Server 2022 - 16.0.1000.6 (X64)",
    "schema_name()": "dbo",
    "max support": "test max support",
    "fn_listextendedproperty": "1",
    "sys.system_views": "dm_exec_sessions",
    "transaction_isolation_level": "READ COMMITTED",
}
_OF_SQLALCHEMY = re.compile("|".join(map(re.escape, _SESSION)), re.I)
_TRANSACTIONS = {"BEGIN TRAN": 8, "COMMIT TRAN": 9, "ROLLBACK TRAN": 10}


@dataclass
class Server:
    """What the server knows: the answer to every query, and what was asked of it.

    `columns` are names and types as SQL Server writes them; where `sparse`, rows are sent with a bit for each null.
    """

    columns: list[tuple[str, str]] = field(default_factory=lambda: [("id", "int not null")])
    rows: abc.Iterable[abc.Sequence[Any]] = ()
    sparse: bool = False
    #: Number, words and line of what is wrong with a query, and whether rows come before it.
    error: tuple[int, str, int] | None = None
    late: bool = False
    #: Whether the connection breaks behind the rows.
    breaks: bool = False
    #: Whether the rows stop coming behind the first so many, until the query is told to end.
    stalls: int | None = None
    #: Whether a query runs until it is told to end, and whether it goes on even then.
    silent: bool = False
    deaf: bool = False
    #: Whether it takes connections and says nothing.
    mute: bool = False
    #: Without this it takes no encryption, with it no plain text.
    context: ssl.SSLContext | None = None
    #: Whether it knows how to describe a query.
    describes: bool = True
    statements: list[str] = field(default_factory=list)
    logins: list[tds.Login] = field(default_factory=list)
    attended: threading.Event = field(default_factory=threading.Event)
    #: How many rows went out.
    sent: int = 0
    port: int = 0

    @property
    def queries(self) -> list[str]:
        """What was asked besides what the driver says of the session, and what describes a query."""
        asked = [one for one in self.statements if _READS.match(one)]
        return [one for one in asked if not _OF_SQLALCHEMY.search(one)]


@contextmanager
def sql_server(server: Server) -> abc.Iterator[str]:
    """The URL of a server with these answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)  # little is on its way
        server.port = listener.getsockname()[1]
        threading.Thread(target=_serve, args=(listener, server), daemon=True).start()
        yield f"mssql://{USER}:{PASSWORD}@127.0.0.1:{server.port}/shop"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, server: Server) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_attend, args=(client, server), daemon=True).start()


def _attend(client: socket.socket, server: Server) -> None:
    with client, suppress(OSError, EOFError):
        Session(client, server).listen()


class Session:
    """One connection."""

    def __init__(self, client: socket.socket, server: Server) -> None:
        self._channel, self._server = Channel(client), server

    def listen(self) -> None:
        """Answer until nobody asks any more."""
        while True:
            kind, body = self._message()
            if self._server.mute:
                continue
            if kind == tds.PRELOGIN:
                self._greet()
            elif kind == tds.LOGIN:
                self._log_in(tds.login(body))
            elif kind == tds.BATCH:
                self._answer(tds.batch(body))
            elif kind == tds.ATTENTION:
                self._end()
            else:
                raise EOFError(f"no answer to messages of kind {kind}")

    def _message(self) -> tuple[int, bytes]:
        body, last, kind = b"", False, 0
        while not last:
            kind, last, size = tds.header(self._read(8))
            body += self._read(size)
        return kind, body

    def _read(self, size: int) -> bytes:
        return self._channel.receive(size)

    def _say(self, body: bytes) -> None:
        for packet in tds.packets(tds.ANSWER, body):
            self._channel.send(packet)

    def _greet(self) -> None:
        context = self._server.context
        self._say(tds.prelogin(encrypted=context is not None))
        if context is not None:
            self._channel.encrypt(context)

    def _log_in(self, asked: tds.Login) -> None:
        self._server.logins.append(asked)
        if (asked.user, asked.password) == (USER, PASSWORD):
            return self._say(tds.welcome(asked))
        self._say(
            tds.said(18456, f"Login failed for user '{asked.user}'.", 14) + tds.done(tds.FAILED)
        )
        raise EOFError

    def _answer(self, sql: str) -> None:
        self._server.statements.append(sql)
        described = _DESCRIBES.match(sql)
        if described:
            self._describe()
        elif sql in _TRANSACTIONS:
            kind, number = _TRANSACTIONS[sql], b"\x08" + b"12345678"
            pair = (number, b"\x00") if kind == 8 else (b"\x00", number)
            self._say(tds.changed(kind, *pair) + tds.done())
        elif found := _OF_SQLALCHEMY.search(sql):
            self._result([("", "nvarchar(128)")], [[_SESSION[found[0].lower()]]])
        elif _READS.match(sql):
            self._query()
        else:
            self._say(tds.done())

    def _describe(self) -> None:
        server = self._server
        if not server.describes:
            words = "Could not find stored procedure 'sys.sp_describe_first_result_set'."
            return self._say(tds.said(2812, words) + tds.done(tds.FAILED))
        if server.error and not server.late:
            compiled = "The batch could not be analyzed because of compile errors."
            said = tds.said(*server.error[:2], line=server.error[2]) + tds.said(11501, compiled)
            return self._say(said + tds.done(tds.FAILED))
        rows = [_described(*column, place) for place, column in enumerate(server.columns, 1)]
        types = [kind for _, kind in _DESCRIPTION]
        told = tds.columns(_DESCRIPTION) + b"".join(tds.row(types, row) for row in rows)
        return self._say(told + tds.done_in_call(len(rows)))

    def _query(self) -> None:
        server = self._server
        if server.error and not server.late:
            number, words, line = server.error
            return self._say(tds.said(number, words, line=line) + tds.done(tds.FAILED))
        if server.silent:
            return self._stall()
        return self._result(server.columns, server.rows, ours=True)

    def _result(
        self,
        columns: abc.Sequence[tuple[str, str]],
        rows: abc.Iterable[abc.Sequence[Any]],
        *,
        ours: bool = False,
    ) -> None:
        """Rows, packet by packet, for as long as they are wanted."""
        server, types, buffer, count, number = self._server, [t for _, t in columns], b"", 0, 0
        write = tds.sparse if ours and server.sparse else tds.row
        buffer = tds.columns(columns)
        for row in rows:
            buffer += write(types, row)
            count += 1
            server.sent += ours
            if ours and count == server.stalls:
                self._channel.send(tds.packet(tds.ANSWER, buffer, number + 1, last=False))
                return self._stall(number + 1)
            while len(buffer) >= tds.ROOM:
                if self._is_wanted_to_end(0):
                    return self._end(number, buffer)
                number += 1
                self._channel.send(tds.packet(tds.ANSWER, buffer[: tds.ROOM], number, last=False))
                buffer = buffer[tds.ROOM :]
        if ours and server.breaks:
            self._channel.send(tds.packet(tds.ANSWER, buffer, number + 1, last=False))
            raise EOFError
        end = tds.done(tds.COUNTED, count)
        if ours and server.error:
            end = tds.said(*server.error[:2], line=server.error[2]) + tds.done(tds.FAILED)
        self._channel.send(tds.packet(tds.ANSWER, buffer + end, number + 1, last=True))

    def _stall(self, number: int = 0) -> None:
        while not self._is_wanted_to_end(0.05):
            pass
        self._end(number)

    def _is_wanted_to_end(self, seconds: float) -> bool:
        """Whether an attention has come."""
        if not self._channel.waits(seconds):
            return False
        kind, _ = self._message()
        self._server.attended.set()
        return kind == tds.ATTENTION and not self._server.deaf

    def _end(self, number: int = 0, begun: bytes = b"") -> None:
        """Say that no more comes, behind what was begun."""
        self._server.attended.set()
        for packet in tds.packets(tds.ANSWER, begun + tds.done(tds.ATTENDED), number + 1):
            self._channel.send(packet)


def _described(name: str, written: str, place: int) -> tuple[Any, ...]:
    plain = written.removesuffix(" not null")
    system = None if plain == "geography" else plain.partition(" collate ")[0]
    nullable = plain == written
    user = ("geography", "sys") if system is None else (None, None)
    return (0, place, name, nullable, 0, system, 0, 0, 0, None, None, None, user[1], user[0])
