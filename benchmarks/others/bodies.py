"""What the rows are, and what is sent of them, whoever sends it."""

import sqlite3
from collections import abc
from contextlib import closing
from typing import Any

_COLUMNS = ("company", "email", "country", "city")
_ATTRIBUTES = {
    "plan": "String", "seats": "Integer", "mrr": "Decimal",
    "last_seen": "Timestamp", "is_partner": "Boolean", "note": "String",
}  # fmt: skip


def rows(path: str) -> list[dict[str, Any]]:
    """All accounts of the SQLite file."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute("select * from accounts")]


def new(row: abc.Mapping[str, Any], data_source: str) -> dict[str, Any]:
    """The body of a create."""
    custom = [
        {"type": kind, "key": key, "value": value}
        for (key, value), kind in zip(_own(row).items(), _ATTRIBUTES.values(), strict=True)
    ]
    return {
        "data_source_uuid": data_source,
        "external_id": str(row["id"]),
        **{name: row[name] for name in _COLUMNS},
        "lead_created_at": row["signed_up_at"],
        "attributes": {"custom": custom},
    }


def changed(row: abc.Mapping[str, Any]) -> dict[str, Any]:
    """The body of an update."""
    wanted = {name: row[name] for name in _COLUMNS}
    return {**wanted, "attributes": {"custom": _own(row)}}


def _own(row: abc.Mapping[str, Any]) -> dict[str, Any]:
    own = {name: row[name] for name in _ATTRIBUTES}
    own["is_partner"] = bool(own["is_partner"])
    return own
