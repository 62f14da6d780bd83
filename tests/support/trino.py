"""A Trino for tests: its protocol of statements and further pages, with answers that a test gives."""

import json
import threading
from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.stand_in import Answering, standing_in


@dataclass
class Coordinator:
    """What the server knows: the answer to every statement, and what was asked of it."""

    columns: list[tuple[str, str]] = field(default_factory=list)
    pages: list[list[list[Any]]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    #: Whether the rows never come.
    silent: bool = False
    statements: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def answer(self, page: int) -> dict[str, Any]:
        """A page of the result; with a silent server there is always another one, without rows."""
        url = f"http://127.0.0.1:{self.port}/v1/statement/executing/q1/{page + 1}"
        told: dict[str, Any] = {
            "id": "q1",
            "infoUri": url,
            "stats": {"state": "RUNNING"},
            "warnings": [],
        }
        if self.error is not None:
            return told | {"error": self.error}
        if self.silent:
            return told | {"nextUri": url}
        if page:
            told |= {"columns": [_column(*column) for column in self.columns]}
            told |= {"data": self.pages[page - 1]} if page <= len(self.pages) else {}
        return told | ({"nextUri": url} if page <= len(self.pages) else {})


def _column(name: str, kind: str) -> dict[str, Any]:
    raw, _, rest = kind.partition("(")
    inside, _, behind = rest.partition(")")
    arguments = [
        {"kind": "LONG", "value": int(part)} for part in inside.split(",") if part.strip().isdigit()
    ]
    if kind == "varchar":
        arguments = [{"kind": "LONG", "value": 2**31 - 1}]
    signature = {"rawType": raw + behind, "arguments": arguments}
    return {"name": name, "type": kind, "typeSignature": signature}


@contextmanager
def trino(coordinator: Coordinator) -> abc.Iterator[str]:
    """The URL of a server with these answers."""

    class Handler(Answering):
        def do_POST(self) -> None:
            coordinator.statements.append(self.body().decode())
            self.send(coordinator.answer(0))

        def do_GET(self) -> None:
            self.send(coordinator.answer(int(self.path.rpartition("/")[2])))

        def do_DELETE(self) -> None:
            coordinator.cancelled.set()
            self.answer(204, "application/json", b"")

        def send(self, document: dict[str, Any]) -> None:
            self.answer(200, "application/json", json.dumps(document).encode())

    with standing_in(Handler) as port:
        coordinator.port = port
        yield f"trino://tester@127.0.0.1:{port}/memory/default"
