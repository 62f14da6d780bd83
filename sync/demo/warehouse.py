"""A sample warehouse: believable accounts and their people in an SQLite file, some of them bad on purpose."""

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sync.demo.people import people

ACCOUNTS = 300
_SEED = 7
_FIRST = (
    "Amber", "Birch", "Cedar", "Delta", "Ember", "Falcon", "Granite", "Harbor", "Indigo", "Juniper",
    "Kite", "Lumen", "Maple", "Nimbus", "Orchid",
)  # fmt: skip
_SECOND = (
    "Analytics", "Bakery", "Cloud", "Design", "Energy", "Foods", "Games", "Health", "Insurance",
    "Labs", "Logistics", "Media", "Studio",
)  # fmt: skip
_ENDINGS = ("GmbH", "Inc.", "Ltd", "SAS", "AB", "")
_PLACES = (
    ("DE", "Berlin"), ("DE", "München"), ("US", "Austin"), ("US", "New York"), ("GB", "Leeds"),
    ("FR", "Lyon"), ("NO", "Oslo"), ("SE", "Malmö"), ("AT", "Wien"), ("ES", "Valencia"),
)  # fmt: skip
_PLANS = ("Starter", "Team", "Business", "Enterprise")
_NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
_SCHEMA = """
create table accounts (
    id text, company_name text, billing_email text, country text, city text, signed_up_at text,
    plan text, seats integer, is_partner integer, health_score real, closed_at text, _synced_at text
);
create table people (
    id text, account_id text, first_name text, last_name text, email text, title text, phone text,
    role text, referred_by text, _synced_at text
);
"""
Account = dict[str, object]


def build(path: Path) -> None:
    """Write the warehouse; the same content every time. An existing file is left as it is."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    accounts = _accounts(random.Random(_SEED))
    folk = people(accounts, random.Random(_SEED))
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(_SCHEMA)
        _insert(db, "accounts", accounts + _mistakes(accounts))
        _insert(db, "people", folk)


def _insert(db: sqlite3.Connection, table: str, rows: list[Account]) -> None:
    names = list(rows[0])
    marks = ", ".join(f":{name}" for name in names)
    db.executemany(f"insert into {table} ({', '.join(names)}) values ({marks})", rows)


def _accounts(chance: random.Random) -> list[Account]:
    return [_account(number, chance) for number in range(1, ACCOUNTS + 1)]


def _account(number: int, chance: random.Random) -> Account:
    name = f"{chance.choice(_FIRST)} {chance.choice(_SECOND)} {chance.choice(_ENDINGS)}".strip()
    country, city = chance.choice(_PLACES)
    host = name.lower().replace(" ", "-").replace(".", "").replace("&", "and")
    signed_up = _NOW - timedelta(days=chance.randint(20, 1500), minutes=chance.randint(0, 1440))
    return {
        "id": f"acc_{number:04}",
        "company_name": name,
        "billing_email": f"billing@{host}.example",
        "country": country,
        "city": city,
        "signed_up_at": f"{signed_up:%Y-%m-%d %H:%M:%S}",
        "plan": chance.choice(_PLANS) if chance.random() > 0.1 else None,
        "seats": chance.choice((1, 3, 5, 10, 25, 80, 250)),
        "is_partner": int(chance.random() < 0.15),
        "health_score": round(chance.uniform(20, 99), 1),
        "closed_at": None,
        "_synced_at": f"{_NOW:%Y-%m-%d %H:%M:%S}",
    }


def _mistakes(good: list[Account]) -> list[Account]:
    """Rows as they stand in every warehouse: each is rejected, with its reason, and stops none of the others."""
    sample = good[0] | {
        "company_name": "Quince Research",
        "billing_email": "billing@quince.example",
    }
    wrong: list[Account] = [
        {"id": "acc_9001", "country": "Germany"},
        {"id": "acc_9002", "billing_email": "nobody at example"},
        {"id": "acc_9003", "signed_up_at": "2031-02-01 08:00:00"},
        {"id": "acc_9004", "signed_up_at": "2024-02-30 08:00:00"},
        {"id": "acc_9005", "seats": "a dozen"},
        {"id": "acc_9006", "plan": "Enterprise, as agreed by telephone: " + "see the notes. " * 20},
        {"id": " acc_9007"},
        {"id": None},
        {"id": "acc_9008", "plan": "Team"},
        {"id": "acc_9008", "plan": "Business"},
    ]
    return [sample | mistake for mistake in wrong]
