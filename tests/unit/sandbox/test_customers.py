"""Rules for customers, where the recordings do not say them or only in passing."""

import pytest

from sync.sandbox.sandbox import DATA_SOURCE

NOT_AN_EMAIL = "The value provided does not appear to be a valid email address."


def test_an_external_id_is_unique_inside_its_source(call):
    """The second create is a 422, and no update."""
    first = call.create("a", name="One")
    again = call(
        "POST",
        "/customers",
        {"data_source_uuid": DATA_SOURCE, "external_id": "a", "name": "Two"},
    )
    taken = "The external ID for this customer already exists in our system."
    assert (422, {"errors": {"external_id": taken}}) == (again.status, again.json)
    assert first == call("GET", f"/customers/{first['uuid']}").json


def test_an_external_id_may_repeat_in_another_source(call):
    """Without a source the look-up finds both: what one finds may not be one's own."""
    call.create("a")
    other = call("POST", "/data_sources", {"name": "Other"}).json["uuid"]
    call("POST", "/customers", {"data_source_uuid": other, "external_id": "a"})
    assert len(call("GET", "/customers", external_id="a").json["entries"]) == 2
    found = call("GET", "/customers", external_id="a", data_source_uuid=other).json["entries"]
    assert [other] == [one["data_source_uuid"] for one in found]


@pytest.mark.parametrize("wanted", ["A", "a ", "nope"])
def test_a_lookup_is_exact(call, wanted):
    """Neither case nor blanks are forgiven."""
    call.create("a")
    answer = call("GET", "/customers", data_source_uuid=DATA_SOURCE, external_id=wanted)
    assert answer.json["entries"] == []


def test_an_empty_or_unknown_filter_is_no_filter(call):
    """Such a look-up answers the first customers of the account."""
    call.create("a")
    call.create("b")
    assert len(call("GET", "/customers", external_id="").json["entries"]) == 2
    assert len(call("GET", "/customers", exernal_id="a").json["entries"]) == 2


@pytest.mark.parametrize(
    ("fields", "bad"),
    [
        ({"external_id": ""}, {"external_id"}),
        ({"external_id": 42}, {"external_id"}),
        ({"data_source_uuid": "ds_nope"}, {"data_source_uuid"}),
        ({"data_source_uuid": None, "email": "x", "country": "XX"},
         {"data_source_uuid", "email", "country"}),
        ({"country": "de"}, {"country"}),
        ({"zip": 1234}, {"zip"}),
        ({"lead_created_at": "soon"}, {"lead_created_at"}),
        ({"lead_created_at": "2999-01-01"}, {"lead_created_at"}),
        ({"lead_created_at": "2024-02-02", "free_trial_started_at": "2024-02-01"},
         {"free_trial_started_at"}),
    ],
)  # fmt: skip
def test_a_create_names_every_bad_field(call, sandbox, fields, bad):
    """422 in shape b, and nothing is created."""
    answer = call(
        "POST", "/customers", {"data_source_uuid": DATA_SOURCE, "external_id": "a", **fields}
    )
    assert (422, bad) == (answer.status, set(answer.json["errors"]))
    assert not sandbox.world.customers


def test_a_create_takes_typed_attributes_and_tags(call, sandbox):
    """One request is enough for a whole customer."""
    made = call.create(
        attributes={
            "tags": ["a", "b", "a"],
            "custom": [{"type": "Integer", "key": "seats", "value": 5, "source": "sync"}],
        }
    )
    assert made["attributes"] == {"custom": {"seats": 5}, "stripe": {}, "tags": ["a", "b"]}
    assert sandbox.world.types == {"seats": "Integer"}


def test_a_refused_create_locks_no_type(call, sandbox):
    """The attributes are fine, the external id is not."""
    call.create("a")
    custom = [{"type": "Integer", "key": "seats", "value": 5}]
    sent = {"data_source_uuid": DATA_SOURCE, "external_id": "a", "attributes": {"custom": custom}}
    assert call("POST", "/customers", sent).status == 422
    assert sandbox.world.types == {}


def test_a_patch_with_a_bad_email_changes_nothing(call):
    """422 in shape a, and the other fields are not applied."""
    made = call.create(name="One")
    answer = call.patch(made, name="Two", email="schnitzel.com")
    assert answer.json == {"code": 422, "message": NOT_AN_EMAIL, "param": "email"}
    assert made == call("GET", f"/customers/{made['uuid']}").json


@pytest.mark.parametrize("empty", ["", None])
def test_empty_clears_and_missing_keeps(call, empty):
    """Name, e-mail and company are empty as text, the others as null."""
    made = call.create(name="N", email="a@b.co", company="C", city="X", zip="1", country="DE")
    cleared = call.patch(made, email=empty, city=empty, country=empty).json
    names = ("name", "email", "company", "city", "country", "zip")
    assert {name: cleared[name] for name in names} == {
        "name": "N", "email": "", "company": "C", "city": None, "country": None, "zip": "1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("country", "state", "kept"),
    [("DE", "NY", None), ("US", "NY", "NY"), ("US", "US-NY", "US-NY"), (None, "NY", "NY")],
)
def test_a_state_outside_the_us_is_dropped(call, country, state, kept):
    """In silence, with a 201; another is shown as it was sent."""
    assert call.create(country=country, state=state)["state"] == kept


