"""Requests as values: paths, encoding and bodies."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chartmogul import calls
from sync.domain.record import AttributeType

TYPES = {
    "plan": AttributeType.STRING,
    "seats": AttributeType.INTEGER,
    "score": AttributeType.DECIMAL,
    "since": AttributeType.TIMESTAMP,
    "partner": AttributeType.BOOLEAN,
}
AWKWARD = "a+b@c/d e&f#g%ü"
ENCODED = "a%2Bb%40c%2Fd%20e%26f%23g%25%C3%BC"


def sent(call: calls.Call) -> Any:
    """The body as ChartMogul reads it."""
    assert call.content is not None
    return json.loads(call.content)


def test_a_lookup_asks_for_the_pair():
    """Both filters, always: an external id alone would be searched in all data sources."""
    call = calls.list_customers("ds_1", AWKWARD)

    assert call.path == f"/customers?data_source_uuid=ds_1&external_id={ENCODED}&per_page=200"


def test_a_cursor_is_encoded():
    """Cursors end in `=`, which a query does not bear."""
    call = calls.list_customers("ds_1", cursor="MjAx==")

    assert call.path == "/customers?data_source_uuid=ds_1&cursor=MjAx%3D%3D&per_page=200"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_filter_arrives_as_it_is(value):
    """Whatever an id or address holds, the server decodes exactly it, and nothing else."""
    query = urlsplit(calls.list_contacts("ds_1", email=value).path).query

    assert parse_qsl(query, keep_blank_values=True, separator="&") == [
        ("data_source_uuid", "ds_1"),
        ("email", value),
        ("per_page", "200"),
    ]


def test_paths_keep_ids_in_their_place():
    """No id leaves its segment, by slashes, dots or a question mark."""
    assert calls.ask_customer(AWKWARD).path == f"/customers/{ENCODED}"
    assert calls.ask_contact("..").path == "/contacts/%2E%2E"
    with pytest.raises(ValueError, match="empty id"):
        calls.ask_customer("")


def test_a_create_holds_typed_attributes_and_tags():
    """One POST carries all; what is None is left out, and the identity comes from the arguments."""
    fields = {
        "external_id": "other",
        "name": "Ada",
        "city": None,
        "attributes.plan": "pro",
        "attributes.seats": None,
        "tags": ("a", "b"),
    }

    assert sent(calls.create_customer("ds_1", "c1", fields, TYPES)) == {
        "data_source_uuid": "ds_1",
        "external_id": "c1",
        "name": "Ada",
        "attributes": {
            "custom": [{"type": "String", "key": "plan", "value": "pro"}],
            "tags": ["a", "b"],
        },
    }


def test_a_bare_create_has_no_attributes():
    """A customer with nothing but its id is sent as that."""
    body = sent(calls.create_customer("ds_1", "c1", {"tags": ()}, {}))

    assert body == {"data_source_uuid": "ds_1", "external_id": "c1"}


def test_a_change_empties_with_empty_text():
    """PATCH clears standard fields by `""`, and takes attributes as an object."""
    call = calls.change_customer("cus_1", {"city": None, "name": "Ada"}, {"seats": 5})

    assert (call.method, call.path) == ("PATCH", "/customers/cus_1")
    assert sent(call) == {"city": "", "name": "Ada", "attributes": {"custom": {"seats": 5}}}


def test_attributes_and_tags_have_calls_of_their_own():
    """POST sets attributes with types, DELETE removes them with a body, POST adds tags."""
    setting = calls.set_attributes("cus_1", {"partner": False}, TYPES)
    removing = calls.remove_attributes("cus_1", ["plan", "seats"])
    tagging = calls.add_tags("cus_1", ["a"])

    assert (setting.name, sent(setting)) == (
        "POST /customers/cus_1/attributes/custom",
        {"custom": [{"type": "Boolean", "key": "partner", "value": False}]},
    )
    assert (removing.name, sent(removing)) == (
        "DELETE /customers/cus_1/attributes/custom",
        {"custom": ["plan", "seats"]},
    )
    assert (tagging.name, sent(tagging)) == (
        "POST /customers/cus_1/attributes/tags",
        {"tags": ["a"]},
    )


def test_contacts_take_attributes_as_a_list_without_types():
    """A create names both parents and leaves None out; a change sends null to empty."""
    fields = {
        "customer_external_id": "c1",
        "external_id": "k1",
        "email": "a@b.co",
        "title": None,
        "position": 2,
        "attributes.plan": "pro",
        "attributes.seats": None,
    }

    assert sent(calls.create_contact("ds_1", "cus_1", fields)) == {
        "customer_uuid": "cus_1",
        "data_source_uuid": "ds_1",
        "external_id": "k1",
        "email": "a@b.co",
        "position": 2,
        "custom": [{"key": "plan", "value": "pro"}],
    }
    assert sent(calls.change_contact("con_1", fields)) == {
        "external_id": "k1",
        "email": "a@b.co",
        "title": None,
        "position": 2,
        "custom": [{"key": "plan", "value": "pro"}, {"key": "seats", "value": None}],
    }


def test_decimals_are_sent_digit_by_digit():
    """No number passes through a float."""
    call = calls.set_attributes("cus_1", {"score": Decimal("0.10000000000000000555111512")}, TYPES)

    assert call.content == (
        b'{"custom": [{"type": "Decimal", "key": "score", "value": 0.10000000000000000555111512}]}'
    )


def test_only_creates_must_not_be_repeated():
    """Everything else may be carried out twice."""
    creates = [
        calls.create_customer("ds_1", "c1", {}, {}),
        calls.create_contact("ds_1", "cus_1", {}),
    ]
    others = [
        calls.ask_account(),
        calls.list_contacts(),
        calls.change_customer("cus_1", {"name": "Ada"}, {}),
        calls.change_contact("con_1", {"title": "Dr"}),
        calls.set_attributes("cus_1", {}, {}),
        calls.remove_attributes("cus_1", ["a"]),
        calls.add_tags("cus_1", ["a"]),
    ]

    assert [call.repeatable for call in creates] == [False, False]
    assert all(call.repeatable for call in others)


def test_names_for_messages_hold_no_filter():
    """A call's name goes to messages and reports: no e-mail, no external id."""
    assert calls.list_contacts("ds_1", email="a@b.co").name == "GET /contacts"
