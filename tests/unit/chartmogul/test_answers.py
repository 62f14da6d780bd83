"""Answers in canonical values, held against recordings."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chartmogul import answers, calls
from sync.chartmogul.answers import Account, DataSource, Misread, load
from sync.domain.plan import same
from sync.domain.record import AttributeType
from tests.unit.chartmogul.scene import recorded

TYPES = {
    "plan": AttributeType.STRING,
    "seats": AttributeType.INTEGER,
    "score": AttributeType.DECIMAL,
    "since": AttributeType.TIMESTAMP,
    "partner": AttributeType.BOOLEAN,
}


def test_recorded_customers_are_read():
    """Every recorded customer is read: its fields as shown, nothing that is empty."""
    seen = 0
    for name in ["customers-create", "customers-retrieve", "customers-update"]:
        for _, _, response in recorded(name):
            if response["status"] not in (200, 201):
                continue
            shown = response["body"]
            customer = answers.customer(shown)
            assert customer.uuid == shown["uuid"]
            assert customer.fields.get("email", "") == (shown.get("email") or "")
            assert customer.fields.get("country") == (shown.get("country") or None)
            assert customer.fields.get("tags", ()) == tuple(
                shown.get("attributes", {}).get("tags", ())
            )
            assert not {None, "", ()} & set(customer.fields.values())
            seen += 1
    assert seen > 30


def test_recorded_lists_are_read():
    """Every recorded page of the present shape: entries, pages in all where told, the end."""
    totals, lasts = set(), set()
    for _, request, response in recorded("customers-list"):
        if response["body"].get("has_more") is not None and "page" not in request["query"]:
            if "entries" not in response["body"]:
                continue  # the answers of 2016
            page = answers.customers(response["body"])
            assert len(page.entries) == len(response["body"]["entries"])
            totals.add(page.total_pages)
            lasts.add(page.last)
    for _, _, response in recorded("contacts-list"):
        page = answers.contacts(response["body"])
        assert [c.uuid for c in page.entries] == [c["uuid"] for c in response["body"]["entries"]]

    assert None in totals
    assert len(totals) > 1
    assert lasts == {True, False}


def test_recorded_accounts_and_data_sources_are_read():
    """All generations, with and without an id, a currency or a system."""
    accounts = [answers.account(r["body"]) for _, _, r in recorded("account-retrieve")]
    sources = [
        answers.data_source(r["body"])
        for _, _, r in recorded("data-sources-create")
        if r["status"] == 201
    ]

    assert Account(None, "Example Test Company", "EUR") in accounts
    assert {source.system for source in sources} == {"Custom", "Import API", None}
    assert answers.data_source({"uuid": "ds_1"}) == DataSource("ds_1", "", None)


def test_a_merged_customer_has_several_pairs():
    """`external_ids[i]` belongs to `data_source_uuids[i]`; the pair at the top is not repeated."""
    seen = answers.customer(
        {
            "uuid": "cus_1",
            "external_id": "b",
            "data_source_uuid": "ds_1",
            "external_ids": ["a", "b", "c", None],
            "data_source_uuids": ["ds_1", "ds_1", "ds_2", "ds_2"],
        }
    )

    assert seen.pairs == (("ds_1", "a"), ("ds_1", "b"), ("ds_2", "c"))
    assert seen.data_source == "ds_1"


def test_an_old_answer_has_the_pair_at_the_top_only():
    """Before the arrays came, one pair was all."""
    shown = {"uuid": "cus_1", "external_id": "a", "data_source_uuid": "ds_1"}

    assert answers.customer(shown).pairs == (("ds_1", "a"),)
    assert answers.customer({"uuid": "cus_1"}).pairs == ()


def test_a_contact_names_its_customer():
    """Parent and own external id come from their own keys, the position is a number."""
    seen = answers.contact(
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


def test_odd_values_are_read_as_text():
    """Numbers for texts become texts, lists in attributes their JSON, odd containers nothing."""
    seen = answers.customer(
        {
            "uuid": "cus_1",
            "zip": 10115,
            "name": True,
            "city": "half \ud83d",
            "lead_created_at": "whenever",
            "free_trial_started_at": "2016-01-31 00:00:00 UTC",
            "attributes": {"custom": {"list": [1, Decimal("0.10")], "yes": True}, "tags": "no"},
        }
    )

    assert seen.fields == {
        "zip": "10115",
        "name": "true",
        "city": "half ?",
        "lead_created_at": "whenever",
        "free_trial_started_at": "2016-01-31T00:00:00Z",
        "attributes.list": "[1, 0.10]",
        "attributes.yes": True,
    }
    assert answers.customer({"uuid": "cus_1", "attributes": []}).fields == {}
    assert answers.customer({"uuid": "cus_1", "attributes": {"custom": []}}).fields == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Ada"),
        ("email", "a+b@example.com"),
        ("company", "Ü & Söhne"),
        ("country", "DE"),
        ("state", "US-NY"),
        ("city", "Berlin"),
        ("zip", "01067"),
        ("owner", "o@example.com"),
        ("website_url", "https://example.com/?a=b"),
        ("status", "Working Lead"),
        ("lead_created_at", "2026-01-31T10:00:00Z"),
        ("free_trial_started_at", "2026-01-31T10:00:00.123Z"),
        ("attributes.plan", "pro"),
        ("attributes.seats", 2**53),
        ("attributes.score", Decimal("1234567890.123456789012345678")),
        ("attributes.since", "2026-01-31T10:00:00Z"),
        ("attributes.partner", False),
        ("tags", ("a", "b")),
    ],
)
def test_every_field_of_a_customer_comes_back_as_it_was_sent(name, value):
    """A sent body, shown in ChartMogul's own spelling, reads back equal: no update for ever."""
    create = calls.create_customer("ds_1", "c1", {name: value}, TYPES)
    shown = load(create.content or b"")
    nested = shown.setdefault("attributes", {})
    nested["custom"] = {item["key"]: item["value"] for item in nested.get("custom", [])}
    shown["uuid"] = "cus_1"
    for at in ("lead_created_at", "free_trial_started_at"):
        if at in shown:  # shown with milliseconds, always
            shown[at] = shown[at].replace(":00Z", ":00.000Z")

    assert same(value, answers.customer(shown).fields[name])


