"""Pinned values, since 30 September 2026: `overrides`, and what becomes of a plain write to one."""

from collections import abc
from dataclasses import dataclass
from typing import Any

from sync.sandbox.answer import invalid, unfit
from sync.sandbox.history import differs, value_at
from sync.sandbox.people import CUSTOM, Contact, Customer

Pins = abc.Mapping[str, bool]
"""By path: whether a write pins the value or frees it."""


@dataclass(frozen=True, slots=True)
class Held:
    """What of a write is done; `not_modified` asks for a 304 if that is nothing."""

    values: abc.Mapping[str, Any]
    not_modified: bool = False


def read_pins(sent: abc.Mapping[str, Any], record: type[Customer | Contact]) -> Pins:
    """`overrides` of a body, by path; 400 where it is no object of true and false.

    Names that the record does not have are ignored in silence, which is our choice.
    """
    found = _flat(sent.get("overrides", {}))
    return {p: pins for p, pins in found.items() if p in record.paths or p.startswith(CUSTOM)}


def pinned_after(before: frozenset[str], pins: Pins) -> frozenset[str]:
    """The paths that are pinned once these were pinned and freed."""
    freed = {path for path, wanted in pins.items() if not wanted}
    return (before | pins.keys()) - freed if pins else before


def hold(
    record: Customer | Contact, values: abc.Mapping[str, Any], pins: Pins, policy: str
) -> Held:
    """What of these values is written, by the setting `pinned_writes`.

    A write whose `overrides` name the value replaces it (recorded); what a plain one does to it
    is not known. 422 where it is refused.
    """
    held = [
        path
        for path in values
        if path in record.pinned
        and path not in pins
        and differs(values[path], value_at(record, path))
    ]
    if not held or policy == "replaced":
        return Held(values)
    if policy == "refused":
        raise invalid("The value is pinned and cannot be changed.", held[0])
    kept = {path: values[path] for path in values if path not in held}
    return Held(kept, policy == "not_modified")


def show_pins(record: Customer | Contact) -> dict[str, Any]:
    """`overrides` of a customer or a contact."""
    plain: dict[str, Any] = {p: True for p in sorted(record.pinned) if not p.startswith(CUSTOM)}
    custom = show_custom_pins(record.pinned)
    if not custom:
        return plain
    return plain | (custom if isinstance(record, Contact) else {"attributes": custom})


def show_custom_pins(pinned: frozenset[str]) -> dict[str, Any]:
    """`overrides` of the attributes of a customer."""
    keys = [path.removeprefix(CUSTOM) for path in sorted(pinned) if path.startswith(CUSTOM)]
    return {"custom": dict.fromkeys(keys, True)} if keys else {}


def _flat(overrides: object) -> dict[str, bool]:
    plain = _object(overrides)
    attributes = _object(plain.pop("attributes", {}))
    custom = _object(plain.pop("custom", {})) | _object(attributes.get("custom", {}))
    found = plain | {CUSTOM + key: value for key, value in custom.items()}
    if not all(isinstance(value, bool) for value in found.values()):
        raise unfit("overrides")
    return found


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise unfit("overrides")
    return dict(value)
