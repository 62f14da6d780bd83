"""A BigQuery for tests: the REST calls that its client makes, with answers that a test gives, and an account's key."""

import json
from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.needed import driver
from tests.support.stand_in import Answering, standing_in

REFERENCE = {"projectId": "shop", "jobId": "job_1", "location": "EU"}


@dataclass
class Project:
    """What the server knows: the answer to every query, and what was asked of it.

    `columns` are names and types, such as `STRING`, with a mode behind it where it is not `NULLABLE`; values of `pages`
    are as BigQuery writes them.
    """

    columns: list[tuple[str, ...]] = field(default_factory=list)
    pages: list[list[list[Any]]] = field(default_factory=lambda: [[]])
    #: The reason and the message of a query that fails.
    error: tuple[str, str] | None = None
    #: What a dry run says that a statement is, or how it fails.
    kind: str = "SELECT"
    refusal: tuple[str, str] | None = None
    #: Whether the account's key is known.
    known: bool = True
    statements: list[str] = field(default_factory=list)

    def query(self, page: int) -> dict[str, Any]:
        """A page of the result."""
        rows = [{"f": [{"v": value} for value in row]} for row in self.pages[page]]
        fields = [
            {"name": name, "type": kind, "mode": mode[0] if mode else "NULLABLE"}
            for name, kind, *mode in self.columns
        ]
        told = {"jobReference": REFERENCE, "jobComplete": True, "schema": {"fields": fields}}
        told |= {"rows": rows, "totalRows": str(sum(len(rows) for rows in self.pages))}
        return told | ({"pageToken": str(page + 1)} if page + 1 < len(self.pages) else {})

    def job(self) -> dict[str, Any]:
        """The query as a job that is done."""
        table = {"projectId": "shop", "datasetId": "d", "tableId": "anon"}
        configuration = {"query": {"query": "", "destinationTable": table}, "jobType": "QUERY"}
        statistics = {"query": {"statementType": self.kind}}
        told = {"jobReference": REFERENCE, "configuration": configuration, "statistics": statistics}
        return told | {"status": {"state": "DONE"}}


@dataclass
class Key:
    """A server: what it knows, where it is, and the URL that names the file with an account's key."""

    project: Project
    #: For the variable BIGQUERY_EMULATOR_HOST.
    host: str
    url: str


@contextmanager
def bigquery(folder: Path) -> abc.Iterator[Key]:
    """A server whose answers a test gives; the account's key is put into the folder."""
    project = Project()

    class Handler(Answering):
        def do_POST(self) -> None:
            body = self.body().decode()
            if self.path == "/token":
                return self.token()
            asked = json.loads(body)
            dry = asked.get("configuration", {}).get("dryRun", False)
            if dry:
                return self.fail(*project.refusal) if project.refusal else self.send(project.job())
            project.statements.append(asked.get("query", ""))
            if project.error is not None:
                return self.fail(*project.error)
            return self.send(project.query(0))

        def do_GET(self) -> None:
            if "/jobs/" in self.path:
                return self.send(project.job())
            token = self.path.partition("pageToken=")[2].partition("&")[0]
            return self.send(project.query(int(token or 0)))

        def token(self) -> None:
            if project.known:
                return self.send({"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})
            words = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            return self.send(words, 400)

        def fail(self, reason: str, message: str) -> None:
            status = {"notFound": 404, "accessDenied": 403}.get(reason, 400)
            errors = [{"message": message, "domain": "global", "reason": reason}]
            self.send({"error": {"code": status, "message": message, "errors": errors}}, status)

        def send(self, document: dict[str, Any], status: int = 200) -> None:
            self.answer(status, "application/json; charset=UTF-8", json.dumps(document).encode())

    with standing_in(Handler) as port:
        host = f"http://127.0.0.1:{port}"
        file = folder / "key.json"
        file.write_text(_key(host), encoding="utf-8")
        yield Key(project, host, f"bigquery://shop?credentials_path={file}")


def _key(host: str) -> str:
    """The key of a service account whose tokens the server gives."""
    rsa = driver("cryptography.hazmat.primitives.asymmetric.rsa")
    forms = driver("cryptography.hazmat.primitives.serialization")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
    ).decode()
    told = {
        "type": "service_account",
        "project_id": "shop",
        "private_key_id": "1",
        "private_key": pem,
        "client_email": "sync@shop.iam.gserviceaccount.com",
        "token_uri": f"{host}/token",
    }
    return json.dumps(told)
