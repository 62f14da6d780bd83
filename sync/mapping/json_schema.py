"""The mapping format as JSON Schema, for editors; made from the models."""

from collections import abc
from typing import Any

from sync.domain import objects
from sync.domain.objects import Descriptor, Field, Kind
from sync.domain.policy import Mode, OnNull
from sync.domain.record import AttributeType, Object
from sync.mapping.model import Mapping
from sync.mapping.source import WAYS
from sync.mapping.types import REFERENCE_SCHEMA, TEXT

Schema = dict[str, Any]

_SHORT = {"type": "string", "minLength": 1, "description": "The column that the values come from."}


def json_schema() -> Schema:
    """The schema, draft 2020-12: what it accepts loads, but for what only the environment knows."""
    schema: Schema = _clean(Mapping.model_json_schema())
    parts = schema["$defs"]
    for part in parts.values():
        if "enum" in part:
            options = {"enum": part["enum"]}
            part.clear()
            part["anyOf"] = [options, REFERENCE_SCHEMA]
    _finish_parts(parts)
    properties = schema["properties"]
    properties["fields"]["additionalProperties"] = {"$ref": "#/$defs/AnyField"}
    properties["tags"] |= {
        "items": {"anyOf": [TEXT, properties["tags"]["items"]]},
        "uniqueItems": True,
    }
    properties["tolerate_rejected"]["default"] = 0
    properties["attributes"]["propertyNames"] = {"pattern": "^[A-Za-z0-9_]+$"}
    schema["required"].remove("name")  # the file's stem
    schema["allOf"] = [*(_rules_of(objects.of(kind)) for kind in Object), *_RULES]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:chartmogul-sync:mapping:1",
        "title": "A chartmogul-sync mapping",
    }
    return head | schema


def _clean(schema: Any) -> Any:
    """Drop what pydantic says for Python's sake: titles, nulls, defaults that mean nothing."""
    match schema:
        case dict():
            kept = {
                key: _clean(value) for key, value in schema.items() if not _is_noise(key, value)
            }
            options = kept.get("anyOf", [])
            if {"type": "null"} in options:
                options.remove({"type": "null"})
                if len(options) == 1:
                    kept |= kept.pop("anyOf")[0]
            return kept
        case list():
            return [_clean(item) for item in schema]
        case _:
            return schema


def _is_noise(key: str, value: Any) -> bool:
    if key == "title":
        return isinstance(value, str)
    return key in ("format", "writeOnly") or (key == "default" and value in (None, "", [], {}))


def _finish_parts(parts: Schema) -> None:
    """Add the short form, the rules between keys, and the kinds of fields."""
    parts["Source"] |= {"oneOf": _one_of(*WAYS), "allOf": [_OF_DBT]}
    parts["Schedule"] |= {"oneOf": _one_of("every", "cron"), "allOf": [_ZONED]}
    parts["AttributeSpec"] = _without(parts["AttributeSpec"], "was")
    parts["AttributeSpec"] |= {"oneOf": _VALUE, "allOf": _TYPED}
    lasting = parts.pop("FieldSpec") | {"oneOf": _VALUE}
    parts["AnyField"] = _with_short(lasting)
    parts["LastingKey"] = _with_short(_without(lasting, *_NOT_OF_KEYS))
    long = _without(lasting, "was")
    parts["TimeField"] = _with_short(long)
    parts["Field"] = _with_short(_without(long, "timezone"))
    parts["Key"] = _with_short(_without(long, *_NOT_OF_KEYS))
    for kind in Object:
        for field in objects.of(kind).fields.values():
            part = _without(long, "timezone")
            if field.never_empty:
                part = _never_cleared(part)
            if field.values:
                part = _one_of_values(part, field)
            if field.never_empty or field.values:
                parts[_part(field)] = _with_short(part)


def _never_cleared(long: Schema) -> Schema:
    part = _without(long)
    others = [how.value for how in OnNull if how is not OnNull.CLEAR]
    described = {"description": long["properties"]["on_null"]["description"]}
    part["properties"]["on_null"] = described | {"anyOf": [{"enum": others}, REFERENCE_SCHEMA]}
    return part


def _one_of_values(long: Schema, field: Field) -> Schema:
    part = _without(long)
    values = {"anyOf": [{"enum": list(field.values)}, REFERENCE_SCHEMA]}
    for name in ("constant", "default"):
        described = {"description": long["properties"][name]["description"]}
        part["properties"][name] = described | values
    mapped = {"anyOf": [{"enum": ["", *field.values]}, REFERENCE_SCHEMA]}
    part["properties"]["map"] = long["properties"]["map"] | {"additionalProperties": mapped}
    return part


def _with_short(long: Schema) -> Schema:
    return {"anyOf": [_SHORT, long]}


def _without(part: Schema, *names: str) -> Schema:
    kept = {name: schema for name, schema in part["properties"].items() if name not in names}
    return part | {"properties": kept}


def _one_of(*names: str) -> list[Schema]:
    return [{"required": [name]} for name in names]


def _if(condition: Schema, rules: Schema) -> Schema:
    return {"if": {"properties": condition, "required": list(condition)}, "then": rules}


