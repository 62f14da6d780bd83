"""Contacts on the wire: what is asked, and answers in canonical values."""

from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chartmogul import contacts
from sync.chartmogul.wire import Misread, load
from sync.domain.objects.contact import CONTACT
from sync.domain.sameness import same
from tests.support.samples import samples
from tests.unit.chartmogul.scene import sent


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_filter_arrives_as_it_is(value):
    """Whatever an id or address holds, the server decodes exactly it, and nothing else."""
    query = urlsplit(contacts.page("ds_1", email=value).path).query

    assert parse_qsl(query, keep_blank_values=True, separator="&") == [
        ("data_source_uuid", "ds_1"),
        ("email", value),
        ("per_page", "200"),
    ]


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

    assert sent(contacts.create("ds_1", "cus_1", fields)) == {
        "customer_uuid": "cus_1",
        "data_source_uuid": "ds_1",
        "external_id": "k1",
        "email": "a@b.co",
        "position": 2,
        "custom": [{"key": "plan", "value": "pro"}],
    }
    assert sent(contacts.update("con_1", fields)) == {
        "external_id": "k1",
        "email": "a@b.co",
        "title": None,
        "position": 2,
        "custom": [{"key": "plan", "value": "pro"}, {"key": "seats", "value": None}],
    }


def test_a_contact_names_its_customer():
    """Parent and own external id come from their own keys, the position is a number."""
    seen = contacts.read(
        {
            "uuid": "con_1",
            "customer_uuid": "cus_1",
            "customer_external_id": "c1",
            "data_source_uuid": "ds_1",
            "external_id": "k1",
            "position": 2,
            "email": None,
            "title": "",
            "custom": {"plan": "pro", "gone": None},
        }
    )

    assert (seen.customer_uuid, seen.customer, seen.data_source) == ("cus_1", "c1", "ds_1")
    assert seen.fields == {"external_id": "k1", "position": 2, "attributes.plan": "pro"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *samples(CONTACT).items(),
        *((name, "x y") for name in ("first_name", "last_name", "title", "phone", "notes")),
        ("external_id", "k1"),
        ("email", "a@example.com"),
        ("linked_in", "https://linkedin.com/in/ada"),
        ("twitter", "https://twitter.com/ada"),
        ("position", 3),
        ("attributes.plan", "pro"),
        ("attributes.score", Decimal("0.1")),
        ("attributes.partner", False),
    ],
)
def test_every_field_of_a_contact_comes_back_as_it_was_sent(name, value):
    """The same for contacts, whose attributes are a list one way and an object the other."""
    shown = load(contacts.create("ds_1", "cus_1", {name: value}).content or b"")
    shown["uuid"] = "con_1"
    shown["custom"] = {item["key"]: item["value"] for item in shown.get("custom", [])}

    assert same(value, contacts.read(shown).fields[name])


@pytest.mark.parametrize(
    ("shown", "expected"),
    [({}, "cus_1"), ({"customer_uuid": None}, None), ({"customer_uuid": "cus_2"}, "cus_2")],
)
def test_an_owner_that_is_left_out_is_the_one_asked_for(shown, expected):
    """Null is nobody, whoever was asked for; only a missing key says nothing of its own."""
    asked = contacts.owner("ds_1", "cus_1")

    seen = contacts.read({"uuid": "con_1", **shown}, asked)

    assert (expected, "ds_1") == (seen.customer_uuid, seen.data_source)


@pytest.mark.parametrize("asked", [{}, contacts.owner("ds_1", None)])
def test_a_contact_that_may_be_anybodys_is_no_answer(asked):
    """Nobody's is a contact that says so: where nothing does, one of ours would be made a second time."""
    with pytest.raises(Misread):
        contacts.read({"uuid": "con_1", "customer_external_id": "c1"}, asked)


def test_a_page_with_a_contact_that_shows_no_owner():
    """One of them is no match, and no reason to give up what the others show."""
    page = {"entries": [{"uuid": "con_1"}, {"uuid": "con_2", "customer_uuid": "cus_1"}]}
    found = contacts.read_page(page | {"has_more": False, "cursor": None}).entries
    assert [one.customer_uuid for one in found] == [None, "cus_1"]
