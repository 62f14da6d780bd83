"""The JSON Schema accepts what loads and refuses what does not."""

import json

import pytest

from sync.domain import objects
from sync.domain.record import Object
from sync.errors import ConfigError
from sync.mapping.json_schema import json_schema
from sync.mapping.loader import load
from sync.mapping.model import Mapping
from tests.support.needed import needed

SCHEMA = json_schema()
Draft202012Validator = needed("jsonschema").Draft202012Validator
VALIDATOR = Draft202012Validator(SCHEMA)
CUSTOMER = {
    "version": 1,
    "source": {"query": "select 1"},
    "destination": {"object": "customer", "data_source": "ds_1"},
    "fields": {"external_id": "id"},
}
CONTACT = CUSTOMER | {
    "destination": {"object": "contact", "data_source": "ds_1"},
    "fields": {"customer_external_id": "account", "email": "mail"},
}
LONG = {"column": "c", "on_null": "clear", "default": "x"}
GOOD = {
    "smallest": CUSTOMER,
    "contact": CONTACT,
    "short and long fields": CUSTOMER
    | {
        "fields": {
            "external_id": {"column": "id"},
            "name": "n",
            "zip": {"constant": "01234"},
            "country": LONG,
            "lead_created_at": {"column": "t", "timezone": "Europe/Berlin"},
            "status": {"column": "s", "default": "New Lead"},
        }
    },
    "attributes": CUSTOMER
    | {
        "attributes": {
            "plan": {"column": "p", "type": "String", "too_long": "truncate"},
            "at": {"column": "t", "type": "Timestamp", "timezone": "UTC"},
            "seats": LONG | {"type": "Integer", "default": 5},
        }
    },
    "value maps": CUSTOMER
    | {
        "fields": {
            "external_id": "id",
            "country": {"column": "c", "map": {"UK": "GB", "not known": "", "1": "${LAND}"}},
            "status": {"column": "s", "map": {"hot": "Qualified Lead", "cold": ""}},
        },
        "attributes": {"vip": {"column": "v", "type": "Boolean", "map": {"J": True, "N": 0}}},
    },
    "value map of an e-mail beside a key": CONTACT
    | {
        "fields": {
            "customer_external_id": "account",
            "external_id": "id",
            "email": {"column": "m", "map": {"x": "a@quince.example"}},
        }
    },
    "contact by uuid": CONTACT | {"mode": "update", "fields": {"uuid": "u", "email": "m"}},
    "contact by uuid, some mode": CONTACT | {"mode": "${UPDATE}", "fields": {"uuid": "u"}},
    "renamed key": CUSTOMER | {"fields": {"external_id": {"column": "id", "was": "old_id"}}},
    "table": CUSTOMER | {"source": {"table": "t"}, "extra_columns": "ignore"},
    "everything": CUSTOMER
    | {
        "name": "n",
        "mode": "update",
        "absent": "skip",
        "deleted": "leave",
        "tags": ["a"],
        "extra_columns": "reject",
        "ignore_columns": ["*_hash"],
        "on_null": "reject",
        "live_check": "never",
        "tolerate_rejected": "5%",
        "labels": ["nightly"],
        "schedule": {"cron": "0 6 * * mon-fri", "timezone": "Europe/Berlin"},
        "limits": {"max_rejected": 5, "max_requests": 10, "allow_empty": True},
    },
    "tags by row": CUSTOMER
    | {"tags": ["a", {"column": "plan"}, {"column": "segments", "separator": ","}]},
    "an interval": CUSTOMER | {"schedule": {"every": "15m"}},
    "whose value wins": CUSTOMER
    | {
        "overwrite": "unless_edited",
        "on_null": "clear",
        "fields": {
            "external_id": "id",
            "owner": {"constant": "a@quince.example", "overwrite": "if_empty"},
            "city": {"column": "c", "overwrite": "if_empty", "on_null": "keep"},
            "zip": {"column": "z", "overwrite": "always"},
        },
        "attributes": {"a": {"column": "a", "type": "Integer", "overwrite": "reject_edited"}},
    },
    "if empty": CUSTOMER
    | {
        "overwrite": "if_empty",
        "fields": {
            "external_id": "id",
            "city": {"column": "c", "on_null": "clear", "overwrite": "always"},
        },
    },
    "always in a trusted state": CUSTOMER
    | {
        "overwrite": "always",
        "live_check": "never",
        "fields": {"external_id": "id", "city": {"column": "c", "overwrite": "always"}},
    },
    "references": CUSTOMER
    | {
        "source": {"query": "q", "url": "postgresql://${U}:${P}@h/d"},
        "destination": {"object": "customer", "data_source": "${DS}", "api_key": "${KEY}"},
        "mode": "${MODE}",
        "limits": {"max_creates": "${MAX}", "max_requests": "${MAX}", "allow_empty": "${FLAG}"},
    },
}
BAD = {
    "no timetable": CUSTOMER | {"schedule": {}},
    "two timetables": CUSTOMER | {"schedule": {"every": "15m", "cron": "@daily"}},
    "an interval with a zone": CUSTOMER | {"schedule": {"every": "15m", "timezone": "UTC"}},
    "no interval": CUSTOMER | {"schedule": {"every": "15 minutes"}},
    "unknown key": CUSTOMER | {"colour": "x"},
    "no fields": {name: part for name, part in CUSTOMER.items() if name != "fields"},
    "version": CUSTOMER | {"version": 2},
    "empty value": CUSTOMER | {"mode": None},
    "two sources": CUSTOMER | {"source": {"query": "q", "table": "t"}},
    "no source": CUSTOMER | {"source": {}},
    "object": CUSTOMER | {"destination": {"object": "custmer"}},
    "literal key": CUSTOMER | {"destination": {"object": "customer", "api_key": "hunter2"}},
    "default of a key": CUSTOMER
    | {"destination": {"object": "customer", "api_key": "${KEY:-hunter2}"}},
    "unknown field": CUSTOMER | {"fields": {"external_id": "id", "nmae": "n"}},
    "field of the other object": CUSTOMER | {"fields": {"external_id": "id", "title": "n"}},
    "missing key field": CUSTOMER | {"fields": {"name": "n"}},
    "contact without a key": CONTACT | {"fields": {"customer_external_id": "a"}},
    "contact with tags": CONTACT | {"tags": ["a"]},
    "constant and column": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"column": "n", "constant": "x"}}},
    "neither": CUSTOMER | {"fields": {"external_id": "id", "name": {}}},
    "default of a constant": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"constant": "x", "default": "y"}}},
    "constant key": CUSTOMER | {"fields": {"external_id": {"constant": "x"}}},
    "map of a key": CUSTOMER | {"fields": {"external_id": {"column": "x", "map": {"a": "b"}}}},
    "map of an e-mail that is the key": CONTACT
    | {"fields": {"customer_external_id": "a", "email": {"column": "m", "map": {"a": "b"}}}},
    "map of a constant": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"constant": "x", "map": {"a": "b"}}}},
    "empty map": CUSTOMER | {"fields": {"external_id": "id", "name": {"column": "n", "map": {}}}},
    "map of blank text": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"column": "n", "map": {"": "b"}}}},
    "map of padded text": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"column": "n", "map": {"a ": "b"}}}},
    "map to a list": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"column": "n", "map": {"a": ["b"]}}}},
    "map to nothing": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"column": "n", "map": {"a": None}}}},
    "map to no status": CUSTOMER
    | {"fields": {"external_id": "id", "status": {"column": "s", "map": {"a": "Active"}}}},
    "uuid in upsert": CONTACT | {"fields": {"uuid": "u"}},
    "uuid in insert": CONTACT | {"mode": "insert", "fields": {"uuid": "u"}},
    "uuid beside a key": CONTACT
    | {"mode": "update", "fields": {"uuid": "u", "customer_external_id": "a", "email": "m"}},
    "uuid beside an external id": CONTACT
    | {"mode": "update", "fields": {"uuid": "u", "external_id": "e"}},
    "uuid of a customer": CUSTOMER
    | {"mode": "update", "fields": {"external_id": "i", "uuid": "u"}},
    "old key of a field": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"column": "n", "was": "m"}}},
    "old key of an attribute": CUSTOMER
    | {"attributes": {"a": {"column": "c", "type": "String", "was": "b"}}},
    "old key of a contact": CONTACT
    | {"fields": {"customer_external_id": "a", "external_id": {"column": "c", "was": "b"}}},
    "old key without a key": CUSTOMER | {"fields": {"external_id": {"was": "b"}}},
    "zone of a text": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"column": "n", "timezone": "UTC"}}},
    "type of a field": CUSTOMER
    | {"fields": {"external_id": "id", "name": {"column": "n", "type": "String"}}},
    "status": CUSTOMER | {"fields": {"external_id": "id", "status": {"constant": "Active"}}},
    "short attribute": CUSTOMER | {"attributes": {"a": "c"}},
    "untyped attribute": CUSTOMER | {"attributes": {"a": {"column": "c"}}},
    "type": CUSTOMER | {"attributes": {"a": {"column": "c", "type": "string"}}},
    "attribute key": CUSTOMER | {"attributes": {"a b": {"column": "c", "type": "String"}}},
    "zone of a number": CUSTOMER
    | {"attributes": {"a": {"column": "c", "type": "Integer", "timezone": "UTC"}}},
    "too_long of a number": CUSTOMER
    | {"attributes": {"a": {"column": "c", "type": "Integer", "too_long": "reject"}}},
    "absent in upsert": CUSTOMER | {"absent": "skip"},
    "overwrite": CUSTOMER | {"overwrite": "sometimes"},
    "overwrite of a key": CUSTOMER
    | {"fields": {"external_id": {"column": "id", "overwrite": "always"}}},
    "edits in a trusted state": CUSTOMER | {"overwrite": "if_empty", "live_check": "never"},
    "edits of a field in a trusted state": CUSTOMER
    | {
        "live_check": "never",
        "fields": {"external_id": "id", "city": {"column": "c", "overwrite": "unless_edited"}},
    },
    "edits of an attribute in a trusted state": CUSTOMER
    | {
        "live_check": "never",
        "attributes": {"a": {"column": "a", "type": "String", "overwrite": "reject_edited"}},
    },
    "clear if empty": CUSTOMER | {"overwrite": "if_empty", "on_null": "clear"},
    "clear a field if empty": CUSTOMER
    | {
        "fields": {
            "external_id": "id",
            "city": {"column": "c", "overwrite": "if_empty", "on_null": "clear"},
        }
    },
    "clear a status": CUSTOMER
    | {"fields": {"external_id": "id", "status": {"column": "s", "on_null": "clear"}}},
    "clear all, and a field if empty": CUSTOMER
    | {
        "on_null": "clear",
        "fields": {"external_id": "id", "city": {"column": "c", "overwrite": "if_empty"}},
    },
    "clear a field, and all if empty": CUSTOMER
    | {
        "overwrite": "if_empty",
        "fields": {"external_id": "id", "city": {"column": "c", "on_null": "clear"}},
    },
    "table without extra_columns": CUSTOMER | {"source": {"table": "t"}},
    "repeated tag": CUSTOMER | {"tags": ["a", "a"]},
    "repeated column of tags": CUSTOMER | {"tags": [{"column": "a"}, {"column": "a"}]},
    "tags of no column": CUSTOMER | {"tags": [{"separator": ","}]},
    "tags without a separator": CUSTOMER | {"tags": [{"column": "a", "separator": ""}]},
    "unknown key of tags": CUSTOMER | {"tags": [{"column": "a", "on_null": "clear"}]},
    "contact with tags by row": CONTACT | {"tags": [{"column": "a"}]},
    "share": CUSTOMER | {"tolerate_rejected": "many"},
    "negative": CUSTOMER | {"limits": {"max_creates": -1}},
    "allow_empty at the top": CUSTOMER | {"allow_empty": True},
    "list": [],
}
ENVIRONMENT = {
    "WAREHOUSE_URL": "sqlite://",
    "CHARTMOGUL_API_KEY": "k",
    "U": "u",
    "P": "p",
    "DS": "ds_1",
    "KEY": "k",
    "MODE": "insert",
    "MAX": "5",
    "FLAG": "true",
    "LAND": "DE",
    "UPDATE": "update",
}


