"""The fields that ChartMogul takes, and the rules between the parts of a mapping."""

import difflib
import re
from collections import abc
from typing import Any

from pydantic_core import PydanticCustomError

from sync.domain import objects
from sync.domain.flaw import flaw, wrong
from sync.domain.objects import Descriptor, Field, Kind
from sync.domain.policy import Mode
from sync.domain.record import AttributeType, Object
from sync.mapping.overwrites import plant_overwrites

Raw = dict[str, Any]


def nearest(name: str, known: abc.Iterable[str]) -> str | None:
    """The known name that `name` most likely was meant to be."""
    by_case = {word.lower(): word for word in known}
    close = difflib.get_close_matches(name[:100].lower(), list(by_case), n=1)
    return by_case[close[0]] if close else None


def plant(raw: Raw) -> Raw:
    """A copy of a raw mapping with a flaw in place of each part that another part forbids.

    The models raise a flaw where they meet it, so every one is reported, at its own place and
    together with the mistakes that pydantic finds by itself.
    """
    raw = dict(raw)
    descriptor = _descriptor(raw)
    if descriptor is not None and isinstance(raw.get("fields"), dict):
        raw["fields"] = _plant_fields(descriptor, raw["fields"], raw.get("mode", Mode.UPSERT))
    if isinstance(raw.get("attributes"), dict):
        raw["attributes"] = _plant_attributes(raw["attributes"])
    if descriptor is not None and not descriptor.tags and raw.get("tags"):
        raw["tags"] = flaw(f"{descriptor.plural} have no tags in ChartMogul; take them out")
    if "absent" in raw and raw.get("mode", "upsert") in ("upsert", "insert"):
        raw["absent"] = flaw("goes with mode update only; the other modes create what is absent")
    if _exports_a_table(raw) and "extra_columns" not in raw:
        raw["extra_columns"] = flaw(
            "with a table, say what becomes of the columns that nothing names",
            "write extra_columns: ignore, or attributes to send every column",
        )
    return plant_overwrites(raw)


def _descriptor(raw: Raw) -> Descriptor | None:
    destination = raw.get("destination")
    name = destination.get("object") if isinstance(destination, dict) else None
    return objects.of(Object(name)) if isinstance(name, str) and name in set(Object) else None


def _exports_a_table(raw: Raw) -> bool:
    source = raw.get("source")
    return isinstance(source, dict) and bool({"table", "dbt_model"} & source.keys())


def _plant_fields(descriptor: Descriptor, fields: Raw, mode: Any) -> Raw:
    planted = {name: _review(descriptor, name, spec) for name, spec in fields.items()}
    if (own := descriptor.own_name) and own in fields:
        return planted | _review_own_name(descriptor, own, fields, mode)
    #: What a misspelt field was meant to be is not missing as well: one mistake, one problem.
    meant = {nearest(name, descriptor.fields) for name in fields} | fields.keys()
    noun, known_by = descriptor.noun, descriptor.known_by
    for name in descriptor.required:
        if name not in meant:
            planted[name] = flaw(f"key '{name}' is missing; every {noun} needs it")
    if alone := _known_by_alone(descriptor, planted):
        message = f"{alone} is the key of these {descriptor.plural}, which must come from the row alone; take map out"
        planted[alone] = {**planted[alone], "map": flaw(message)}
    if known_by and not meant.intersection(known_by):
        message = f"key '{known_by[0]}' is missing; a {noun} is known by {' or '.join(known_by)}"
        planted[known_by[0]] = flaw(message)
    return planted


def _review_own_name(descriptor: Descriptor, name: str, fields: Raw, mode: Any) -> Raw:
    """What does not go with a field that names a record by itself."""
    noun = descriptor.noun
    message = f"{name} is the key then, in place of all others; take {{}} out"
    keys = [key for key in descriptor.keys if key in fields and key != name]
    others = {key: flaw(message.format(key)) for key in keys}
    if mode in (Mode.UPSERT, Mode.INSERT):
        found = flaw(
            f"a {noun} is known by its {name} in mode update only; the other modes create what is absent",
            f"write mode: update, or know the {noun} by {' or '.join(descriptor.known_by)}",
        )
        return others | {name: found}
    return others


def _known_by_alone(descriptor: Descriptor, fields: Raw) -> str | None:
    """The field that alone tells a record within its parent, where it has a value map."""
    own, *others = descriptor.known_by or ("",)
    if own in fields:
        return None
    specs = ((name, fields.get(name)) for name in others)
    return next((name for name, spec in specs if isinstance(spec, dict) and "map" in spec), None)


