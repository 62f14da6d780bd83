"""Makes a state by runs of a released program, for the tests that carry on from it; see README.md beside it.

`python -m tests.integration.states.make CHECKOUT FOLDER STATE_URL` runs the program of a checkout against its own
sandbox. The files that it leaves in FOLDER are `warehouse.sql`, `sandbox.json` and, with SQLite, `state.db`.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections import abc
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ACCOUNTS = (
    "create table accounts (id text, company text, email text, country text, city text, signed_up text,"
    " owner text, plan text, seats integer, score numeric, partner boolean, renews_at text, usage bigint)"
)
PEOPLE = (
    "create table people (id text, account text, first_name text, email text, title text, role text,"
    " referred_by text)"
)
#: The words that ChartMogul refuses a row with.
REFUSAL = {"code": 422, "message": "The field email is invalid.", "param": "email"}


@dataclass(frozen=True, slots=True)
class Maker:
    """A released program, its sandbox, and the warehouse between them."""

    checkout: Path
    folder: Path
    state: str
    sandbox: dict[str, str]
    second: str

    def sql(self, *statements: str) -> None:
        """Change the warehouse."""
        with closing(sqlite3.connect(self.folder / "warehouse.db")) as db, db:
            for statement in statements:
                db.execute(statement)

    def run(self, *arguments: str, expected: int = 0, **variables: str) -> None:
        """A run that ends with this code."""
        done = self._start(*arguments, **variables)
        said = done.communicate(timeout=120)[1]
        if done.returncode != expected:
            raise SystemExit(f"{arguments} ended with {done.returncode}:\n{said}")

    def kill(self, path: str, *arguments: str) -> None:
        """A run that is killed once a write of it to `path` has taken effect."""
        _ask("DELETE", f"{self._root}/sandbox/requests")
        killed = self._start(*arguments)
        while not any(one["path"].startswith(path) for one in self._requests("PATCH")):
            time.sleep(0.05)
        killed.kill()
        killed.communicate()

    def _start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        told = {
            **self.sandbox,
            "WAREHOUSE_URL": f"sqlite:///{self.folder}/warehouse.db",
            "SECOND_SOURCE": self.second,
            "SYNC_STATE_URL": self.state,
            "SYNC_REPORTS": str(self.folder / "reports"),
            **variables,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "sync", "run", *arguments],
            env={**os.environ, **told, "PYTHONPATH": str(self.checkout)},
            cwd=self.folder,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fail(self, **fault: Any) -> None:
        """Let requests fail from now on."""
        _ask("POST", f"{self._root}/sandbox/faults", fault)

    def mend(self) -> None:
        """Let them succeed again."""
        _ask("DELETE", f"{self._root}/sandbox/faults")

    def _requests(self, method: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = _ask("GET", f"{self._root}/sandbox/requests?method={method}")[
            "requests"
        ]
        return found

    @property
    def _root(self) -> str:
        return self.sandbox["CHARTMOGUL_API_URL"].removesuffix("/v1")


def story(maker: Maker) -> None:
    """What happened before the upgrade: of every kind of thing that a state remembers, something."""
    _fill(maker)
    maker.run("mappings")  # everything is new; owner, referred_by are dropped
    # The same mapping feeds another data source, as for a trial.
    maker.run("mappings/customers.yml", CHARTMOGUL_DATA_SOURCE=maker.second)
    maker.sql("update accounts set city = 'Graz', seats = 9 where id in ('a2', 'a3')")
    maker.run("mappings", "--key", "a2")
    maker.sql(
        "update people set title = 'CFO' where id = 'p2'",
        "update accounts set city = null where id = 'a4'",
    )
    maker.run("mappings")
    _refuse(maker)
    _lose(maker)
    maker.sql("delete from accounts where id = 'a12'", "delete from people where id = 'p9'")
    maker.sql("insert into accounts (id, company, country) values ('a14', 'Nowhere', 'Atlantis')")
    maker.run("mappings", expected=1)
    maker.fail(path="/v1/customers*", status=401)
    maker.sql("update accounts set plan = 'pro' where id = 'a7'")
    maker.run("mappings", expected=3)
    maker.mend()
    maker.run("mappings", expected=1)
    maker.sql("update accounts set plan = 'team' where id = 'a8'")
    maker.fail(method="PATCH", path="/v1/customers/*", when="after", delay=60)
    maker.kill("/v1/customers/", "mappings/customers.yml")


def _fill(maker: Maker) -> None:
    maker.sql(ACCOUNTS, PEOPLE, "create table branches (id text, name text, region text)")
    maker.sql("create table subscribers (account text, email text, first_name text)")
    for n in range(1, 13):
        owner = "nobody@example.com" if n in (5, 6) else "success@example.com"
        maker.sql(
            f"insert into accounts values ('a{n}', 'Company {n}', 'a{n}@example.com', 'DE', 'Bonn',"
            f" '2024-0{n % 9 + 1}-15 10:00:00', '{owner}', 'basic', {n}, {n}.25, {n % 2},"
            f" '2027-01-0{n % 9 + 1}T00:00:00Z', {n * 1000})"
        )
        if n < 10:
            maker.sql(
                f"insert into people values ('p{n}', 'a{n % 4 + 1}', 'Person {n}', 'p{n}@example.com',"
                f" null, 'admin', 'friend {n}')"
            )
    maker.sql(
        "insert into branches values ('b1', 'North', 'N'), ('b2', 'South', 'S'), ('a1', 'Main', null)"
    )
    maker.sql(
        "insert into subscribers values ('a1', 'News@Example.com', 'Ned'), ('a2', 'p1@example.com', 'Pia')"
    )


def _refuse(maker: Maker) -> None:
    """ChartMogul refuses a new customer, a change of a known one, and a new contact."""
    maker.sql(
        "insert into accounts (id, company, email) values ('a13', 'Refused', 'r@example.com')"
    )
    maker.sql("update accounts set email = 'r6@example.com' where id = 'a6'")
    maker.sql(
        "insert into people (id, account, first_name, email) values ('p10', 'a1', 'Rea', 'rea@example.com')"
    )
    body = json.dumps(REFUSAL)
    for method, path in (
        ("POST", "/v1/customers"),
        ("PATCH", "/v1/customers/*"),
        ("POST", "/v1/contacts"),
    ):
        maker.fail(method=method, path=path, status=422, body=body)
    maker.run("mappings", expected=1)
    maker.mend()


def _lose(maker: Maker) -> None:
    """The answer to a contact's create is lost, and no look finds the contact."""
    maker.sql(
        "insert into people (id, account, first_name, email) values ('p11', 'a2', 'Lou', 'lou@example.com')"
    )
    maker.fail(method="POST", path="/v1/contacts", drop=True, times=1)
    maker.run("mappings", expected=1)
    maker.mend()