@pytest.mark.parametrize(
    ("name", "value"),
    [
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
    shown = load(calls.create_contact("ds_1", "cus_1", {name: value}).content or b"")
    shown["uuid"] = "con_1"
    shown["custom"] = {item["key"]: item["value"] for item in shown.get("custom", [])}

    assert same(value, answers.contact(shown).fields[name])


def test_attribute_calls_show_all_or_nothing():
    """POST shows all attributes, DELETE perhaps the rest, `{}` or no body; tags the same."""
    assert answers.all_custom({"custom": {"a": 1}}) == {"attributes.a": 1}
    assert answers.all_custom({"custom": {}}) == {}
    assert answers.all_custom({}) is None
    assert answers.all_custom(None) is None
    assert answers.all_tags({"tags": ["a"]}) == ("a",)
    assert answers.all_tags({}) is None
    assert answers.all_tags(None) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        {},
        {"uuid": ""},
        {"uuid": 5},
        {"entries": {}},
        {"entries": []},
        {"entries": [5], "has_more": False},
        {"entries": [{}], "has_more": False},
        {"entries": [], "has_more": True, "cursor": None},
        {"entries": [], "has_more": True, "cursor": ""},
    ],
)
def test_other_shapes_are_misread(data):
    """What is not the promised shape is no answer, and never an empty list."""
    for read in (answers.customers, answers.contacts, answers.customer, answers.contact):
        with pytest.raises(Misread):
            read(data)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'{"a": ',
        b"\xff\xfe\xfd",
        b"NaN",
        b'{"a": Infinity}',
        b"[" * 100_000,
        b"1e" + b"9" * 30,
    ],
)
def test_what_is_not_json_is_misread(body):
    """HTML, cut-off and poisoned bodies are one kind of error."""
    with pytest.raises(Misread):
        load(body)


def test_numbers_are_exact():
    """No float on the way in."""
    assert load(b'{"a": 0.1, "b": 9007199254740993}') == {
        "a": Decimal("0.1"),
        "b": 9007199254740993,
    }


def test_an_empty_body_is_none():
    """204 comes without one; some answers begin with a byte order mark."""
    assert load(b" \n") is None
    assert load(b"\xef\xbb\xbf{}") == {}


SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
SHOWN = st.dictionaries(
    st.sampled_from(
        [
            "uuid",
            "name",
            "zip",
            "position",
            "external_id",
            "external_ids",
            "data_source_uuids",
            "tags",
            "attributes",
            "custom",
            "lead_created_at",
            "entries",
            "has_more",
            "cursor",
            "total_pages",
        ]
    ),
    st.recursive(
        SCALAR,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["custom", "tags", "a", "uuid"]), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)


@given(SHOWN)
def test_any_object_is_read_or_misread(shown):
    """Whatever ChartMogul shows, no reader breaks in another way."""
    for read in (
        answers.account,
        answers.data_source,
        answers.customer,
        answers.contact,
        answers.customers,
        answers.contacts,
        answers.all_custom,
        answers.all_tags,
    ):
        try:
            read(shown)
        except Misread:
            continue


@given(st.binary(max_size=100) | st.text(max_size=50).map(lambda t: json.dumps(t)[:20].encode()))
def test_any_body_is_loaded_or_misread(body):
    """Any bytes at all."""
    with suppress(Misread):
        load(body)