def _rules_of(descriptor: Descriptor) -> Schema:
    """The fields of a kind of record, where the destination names it."""
    fields: Schema = {
        "properties": {name: _field(field) for name, field in descriptor.fields.items()},
        "additionalProperties": False,
        **_keys_of(descriptor),
    }
    rules: Schema = {"fields": fields}
    if not descriptor.tags:
        rules["tags"] = {"maxItems": 0}
    is_kind = {"properties": {"object": {"const": descriptor.object.value}}, "required": ["object"]}
    then: Schema = {"properties": rules}
    if name := descriptor.own_name:
        updates = {"anyOf": [{"const": Mode.UPDATE.value}, REFERENCE_SCHEMA]}
        mode = {"required": ["mode"], "properties": {"mode": updates}}
        then |= {"allOf": [_if({"fields": {"required": [name]}}, mode)]}
    return _if({"destination": is_kind}, then)


def _keys_of(descriptor: Descriptor) -> Schema:
    """Which keys a mapping has to say, and which do not go together."""
    needed: Schema = {"required": list(descriptor.required)}
    if descriptor.known_by:
        own, *others = descriptor.known_by
        needed["anyOf"] = _one_of(*descriptor.known_by)
        unmapped = {name: {"properties": {"map": False}} for name in others}
        needed["if"], needed["else"] = {"required": [own]}, {"properties": unmapped}
    if not (name := descriptor.own_name):
        return needed
    alone = {"properties": {key: False for key in descriptor.keys if key != name}}
    return {"if": {"required": [name]}, "then": alone, "else": needed}


def _field(field: Field) -> Schema:
    return {"$ref": f"#/$defs/{_part(field)}", "description": field.description}


def _part(field: Field) -> str:
    """The part of the schema that says what a mapping may say of a field; some fields have one of their own."""
    if field.values or field.never_empty:
        return field.name.title()
    match field.kind:
        case Kind.TIME:
            return "TimeField"
        case Kind.KEY:
            return "LastingKey" if field.lasting else "Key"
        case _:
            return "Field"


def _only_for(kept: AttributeType, name: str) -> Schema:
    others = [kind.value for kind in AttributeType if kind is not kept]
    return _if({"type": {"enum": others}}, {"properties": {name: False}})


#: What a key takes none of: it comes from the row alone.
_NOT_OF_KEYS = ("timezone", "constant", "default", "map", "overwrite")
#: One of column and constant; a constant is never null.
_VALUE: abc.Sequence[Schema] = [
    {"required": ["column"], "properties": {"constant": False}},
    {
        "required": ["constant"],
        "properties": {"column": False, "default": False, "on_null": False, "map": False},
    },
]
#: The model is found by its manifest; what else is said of it goes with nothing else.
_OF_DBT = {
    "if": {"required": ["dbt_model"]},
    "then": {"required": ["dbt_manifest"]},
    "else": {"properties": {"dbt_manifest": False, "dbt_fresh_within": False, "dbt_tests": False}},
}
#: An interval has no time of day.
_ZONED = {"if": {"required": ["every"]}, "then": {"properties": {"timezone": False}}}
_TYPED = [
    _only_for(AttributeType.TIMESTAMP, "timezone"),
    _only_for(AttributeType.STRING, "too_long"),
]


def _of_each(part: Schema) -> Schema:
    """A rule for every field and attribute in its long form."""
    return {
        "properties": {name: {"additionalProperties": part} for name in ("fields", "attributes")}
    }


def _says(key: str, value: str) -> Schema:
    return {"properties": {key: {"const": value}}, "required": [key]}


def _never(*parts: Schema) -> Schema:
    return {"not": {"allOf": list(parts)}}


_CLEARS, _IF_EMPTY = _says("on_null", "clear"), _says("overwrite", "if_empty")
_SILENT_ON_NULL: Schema = {"properties": {"on_null": False, "constant": False}}
_SILENT_ON_OVERWRITE: Schema = {"properties": {"overwrite": False}}
_LONG: Schema = {"type": "object"}
_ALWAYS: Schema = {"properties": {"overwrite": {"const": "always"}}}
#: Whose value wins: nothing but the row's where the state is trusted, and no null that clears with if_empty.
_OVERWRITES: abc.Sequence[Schema] = [
    _if({"live_check": {"const": "never"}}, {"allOf": [_ALWAYS, _of_each(_ALWAYS)]}),
    {"if": {"allOf": [_CLEARS, _IF_EMPTY]}, "then": False},
    {"if": _LONG, "then": _of_each(_never(_LONG, _CLEARS, _IF_EMPTY))},
    {"if": _CLEARS, "then": _of_each(_never(_LONG, _IF_EMPTY, _SILENT_ON_NULL))},
    {"if": _IF_EMPTY, "then": _of_each(_never(_LONG, _CLEARS, _SILENT_ON_OVERWRITE))},
]
_RULES: abc.Sequence[Schema] = [
    *_OVERWRITES,
    _if({"source": {"required": ["table"]}}, {"required": ["extra_columns"]}),
    _if({"source": {"required": ["dbt_model"]}}, {"required": ["extra_columns"]}),
    {
        "if": {"properties": {"mode": {"enum": ["upsert", "insert"]}}},
        "then": {"properties": {"absent": False}},
    },
]
