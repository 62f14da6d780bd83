"""Rules for contacts: nothing about them is unique, and unknown attributes vanish."""

import pytest

from sync.sandbox.sandbox import DATA_SOURCE


def test_the_same_contact_twice_is_two_contacts(call):
    """E-mail and external id may repeat; positions count on."""
    made = call.create()
    first = call.contact(made, email="a@example.com", external_id="p1")
    second = call.contact(made, email="a@example.com", external_id="p1")
    assert first["uuid"] != second["uuid"]
    assert [first["position"], second["position"]] == [1, 2]


def test_the_next_position_follows_the_largest(call):
    """Also after one was given by hand."""
    made = call.create()
    call.contact(made, position=9)
    assert call.contact(made)["position"] == 10
    assert call.contact(call.create("other"))["position"] == 1


@pytest.mark.parametrize(
    ("sent", "status", "param"),
    [
        ({"email": "a@example.com"}, 400, "customer_uuid"),
        ({"customer_uuid": 5}, 400, "customer_uuid"),
        ({"customer_uuid": "cus_nope", "data_source_uuid": DATA_SOURCE}, 422, "customer_uuid"),
    ],
)
def test_a_contact_needs_its_customer(call, sent, status, param):
    """Both uuids are required, where the account keeps to the docs."""
    call.set(lone_contacts="refused")
    answer = call("POST", "/contacts", sent)
    assert (status, param) == (answer.status, answer.json["param"])


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"email": "nope"}, 422, "email"),
        ({"first_name": 5}, 422, "first_name"),
        ({"data_source_uuid": "ds_other"}, 422, "data_source_uuid"),
        ({"position": "first"}, 400, "position"),
        ({"custom": {"role": "x"}}, 400, "custom"),
        ({"custom": [{"key": "role"}]}, 400, "custom"),
    ],
)
def test_a_bad_field_refuses_the_contact(call, sandbox, fields, status, param):
    """In shape a, and nothing is created."""
    made = call.create()
    links = {"customer_uuid": made["uuid"], "data_source_uuid": DATA_SOURCE}
    answer = call("POST", "/contacts", {**links, **fields})
    assert (status, param) == (answer.status, answer.json["param"])
    assert not sandbox.world.contacts


def test_an_attribute_without_a_definition_is_dropped(call, sandbox):
    """With a 201; a defined one is kept, `false` too."""
    made = call.create()
    sandbox.world.definitions.add("newsletter")
    custom = [
        {"key": "role", "value": "buyer"},
        {"key": "newsletter", "value": False},
        {"key": "unknown", "value": "x"},
    ]
    shown = call.contact(made, custom=custom)
    assert shown["custom"] == {"role": "buyer", "newsletter": False}


def test_a_patch_keeps_what_it_does_not_name(call):
    """Empty clears to null, attributes are merged, the customer stays."""
    contact = call.contact(
        call.create(),
        first_name="A", last_name="B", external_id="p", custom=[{"key": "role", "value": "x"}],
    )  # fmt: skip
    path = f"/contacts/{contact['uuid']}"
    changed = call(
        "PATCH",
        path,
        {"first_name": "", "external_id": None, "customer_uuid": "cus_x", "custom": []},
    ).json
    assert {**contact, "first_name": None, "external_id": None} == changed
    assert call("GET", path).json == changed


def test_contacts_of_a_customer_have_routes_of_their_own(call):
    """POST and GET below the customer."""
    made = call.create()
    path = f"/customers/{made['uuid']}/contacts"
    contact = call("POST", path, {"data_source_uuid": DATA_SOURCE, "first_name": "A"})
    assert (201, made["uuid"]) == (contact.status, contact.json["customer_uuid"])
    call.contact(call.create("other"))
    assert [contact.json] == call("GET", path).json["entries"]


def test_filters_of_the_list(call):
    """Each narrows it; an older API has none by external id."""
    one, two = call.create("one"), call.create("two")
    first = call.contact(one, email="a@example.com", external_id="p")
    second = call.contact(one, email="b@example.com")
    third = call.contact(two, email="a@example.com")
    ours = call.create("three")

    def listed(**query):
        return [contact["uuid"] for contact in call("GET", "/contacts", **query).json["entries"]]

    names = [contact["uuid"] for contact in (first, second, third)]
    assert listed() == [names[2], names[1], names[0]]
    assert listed(customer_uuid=one["uuid"]) == [names[1], names[0]]
    assert listed(customer_uuid=one["uuid"], email="a@example.com") == [names[0]]
    assert listed(email="a@example.com") == [names[2], names[0]]
    assert listed(email="A@example.com") == []
    assert listed(customer_external_id="two") == [names[2]]
    assert listed(data_source_uuid=DATA_SOURCE, customer_external_id="one") == names[1::-1]
    assert listed(data_source_uuid="ds_other") == []
    assert listed(customer_uuid=ours["uuid"]) == []
    call.set(contact_external_id_filter="ignored")
    assert len(listed(external_id="p")) == 3


def test_a_merge_fills_gaps_and_joins_notes(call):
    """`into` keeps its values, `from` is gone, the answer shows no customer but the list does."""
    made = call.create()
    into = call.contact(made, first_name="A", notes="one", custom=[{"key": "role", "value": "x"}])
    other = call.contact(
        made, first_name="Z", title="CEO", notes="two", external_id="p",
        custom=[{"key": "role", "value": "y"}],
    )  # fmt: skip
    merged = call("POST", f"/contacts/{into['uuid']}/merge/{other['uuid']}", {}).json
    shown = {
        **into, "title": "CEO", "notes": "one two", "external_id": "p", "customer_uuid": None,
    }  # fmt: skip
    assert shown == merged
    assert call("GET", f"/contacts/{other['uuid']}").status == 404
    listed = call("GET", "/contacts", customer_uuid=made["uuid"]).json["entries"]
    assert [{**shown, "customer_uuid": made["uuid"]}] == listed


def test_a_contact_cannot_be_merged_into_itself(call):
    """422, and it stays."""
    contact = call.contact(call.create())
    path = f"/contacts/{contact['uuid']}"
    assert call("POST", f"{path}/merge/{contact['uuid']}").status == 422
    assert call("GET", path).status == 200


def test_new_contacts_can_be_missing_from_the_list(call, sandbox, clock):
    """For `stale` seconds."""
    contact = call.contact(call.create())
    sandbox.world.stale = 5
    assert call("GET", "/contacts").json["entries"] == []
    clock.now += 6
    assert call("GET", "/contacts").json["entries"] == [contact]
