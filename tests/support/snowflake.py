"""A Snowflake for tests: the routes that its connector uses, with answers that a test gives."""

import gzip
import json
import threading
from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.stand_in import Answering, standing_in

PASSWORD = "password-of-the-tests"
SESSION = 20260
_QUERY = "01b2c3d4-0000-1111-0000-000000000001"
_CANCELLED = (604, "SQL execution canceled")
_CANCEL = f"select system$cancel_all_queries({SESSION})"
_JSON = "application/json"
#: What SQLAlchemy asks when it connects.
_OF_THE_SESSION = {"current_version()": ("9.0.0",), "current_database()": ("SHOP", "PUBLIC")}


@dataclass
class Account:
    """What the server knows: the answer to every query, and what was asked of it.

    `columns` are names and types, such as `fixed(10,2)`; rows are as Snowflake writes them in JSON. What `chunks` has
    are further rows, which are fetched from addresses of their own.
    """

    columns: list[tuple[str, str]] = field(default_factory=lambda: [("ID", "fixed(38,0)")])
    rows: list[list[str | None]] = field(default_factory=list)
    chunks: list[list[list[str | None]]] = field(default_factory=list)
    #: The number and the words of a query that fails, or of a login that is refused.
    error: tuple[int, str] | None = None
    refusal: tuple[int, str] | None = None
    #: Whether a query runs until it is cancelled.
    silent: bool = False
    #: By which code it is told that a query still runs; Snowflake has two.
    progress: str = "333333"
    logins: list[dict[str, Any]] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    fetched: list[int] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    #: Once it is set nobody is answered any more.
    gone: threading.Event = field(default_factory=threading.Event)
    host: str = ""

    def login(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A session, or why there is none."""
        self.logins.append(asked["data"])
        if self.refusal is not None:
            return _failed(*self.refusal)
        told = {"token": "session", "masterToken": "master", "sessionId": SESSION}
        told |= {"validityInSeconds": 3600, "masterValidityInSeconds": 14400}
        told |= {"parameters": [], "sessionInfo": {}, "serverVersion": "9.0.0"}
        return _done(told)

    def query(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to a statement."""
        sql = asked["sqlText"]
        self.statements.append(sql)
        if sql.lower() == _CANCEL:
            self.cancelled.set()
            return _done(_result([("ANSWER", "text")], [["1 cancelled."]]))
        for name, answer in _OF_THE_SESSION.items():
            if name in sql.lower():
                return _done(_result([(str(place), "text") for place in answer], [[*answer]]))
        if not sql.lower().startswith("select"):
            return _done(_result([("STATUS", "text")], [["Statement executed successfully."]]))
        return self.result(0 if self.silent else None)

    def result(self, wait: float | None) -> dict[str, Any]:
        """The rows; or, after so many seconds, that there are none yet."""
        if self.error is not None:
            return _failed(*self.error)
        if wait is None:
            rows = sum((len(chunk) for chunk in self.chunks), len(self.rows))
            chunks = [
                {"url": f"{self.host}/chunks/{number}", "rowCount": len(chunk)}
                | dict.fromkeys(("uncompressedSize", "compressedSize"), len(json.dumps(chunk)))
                for number, chunk in enumerate(self.chunks)
            ]
            more = {"total": rows, "returned": rows} | ({"chunks": chunks} if chunks else {})
            return _done(_result(self.columns, self.rows) | more)
        if self.cancelled.wait(wait):
            return _failed(*_CANCELLED)
        url = f"/queries/{_QUERY}/result"
        told = {"queryId": _QUERY, "getResultUrl": url, "queryAbortsAfterSecs": 300}
        return _done(told) | {"code": self.progress, "message": "Query execution in progress."}


def _done(data: dict[str, Any]) -> dict[str, Any]:
    return {"success": True, "code": None, "message": None, "data": data}


def _failed(number: int, message: str) -> dict[str, Any]:
    code = f"{number:06d}"
    told = {"errorCode": code, "queryId": _QUERY, "sqlState": "42000"}
    return {"success": False, "code": code, "message": message, "data": told}


def _result(columns: list[tuple[str, str]], rows: list[list[Any]]) -> dict[str, Any]:
    return {
        "rowtype": [_column(*column) for column in columns],
        "rowset": rows,
        "total": len(rows),
        "returned": len(rows),
        "queryId": _QUERY,
        "queryResultFormat": "json",
        "statementTypeId": 0x1000,
        "parameters": [{"name": "TIMEZONE", "value": "Europe/Berlin"}],
    }


def _column(name: str, kind: str) -> dict[str, Any]:
    type_, _, rest = kind.partition("(")
    precision, _, scale = rest.rstrip(")").partition(",")
    told: dict[str, Any] = {"name": name, "type": type_, "nullable": True}
    told |= {"precision": int(precision or 0), "scale": int(scale or 0)}
    return told | {"length": 16777216, "byteLength": 16777216}


@contextmanager
def snowflake(account: Account) -> abc.Iterator[tuple[str, dict[str, Any]]]:
    """The URL of a server with these answers, and the options by which the connector finds it."""
    over = threading.Event()

    class Handler(Answering):
        def do_POST(self) -> None:
            body = self.body()
            asked = json.loads(
                gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            )
            if self.path.startswith("/session/v1/login-request"):
                return self.send(account.login(asked))
            if self.path.startswith("/queries/v1/query-request"):
                return self.send(account.query(asked))
            return self.send(_done({}))

        def do_GET(self) -> None:
            if self.path.startswith("/chunks/"):
                number = int(self.path.rpartition("/")[2])
                account.fetched.append(number)
                rows = json.dumps(account.chunks[number])[1:-1]
                return self.answer(200, _JSON, rows.encode())
            return self.send(account.result(0.1))

        def send(self, document: dict[str, Any]) -> None:
            if account.gone.is_set():
                over.wait()
                self.close_connection = True
                return
            self.answer(200, _JSON, json.dumps(document).encode())

    with standing_in(Handler) as port:
        account.host = f"http://127.0.0.1:{port}"
        options = {"host": "127.0.0.1", "port": port, "protocol": "http"}
        yield f"snowflake://reader:{PASSWORD}@shop-eu/SHOP/PUBLIC", options
        over.set()
