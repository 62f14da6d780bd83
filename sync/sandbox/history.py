"""What a record's values were before: who changed what when, and whether a write changed anything."""

from collections import abc
from dataclasses import replace
from typing import Any

from sync.sandbox import moments
from sync.sandbox.people import CUSTOM, Contact, Customer, Past, Person

KEPT = 20
"""Changes of a record that are remembered."""


def value_at(record: Customer | Contact, path: str) -> Any:
    """The value of a field, or of an attribute by `custom.key`; None where it is not set."""
    if path.startswith(CUSTOM):
        return record.custom.get(path.removeprefix(CUSTOM))
    return getattr(record, path, None)


def differs(one: object, other: object) -> bool:
    """Whether two values are not the very same: 1, true and 1.0 are three."""
    return one is not other and repr(one) != repr(other)


def rewrite(
    record: Person,
    at: float,
    values: abc.Mapping[str, Any],
    *,
    removed: abc.Collection[str] = (),
    tags: tuple[str, ...] | None = None,
    pinned: frozenset[str] | None = None,
) -> Person:
    """The record with these values, by path, and without the attributes removed.

    It is the record itself where nothing changes.
    """
    new = {**values, **{CUSTOM + key: None for key in removed}}
    old = {path: value_at(record, path) for path in new}
    old = {path: value for path, value in old.items() if differs(value, new[path])}
    more: dict[str, Any] = {} if pinned is None else {"pinned": pinned}
    if tags is not None:
        more["tags"] = tags
    if not old and all(getattr(record, name) == value for name, value in more.items()):
        return record
    plain = {path: values[path] for path in values if not path.startswith(CUSTOM)}
    sent = {p.removeprefix(CUSTOM): values[p] for p in values if p.startswith(CUSTOM)}
    custom = {key: value for key, value in record.custom.items() if key not in removed} | sent
    past = (Past(at, old), *record.past)[:KEPT] if old else record.past
    return replace(record, custom=custom, past=past, **plain, **more)


def show_history(record: Customer | Contact, paths: abc.Iterable[str]) -> dict[str, Any]:
    """`historical_values`: for each path its values, the newest first, as recorded in 2026."""
    shown: dict[str, Any] = {}
    for path in paths:
        entries = list(_entries(record, path))
        if path.startswith(CUSTOM):
            shown.setdefault("custom", {})[path.removeprefix(CUSTOM)] = entries
        else:
            shown[path] = entries
    return shown


def _entries(record: Customer | Contact, path: str) -> abc.Iterator[dict[str, Any]]:
    value = value_at(record, path)
    for past in record.past:
        if path in past.values:
            yield _entry(value, past.at)
            value = past.values[path]
    if value is not None:
        yield _entry(value, record.born)
    yield _entry(None, None)


def _entry(value: object, at: float | None) -> dict[str, Any]:
    made = None if at is None else f"{moments.stamp(at):%Y-%m-%dT%H:%M:%S}Z"
    return {
        "value": value,
        "update_performed_at": made,
        "update_performed_by": None if at is None else "API",
        "initial": at is None,
    }