def test_the_address_shows_names(call):
    """The code stays on top, the display names are in `address`."""
    made = call.create(country="US", state="US-CA", city="Ukiah", zip="95482")
    assert made["address"] == {
        "country": "United States",
        "state": "California",
        "city": "Ukiah",
        "address_zip": "95482",
    }


def test_an_unknown_owner_is_dropped(call):
    """The old owner stays, with a 200."""
    made = call.create(owner="success@example.com")
    assert call.patch(made, owner="nobody@example.com").json["owner"] == "success@example.com"
    assert call.patch(made, owner=None).json["owner"] is None


@pytest.mark.parametrize(
    "text",
    ["2022-10-14 02:00:00 UTC", "2022-10-14T02:00:00", "2022-10-14T04:00:00+02:00",
     "2022-10-14T02:00:00.000Z"],
)  # fmt: skip
def test_times_come_back_in_one_form(call, text):
    """No zone is UTC, milliseconds are always there."""
    assert call.create(lead_created_at=text)["lead_created_at"] == "2022-10-14T02:00:00.000Z"


def test_only_lead_statuses_can_be_set(call):
    """A computed one is a 400."""
    made = call.create(status="Working Lead")
    assert made["status"] == "Working Lead"
    answer = call.patch(made, status="Active")
    assert (answer.status, answer.json["param"]) == (400, "status")


def test_unknown_keys_are_ignored(call):
    """clearbit and stripe too; external_id cannot be changed."""
    made = call.create("a")
    changed = call.patch(
        made,
        external_id="b",
        colour="red",
        attributes={"clearbit": {"x": 1}, "stripe": {"coupon": True}},
    )
    assert made == changed.json


def test_a_patch_adds_tags(call):
    """What is there stays (our choice)."""
    made = call.create(attributes={"tags": ["a"]})
    tags = call.patch(made, attributes={"tags": ["b", "a"]}).json["attributes"]["tags"]
    assert tags == ["a", "b"]


def test_search_finds_the_exact_address(call):
    """Several may match; none is a 404 that repeats the address."""
    call.create("a", email="x+y@example.com")
    call.create("b", email="x+y@example.com")
    found = call("GET", "/customers/search", email="x+y@example.com").json
    assert (len(found["entries"]), found["total_pages"]) == (2, None)
    missed = call("GET", "/customers/search", email="X+Y@example.com")
    assert (missed.status, missed.json["param"]) == (404, "email")
    assert call("GET", "/customers/search").status == 400


def test_search_follows_a_changed_address(call):
    """The old address finds nobody any more."""
    made = call.create(email="old@example.com")
    call.patch(made, email="new@example.com")
    assert call("GET", "/customers/search", email="old@example.com").status == 404
    assert call("GET", "/customers/search", email="new@example.com").status == 200


def test_search_can_look_at_contacts(call):
    """with_associated_emails finds the customer of a contact."""
    made = call.create()
    call.contact(made, email="anna@example.com")
    assert call("GET", "/customers/search", email="anna@example.com").status == 404
    found = call(
        "GET", "/customers/search", email="anna@example.com", with_associated_emails="true"
    )
    assert [made] == found.json["entries"]


def test_a_deleted_customer_takes_its_contacts_along(call, sandbox):
    """204, then 404."""
    made = call.create()
    call.contact(made)
    assert call("DELETE", f"/customers/{made['uuid']}").status == 204
    assert call("GET", f"/customers/{made['uuid']}").status == 404
    assert not sandbox.world.contacts


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/attributes"), ("GET", "/contacts"),
     ("POST", "/attributes/tags"), ("POST", "/attributes/custom")],
)  # fmt: skip
def test_an_unknown_customer_is_a_404_without_its_prefix(call, method, path):
    """On every call."""
    answer = call(method, f"/customers/cus_12-34{path}")
    message = 'Customer "12-34" does not exist'
    assert answer.json == {"code": 404, "message": message, "param": "customer_id"}


def test_filters_by_status_and_system(call):
    """Statuses are written with underscores there; an unknown one is a 400."""
    call.create("a", status="Working Lead")
    call.create("b")
    found = call("GET", "/customers", status="Working_Lead").json["entries"]
    assert [one["external_id"] for one in found] == ["a"]
    assert len(call("GET", "/customers", system="Custom").json["entries"]) == 2
    assert call("GET", "/customers", system="Import API").json["entries"] == []
    call.set(generation="2025")
    assert len(call("GET", "/customers", system="Import API").json["entries"]) == 2
    assert call("GET", "/customers", system="import api").json["entries"] == []
    assert call("GET", "/customers", status="Lead").status == 400


def test_new_customers_can_be_missing_from_lookups(call, sandbox, clock):
    """For `stale` seconds; by uuid they are there at once."""
    sandbox.world.stale = 5
    made = call.create("a", email="a@example.com")
    assert call("GET", "/customers", external_id="a").json["entries"] == []
    assert call("GET", "/customers/search", email="a@example.com").status == 404
    assert call("GET", f"/customers/{made['uuid']}").status == 200
    clock.now += 5
    assert call("GET", "/customers", external_id="a").json["entries"] == [made]
    assert call("GET", "/customers/search", email="a@example.com").status == 200
