"""Calls of the API against a sandbox, without a network."""

from dataclasses import dataclass
from typing import Any

import httpx

from sync.sandbox.answer import Answer, encode
from sync.sandbox.sandbox import DATA_SOURCE, Sandbox
from tests.unit.sandbox.exchange import credentials

NOON = 1_770_000_000.0


@dataclass(slots=True)
class Clock:
    """Seconds since 1970, moved by hand."""

    now: float = NOON

    def __call__(self) -> float:
        """The time."""
        return self.now


@dataclass(frozen=True, slots=True)
class Caller:
    """A client with a key."""

    sandbox: Sandbox
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """What proves the key."""
        return credentials(self.key)

    def __call__(self, method: str, path: str, sent: object = None, **query: str) -> Answer:
        """The answer to one call; `path` without /v1."""
        body = b"" if sent is None else encode(sent)
        return self.sandbox.answer(method, f"/v1{path}", query, self.headers, body)

    def create(self, external_id: str = "c1", **fields: Any) -> dict[str, Any]:
        """A new customer."""
        sent = {"data_source_uuid": DATA_SOURCE, "external_id": external_id, **fields}
        answer = self("POST", "/customers", sent)
        assert answer.status == 201, answer.body
        return dict(answer.json)

    def contact(self, customer: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A new contact of a customer."""
        links = {"customer_uuid": customer["uuid"], "data_source_uuid": DATA_SOURCE}
        answer = self("POST", "/contacts", {**links, **fields})
        assert answer.status == 201, answer.body
        return dict(answer.json)

    def set(self, **switches: Any) -> None:
        """Other switches of the sandbox."""
        self.sandbox.set(**switches)

    def patch(self, customer: dict[str, Any], **fields: Any) -> Answer:
        """A change of a customer."""
        return self("PATCH", f"/customers/{customer['uuid']}", fields)


def create(client: httpx.Client, external_id: str = "a", **fields: Any) -> dict[str, Any]:
    """A customer over HTTP."""
    sent = {"data_source_uuid": DATA_SOURCE, "external_id": external_id, **fields}
    answer = client.post("/customers", json=sent)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