def _ask(method: str, url: str, body: object = None, key: str = "") -> Any:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    if key:
        basic = b64encode(f"{key}:".encode()).decode()
        asked.add_header("authorization", f"Basic {basic}")
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.loads(answer.read())


@contextmanager
def sandbox(checkout: Path, folder: Path) -> abc.Iterator[dict[str, str]]:
    """The checkout's sandbox, which keeps its account in `sandbox.json`; what the program has to be told."""
    command = [sys.executable, "-m", "sync", "sandbox", "--port", "0", "--data", "sandbox.json"]
    told = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=told, cwd=folder, stdout=subprocess.PIPE, text=True
    ) as served:
        assert served.stdout is not None
        said: dict[str, str] = {}
        while len(said) < 3:
            if found := re.search(r"(CHARTMOGUL_\w+)=(\S+)", served.stdout.readline()):
                said[found[1]] = found[2]
        try:
            yield said
        finally:
            served.terminate()
            served.wait()


def main(checkout: Path, folder: Path, state: str) -> None:
    """Make the folder's files."""
    folder.mkdir(parents=True)
    shutil.copytree(HERE / "mappings", folder / "mappings")
    with sandbox(checkout, folder) as told:
        time.sleep(1)
        url = f"{told['CHARTMOGUL_API_URL']}/data_sources"
        second = _ask("POST", url, {"name": "Second"}, told["CHARTMOGUL_API_KEY"])["uuid"]
        story(Maker(checkout, folder, state, told, second))
    with closing(sqlite3.connect(folder / "warehouse.db")) as db:
        (folder / "warehouse.sql").write_text("\n".join(db.iterdump()) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).absolute(), sys.argv[3])
