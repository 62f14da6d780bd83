"""Customers on the wire: what is asked, and answers in canonical values, held against recordings."""

from decimal import Decimal

import pytest

from sync.chartmogul import customers
from sync.chartmogul.wire import Misread, load
from sync.domain.objects import Kind
from sync.domain.objects.customer import CUSTOMER
from sync.domain.sameness import same
from tests.support.samples import samples
from tests.unit.chartmogul.scene import AWKWARD, ENCODED, TYPES, recorded, sent


def test_a_lookup_asks_for_the_pair():
    """Both filters, always: an external id alone would be searched in all data sources."""
    call = customers.page("ds_1", AWKWARD)

    assert call.path == f"/customers?data_source_uuid=ds_1&external_id={ENCODED}&per_page=200"


def test_a_cursor_is_encoded():
    """Cursors end in `=`, which a query does not bear."""
    call = customers.page("ds_1", cursor="MjAx==")

    assert call.path == "/customers?data_source_uuid=ds_1&cursor=MjAx%3D%3D&per_page=200"


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

    assert sent(customers.create("ds_1", "c1", fields, TYPES)) == {
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
    body = sent(customers.create("ds_1", "c1", {"tags": ()}, {}))

    assert body == {"data_source_uuid": "ds_1", "external_id": "c1"}


def test_a_change_empties_with_empty_text():
    """PATCH clears standard fields by `""`, and takes attributes as an object."""
    call = customers.update("cus_1", {"city": None, "name": "Ada"}, {"seats": 5})

    assert (call.method, call.path) == ("PATCH", "/customers/cus_1")
    assert sent(call) == {"city": "", "name": "Ada", "attributes": {"custom": {"seats": 5}}}


def test_attributes_and_tags_have_calls_of_their_own():
    """POST sets attributes with types, DELETE removes them with a body, POST adds tags."""
    setting = customers.set_attributes("cus_1", {"partner": False}, TYPES)
    removing = customers.remove_attributes("cus_1", ["plan", "seats"])
    tagging = customers.add_tags("cus_1", ["a"])

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


def test_recorded_customers_are_read():
    """Every recorded customer is read: its fields as shown, nothing that is empty."""
    seen = 0
    for name in ["customers-create", "customers-retrieve", "customers-update"]:
        for _, _, response in recorded(name):
            if response["status"] not in (200, 201):
                continue
            shown = response["body"]
            customer = customers.read(shown)
            assert customer.uuid == shown["uuid"]
            assert customer.fields.get("email", "") == (shown.get("email") or "")
            assert customer.fields.get("country") == (shown.get("country") or None)
            assert customer.fields.get("tags", ()) == tuple(
                shown.get("attributes", {}).get("tags", ())
            )
            assert not {None, "", ()} & set(customer.fields.values())
            seen += 1
    assert seen > 30


def test_a_merged_customer_has_several_pairs():
    """`external_ids[i]` belongs to `data_source_uuids[i]`; the pair at the top is not repeated."""
    seen = customers.read(
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

    assert customers.read(shown).pairs == (("ds_1", "a"),)
    assert customers.read({"uuid": "cus_1"}).pairs == ()


def test_odd_values_are_read_as_text():
    """Numbers for texts become texts, lists in attributes their JSON, odd containers nothing."""
    seen = customers.read(
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
    assert customers.read({"uuid": "cus_1", "attributes": []}).fields == {}
    assert customers.read({"uuid": "cus_1", "attributes": {"custom": []}}).fields == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *samples(CUSTOMER).items(),
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
    create = customers.create("ds_1", "c1", {name: value}, TYPES)
    shown = load(create.content or b"")
    nested = shown.setdefault("attributes", {})
    nested["custom"] = {item["key"]: item["value"] for item in nested.get("custom", [])}
    shown["uuid"] = "cus_1"
    field = CUSTOMER.fields.get(name)
    if field is not None and field.kind is Kind.TIME:  # shown with milliseconds, always
        shown[name] = shown[name].replace(":00Z", ":00.000Z")

    assert same(value, customers.read(shown).fields[name])


def test_attribute_calls_show_all_or_nothing():
    """POST shows all attributes, DELETE perhaps the rest, `{}` or no body; tags the same."""
    assert customers.read_attributes({"custom": {"a": 1}}) == {"attributes.a": 1}
    assert customers.read_attributes({"custom": {}}) == {}
    assert customers.read_attributes({}) is None
    assert customers.read_attributes(None) is None
    assert customers.read_tags({"tags": ["a"]}) == ("a",)
    assert customers.read_tags({}) is None
    assert customers.read_tags(None) is None


@pytest.mark.parametrize("read", [customers.read_attributes, customers.read_tags])
@pytest.mark.parametrize(
    "foreign",
    [
        {"status": "blocked"},
        {"fault": {}},
        ["blocked"],
        "blocked",
        {"message": "try again", "ray": "7f3a"},
        {"code": 500, "message": "try again", "param": None},
    ],
)
def test_what_a_gateway_says_is_no_answer(read, foreign):
    """JSON that shows neither attributes nor tags, and no message, is not ChartMogul's."""
    with pytest.raises(Misread):
        read(foreign)


@pytest.mark.parametrize(
    "told",
    [
        {"message": "noop"},
        {"message": "Custom attributes deleted from customer", "overrides": {}},
        {"custom": None, "tags": None},
    ],
)
def test_an_answer_that_shows_nothing(told):
    """What is done without showing what is left tells nothing of it."""
    assert (customers.read_attributes(told), customers.read_tags(told)) == (None, None)