def test_is_a_schema():
    """It is sound by the rules of its own draft, and named."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == "urn:chartmogul-sync:mapping:1"
    assert SCHEMA["title"] == "A chartmogul-sync mapping"


def test_is_json():
    """It can be written as JSON, holds no null that an editor would offer, and no loose end."""
    text = json.dumps(SCHEMA)
    assert '"null"' not in text
    assert ": null" not in text
    used = set(text.split('"#/$defs/')[1:])
    assert {reference.split('"')[0] for reference in used} <= SCHEMA["$defs"].keys()


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_good(data, tmp_path):
    """What loads is accepted."""
    (tmp_path / "m.yml").write_text(json.dumps(data))
    assert load([tmp_path], ENVIRONMENT)
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_bad(data, tmp_path):
    """What does not load is refused."""
    (tmp_path / "m.yml").write_text(json.dumps(data))
    with pytest.raises(ConfigError):
        load([tmp_path], ENVIRONMENT)
    assert not VALIDATOR.is_valid(data)


def described(schema):
    """(name, description) of every property that the schema's parts have."""
    for part in [schema, *schema["$defs"].values()]:
        for form in [part, *part.get("anyOf", [])]:
            for name, value in form.get("properties", {}).items():
                if isinstance(value, dict):
                    reference = value.get("$ref", "").removeprefix("#/$defs/")
                    target = schema["$defs"].get(reference, {})
                    yield name, value.get("description") or target.get("description")


