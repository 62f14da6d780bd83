"""A warehouse of accounts and people that changes, and what ChartMogul should hold because of it."""

import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

Row = dict[str, Any]

#: So much changes between runs that are cut off, on a busy machine, that the rail of cleared values would stop them.
CUSTOMERS = """\
version: 1
source: {query: "select id, company, country, email, plan, seats from accounts"}
destination: {object: customer}
fields: {external_id: id, company: company, country: country, email: email}
attributes:
  plan: {column: plan, type: String, on_null: clear}
  seats: {column: seats, type: Integer}
tags: [warehouse]
limits: {max_clears: 100%}
"""
CONTACTS = """\
version: 1
source: {query: "select id, account, email, first_name, notes, role from people"}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: email, first_name: first_name, notes: notes}
attributes:
  role: {column: role, type: String}
"""
_SCHEMA = """
drop table if exists accounts; drop table if exists people;
create table accounts (id text, company text, country text, email text, plan text, seats integer);
create table people (id text, account text, email text, first_name text, notes text, role text);
"""
_COUNTRIES = ("AT", "CH", "DE", "FR", "PL")


@dataclass(frozen=True, slots=True)
class Account:
    """A row of `accounts`."""

    id: str
    company: str
    country: str
    email: str
    plan: str | None
    seats: int


@dataclass(frozen=True, slots=True)
class Person:
    """A row of `people`; without an id it is known by account and e-mail."""

    id: str | None
    account: str
    email: str
    first_name: str
    notes: str
    role: str

    @property
    def name(self) -> str:
        """What nobody else in the warehouse is."""
        return f"{self.account} {self.email.lower()}"


@dataclass(slots=True)
class Warehouse:
    """An SQLite file; rows that left it stay in ChartMogul as they were last."""

    file: Path
    chance: random.Random
    accounts: dict[str, Account] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    _made: int = 0

    @property
    def rows(self) -> int:
        """How many rows the two queries have."""
        return len(self.accounts) + len(self.people)

    def change(self, new: int) -> None:
        """A quarter of the rows change, a few leave, and there are `new` accounts, with two people each."""
        for key in self._some(list(self.accounts), 0.25):
            self.accounts[key] = self._mended(self.accounts[key])
        for key in self._some(list(self.people), 0.25):
            notes, role = self._word("note"), self._word("role")
            self.people[key] = replace(self.people[key], notes=notes, role=role)
        for key in self._some(list(self.people), 0.03):
            del self.people[key]
        for _ in range(new):
            self._add()
        self._write()

    def _some(self, keys: list[str], share: float) -> list[str]:
        return self.chance.sample(keys, int(len(keys) * share))

    def _mended(self, account: Account) -> Account:
        plan = self.chance.choice((None, self._word("plan")))
        return replace(account, company=self._word("Company"), plan=plan, seats=account.seats + 1)

    def _add(self) -> None:
        self._made += 1
        n = self._made
        account = f"acc_{n}"
        self.accounts[account] = Account(
            account,
            self._word("Company"),
            self.chance.choice(_COUNTRIES),
            f"office@{n}.example",
            self._word("plan"),
            n,
        )
        for who in ("ann", "bob"):
            id = f"con_{n}_{who}" if self.chance.random() < 0.6 else None
            email = f"{who.title()}@{n}.example"
            person = Person(id, account, email, who.title(), self._word("note"), self._word("role"))
            self.people[person.name] = person

    def _word(self, kind: str) -> str:
        return f"{kind} {self.chance.randrange(10**6)}"

    def _write(self) -> None:
        with closing(sqlite3.connect(self.file)) as db:
            db.executescript(_SCHEMA)
            with db:
                _insert(db, "accounts", list(self.accounts.values()), Account)
                _insert(db, "people", list(self.people.values()), Person)


def _insert(db: sqlite3.Connection, table: str, rows: list[Any], kind: type[Any]) -> None:
    names = tuple(kind.__dataclass_fields__)
    marks = ", ".join("?" for _ in names)
    values = [tuple(getattr(row, name) for name in names) for row in rows]
    db.executemany(f"insert into {table} ({', '.join(names)}) values ({marks})", values)
