"""People who work in ChartMogul's app beside the program: what they see there, and what they change."""

import json
from dataclasses import dataclass
from typing import Any

from tests.support.runner import Place
from tests.unit.sandbox.exchange import credentials


@dataclass(frozen=True, slots=True)
class People:
    """Somebody in the app of the sandbox of a place."""

    place: Place

    def ask(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """One request, which must be answered well."""
        sandbox = self.place.sandbox
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {**credentials(sandbox.key), "content-type": "application/json"}
        before = sandbox.sandbox.calls()
        answer = sandbox.sandbox.answer(method, f"/v1{path}", query, headers, sent)
        with sandbox.sandbox.lock:  # what is counted are the program's requests
            sandbox.sandbox.requests.clear()
            sandbox.sandbox.requests.extend(before)
        assert answer.status < 300, answer.json
        return answer.json if answer.body else None

    def uuid(self, key: str) -> str:
        """The customer with this external id."""
        found = self.place.customers()[key]
        return str(found["uuid"])

    def edit(self, key: str, **fields: object) -> None:
        """Change fields of a customer."""
        self.ask("PATCH", f"/customers/{self.uuid(key)}", fields)

    def delete(self, key: str) -> None:
        """Delete a customer."""
        self.ask("DELETE", f"/customers/{self.uuid(key)}")

    def set_attribute(self, key: str, name: str, kind: str, value: object) -> None:
        """Set an attribute of a customer."""
        one = {"type": kind, "key": name, "value": value}
        path = f"/customers/{self.uuid(key)}/attributes/custom"
        self.ask("POST", path, {"custom": [one]})

    def tag(self, key: str, *tags: str) -> None:
        """Tag a customer."""
        self.ask("POST", f"/customers/{self.uuid(key)}/attributes/tags", {"tags": list(tags)})

    def add(self, key: str, **fields: object) -> str:
        """Make a customer by hand; its uuid."""
        whose = {"data_source_uuid": self.place.sandbox.data_source, "external_id": key}
        return str(self.ask("POST", "/customers", whose | fields)["uuid"])

    def add_contact(self, customer: str, **fields: object) -> str:
        """Make a contact by hand; its uuid."""
        source = self.place.sandbox.data_source
        whose = {"data_source_uuid": source, "customer_uuid": self.uuid(customer)}
        return str(self.ask("POST", "/contacts", whose | fields)["uuid"])

    def merge(self, one: str, into: str) -> None:
        """Merge two customers."""
        sides = {
            "from": {"customer_uuid": self.uuid(one)},
            "into": {"customer_uuid": self.uuid(into)},
        }
        self.ask("POST", "/customers/merges", sides)