def test_descriptions():
    """Every key has a sentence for those who hover over it."""
    properties = dict(described(SCHEMA))
    assert {"version", "column", "max_rejected", "api_key", "too_long"} <= properties.keys()
    assert [name for name, description in properties.items() if not description] == []


def test_fields_are_described():
    """Each object's fields are listed with what they mean, so that editors can offer them."""
    rules = {
        rule["if"]["properties"]["destination"]["properties"]["object"]["const"]: rule["then"]
        for rule in SCHEMA["allOf"][: len(Object)]
    }
    for kind in Object:
        offered = rules[kind.value]["properties"]["fields"]["properties"]
        assert {name: part["description"] for name, part in offered.items()} == {
            name: field.description for name, field in objects.of(kind).fields.items()
        }


@pytest.mark.parametrize("kind", list(Object))
def test_fields_with_values_offer_those(kind):
    """Where ChartMogul takes only some values, editors offer them, and no two objects share theirs by mistake."""
    (rule,) = [r["then"] for r in SCHEMA["allOf"] if f"'{kind}'" in str(r["if"])]
    for name, field in objects.of(kind).fields.items():
        if field.values:
            part = rule["properties"]["fields"]["properties"][name]["$ref"].split("/")[-1]
            long = SCHEMA["$defs"][part]["anyOf"][1]["properties"]
            offered = [long[key]["anyOf"][0]["enum"] for key in ("constant", "default")]
            assert offered == [list(field.values)] * 2


def test_every_model_key_is_offered():
    """No key of the models is missing in the schema."""
    assert SCHEMA["properties"].keys() == Mapping.model_fields.keys()
