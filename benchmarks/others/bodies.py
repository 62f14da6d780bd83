"""What the rows are, and what is sent of them, whoever sends it: as the mapping says."""

import sqlite3
from collections import abc
from contextlib import closing
from typing import Any

import yaml

from benchmarks import warehouses

Row = abc.Mapping[str, Any]
_MAPPING = yaml.safe_load(warehouses.MAPPING)
_ATTRIBUTES = _MAPPING["attributes"]


def rows(path: str) -> list[dict[str, Any]]:
    """All accounts of the SQLite file."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(warehouses.QUERY)]


def new(row: Row) -> dict[str, Any]:
    """The body of a create, but for the data source and the external id."""
    custom = [
        {"type": _ATTRIBUTES[key]["type"], "key": key, "value": value}
        for key, value in _own(row).items()
    ]
    lead = _instant(row["signed_up_at"])
    return {**_fields(row), "lead_created_at": lead, "attributes": {"custom": custom}}


def changed(row: Row) -> dict[str, Any]:
    """The body of an update."""
    return {**_fields(row), "attributes": {"custom": _own(row)}}


def _fields(row: Row) -> dict[str, Any]:
    fields = {name: row[column] for name, column in _MAPPING["fields"].items()}
    del fields["external_id"], fields["lead_created_at"]
    return fields


def _own(row: Row) -> dict[str, Any]:
    return {key: _typed(row[own["column"]], own["type"]) for key, own in _ATTRIBUTES.items()}


def _typed(value: Any, kind: str) -> Any:
    if kind == "Boolean":
        return bool(value)
    return _instant(value) if kind == "Timestamp" else value


def _instant(told: str) -> str:
    """Times in SQLite have no zone."""
    return told.replace(" ", "T") + "Z"