def _review(descriptor: Descriptor, name: str, spec: Any) -> Any:
    field = descriptor.fields.get(name)
    if field is None:
        return _unknown(descriptor, name)
    if not isinstance(spec, dict):
        return spec
    spec = dict(spec)
    if "timezone" in spec and field.kind is not Kind.TIME:
        spec["timezone"] = flaw(f"{name} holds no time; take timezone out")
    if "was" in spec and not field.lasting:
        spec["was"] = flaw("goes with a customer's external_id only; take was out")
    if field.never_empty and spec.get("on_null") == "clear":
        spec["on_null"] = flaw(f"ChartMogul shows a {name} always; take on_null out")
    if field.kind is Kind.KEY:
        spec |= _review_key(field, spec)
    if field.values:
        spec |= {p: _one_of(field, spec[p]) for p in ("constant", "default") if p in spec}
        if isinstance(spec.get("map"), dict):
            spec["map"] = {
                t: v if v in ("", None) else _one_of(field, v) for t, v in spec["map"].items()
            }
    return spec


def _review_key(field: Field, spec: Raw) -> Raw:
    name = field.name
    found: Raw = {
        part: flaw(f"{name} must come from the row alone; take {part} out")
        for part in ("constant", "default", "map")
        if part in spec
    }
    if "overwrite" in spec:
        found["overwrite"] = flaw(f"{name} names the record, and is the row's; take overwrite out")
    if _is_needed(field) and spec.get("on_null") in ("keep", "clear"):
        found["on_null"] = flaw(f"a row whose {name} is null is always rejected; take on_null out")
    return found


def _is_needed(field: Field) -> bool:
    """Whether a row without this key is rejected, whatever else it has."""
    names = (objects.of(kind).own_name for kind in Object)
    return field.required or field.name in names


def _one_of(field: Field, value: Any) -> Any:
    if isinstance(value, str) and value in field.values:
        return value
    allowed = ", ".join(field.values)
    return wrong(f"is not a {field.name} that can be set; use one of: {allowed}")


def _unknown(descriptor: Descriptor, name: str) -> PydanticCustomError:
    near = nearest(name, descriptor.fields)
    if near:
        return flaw(f"unknown field '{name}'; did you mean '{near}'?")
    homes = " or ".join(other for other in Object if name in objects.of(other).fields)
    own = "a field of your own goes under attributes"
    hint = f"it is a field of object: {homes}" if homes else own
    known = ", ".join(descriptor.fields)
    return flaw(f"unknown field {name!r}; a {descriptor.noun} has: {known}", hint)


def _plant_attributes(attributes: Raw) -> Raw:
    planted: Raw = {}
    first: dict[str, str] = {}
    for key, spec in attributes.items():
        same = first.setdefault(key.lower(), key)
        if not re.fullmatch(r"[A-Za-z0-9_]+", key):
            spec = flaw(f"{key!r} is not an attribute key; use letters, digits and _")
        elif same != key:
            spec = flaw(f"'{key}' and '{same}' differ only in case; keep one of them")
        elif isinstance(spec, str):
            spec = flaw(
                "an attribute needs its type, which ChartMogul locks for good",
                f"write {key}: {{column: …, type: {AttributeType.STRING}}}; "
                f"the types are {', '.join(AttributeType)}",
            )
        elif isinstance(spec, dict):
            spec = _review_attribute(spec)
        planted[key] = spec
    return planted


def _review_attribute(spec: Raw) -> Raw:
    spec, kind = dict(spec), spec.get("type")
    if "was" in spec:
        spec["was"] = flaw("goes with a customer's external_id only; take was out")
    if kind not in list(AttributeType):
        return spec
    if "timezone" in spec and kind != AttributeType.TIMESTAMP:
        spec["timezone"] = flaw("goes with type: Timestamp only; take it out")
    if "too_long" in spec and kind != AttributeType.STRING:
        spec["too_long"] = flaw("goes with type: String only; take it out")
    return spec


def choose_value(raw: Raw) -> Raw:
    """The long form of a field with a flaw wherever a constant and what goes with columns meet."""
    if not {"column", "constant"} & raw.keys():
        raise flaw("needs one of: column, constant")
    if "constant" not in raw:
        return raw
    reasons = {
        "column": "give either column or constant",
        "default": "a constant is never null; take default out",
        "on_null": "a constant is never null; take on_null out",
        "map": "a constant is never looked up; take map out",
    }
    return raw | {name: flaw(reasons[name]) for name in reasons.keys() & raw.keys()}
