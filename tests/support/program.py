"""The program as a process, in a folder with an SQLite warehouse and the sandbox behind it."""

import json
import os
import sqlite3
import subprocess
import sys
from collections import abc
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tests.support import forking
from tests.support.runner import Place

MAPPING = """\
version: 1
source:
  query: select * from accounts
destination:
  object: customer
fields:
  external_id: id
  company: company
  country: country
  email: email
  lead_created_at: lead
attributes:
  seats: {column: seats, type: Integer}
extra_columns: ignore
"""
#: A contact for each account that has an e-mail.
CONTACTS = """\
version: 1
source:
  query: select id as account, email, company as first_name from accounts where email is not null
destination:
  object: contact
fields:
  customer_external_id: account
  email: email
  first_name: first_name
"""
#: Variables that the program must not inherit; without the last, every process compiles it anew.
_OURS = ("SYNC_", "CHARTMOGUL_", "WAREHOUSE_URL", "PYTHONDONTWRITEBYTECODE")
#: What an interpreter looks at when it starts.
_OF_THE_START = ("PYTHON", "LC_", "LANG", "TERM", "COLUMNS")
COLUMNS = ("id", "company", "country", "email", "lead", "seats")
GOOD = {
    "id": "cus_1",
    "company": "Quince",
    "country": "DE",
    "email": "a@quince.example",
    "lead": "2024-05-01",
    "seats": 5,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, which must be JSON alone."""
        return json.loads(self.out)

    @property
    def rows(self) -> dict[str, int]:
        """The counts of its only mapping; they must add up."""
        rows: dict[str, int] = self.json["mappings"][0]["rows"]
        assert rows["read"] == sum(rows.values()) - rows["read"]
        return {name: count for name, count in rows.items() if count}


@dataclass(slots=True)
class Desk:
    """A place, and the program to run in it."""

    place: Place
    #: Modules that take long to load, such as a warehouse's driver.
    loads: tuple[str, ...] = ()

    def rows(self, *rows: abc.Mapping[str, object]) -> None:
        """The warehouse holds these accounts: `GOOD`, but for what each names."""
        with closing(sqlite3.connect(self.place.folder / "warehouse.db")) as db, db:
            db.execute("drop table if exists accounts")
            db.execute(f"create table accounts ({', '.join(COLUMNS)})")
            marks = ", ".join(f":{name}" for name in COLUMNS)
            db.executemany(
                f"insert into accounts values ({marks})", [{**GOOD, **row} for row in rows]
            )

    def mapping(self, text: str = MAPPING, name: str = "customers") -> None:
        """A mapping file."""
        self.place.write(name, text)

    def __call__(self, *arguments: str, **variables: str | None) -> Ended:
        """Run the program; `variables` change its environment, None removes one."""
        base = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
        told = base | self.place.environment | variables
        environment = {k: v for k, v in told.items() if v is not None}
        environment |= {"PYTHONPATH": str(forking.ROOT)}
        if any(name.startswith(_OF_THE_START) for name in variables):
            done = subprocess.run(
                [sys.executable, "-m", "sync", *arguments],
                cwd=self.place.folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        else:
            done = forking.run(arguments, self.place.folder, environment, 120, self.loads)
        assert "Traceback" not in done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def errors(self) -> list[dict[str, Any]]:
        """The lines of errors.jsonl of the newest run."""
        file = self.place.folder / "reports" / "latest" / "errors.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()]

    def changes(self) -> list[dict[str, Any]]:
        """The lines of changes.jsonl of the newest run."""
        file = self.place.folder / "reports" / "latest" / "changes.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()]
