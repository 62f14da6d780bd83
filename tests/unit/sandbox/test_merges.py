"""Merged customers keep all their pairs; the uuid of the other one is gone."""

import pytest

from sync.sandbox.sandbox import DATA_SOURCE


def merge(call, other, into):
    """Ask for a merge by uuid."""
    sides = {
        "from": {"customer_uuid": other["uuid"]}, "into": {"customer_uuid": into["uuid"]},
    }  # fmt: skip
    return call("POST", "/customers/merges", sides)


def typed(key, value):
    """One text attribute."""
    return {"type": "String", "key": key, "value": value}


def test_a_merge_joins_pairs_tags_attributes_and_contacts(call):
    """The primary keeps its fields and its values; the other's uuid is a 404."""
    into = call.create("b", name="Into", attributes={"tags": ["x"], "custom": [typed("k", "into")]})
    other = call.create(
        "a",
        name="Other",
        city="Ukiah",
        attributes={"tags": ["y"], "custom": [typed("k", "other"), typed("l", "other")]},
    )
    contact = call.contact(other)
    assert ((answer := merge(call, other, into)).status, answer.json) == (202, {})
    merged = call("GET", f"/customers/{into['uuid']}").json
    assert (merged["external_id"], merged["external_ids"]) == ("b", ["a", "b"])
    assert (merged["name"], merged["city"]) == ("Into", None)
    assert merged["attributes"]["tags"] == ["x", "y", "merged-customer"]
    assert merged["attributes"]["custom"] == {"k": "into", "l": "other"}
    assert call("GET", f"/customers/{other['uuid']}").status == 404
    shown = call("GET", "/contacts", customer_uuid=into["uuid"]).json["entries"]
    assert [contact["uuid"]] == [one["uuid"] for one in shown]


@pytest.mark.parametrize("external_id", ["a", "b"])
def test_both_pairs_find_the_merged_customer(call, external_id):
    """Also the secondary one (our choice)."""
    into, other = call.create("b"), call.create("a")
    merge(call, other, into)
    query = {"data_source_uuid": DATA_SOURCE, "external_id": external_id}
    found = call("GET", "/customers", **query).json["entries"]
    assert [into["uuid"]] == [one["uuid"] for one in found]
    taken = call("POST", "/customers", query)
    assert (422, {"external_id"}) == (taken.status, set(taken.json["errors"]))


def test_a_merged_customer_is_listed_once(call):
    """Though it is in the source twice."""
    into, other = call.create("b"), call.create("a")
    merge(call, other, into)
    listed = call("GET", "/customers", data_source_uuid=DATA_SOURCE).json
    assert (len(listed["entries"]), listed["total_pages"]) == (1, 1)


def test_a_merge_may_take_its_time(call, sandbox, clock):
    """Until then both are there."""
    into, other = call.create("b"), call.create("a")
    sandbox.world.merge_delay = 60
    merge(call, other, into)
    assert call("GET", f"/customers/{other['uuid']}").status == 200
    clock.now += 60
    assert call("GET", f"/customers/{other['uuid']}").status == 404


def test_a_merge_whose_side_is_gone_is_forgotten(call, sandbox, clock):
    """It was deleted meanwhile."""
    into, other = call.create("b"), call.create("a")
    sandbox.world.merge_delay = 60
    merge(call, other, into)
    call("DELETE", f"/customers/{other['uuid']}")
    clock.now += 60
    assert into == call("GET", f"/customers/{into['uuid']}").json


@pytest.mark.parametrize(
    ("sides", "status"),
    [
        ({}, 400),
        ({"from": "cus_x", "into": "cus_y"}, 400),
        ({"from": {"customer_uuid": "cus_x"}, "into": {"customer_uuid": "cus_y"}}, 404),
        ({"from": {"data_source_uuid": DATA_SOURCE, "external_id": "nope"}}, 404),
        (
            {
                "from": {"data_source_uuid": DATA_SOURCE, "external_id": "a"},
                "into": {"data_source_uuid": DATA_SOURCE, "external_id": "a"},
            },
            422,
        ),
    ],
)
def test_a_merge_needs_two_customers(call, sides, status):
    """Of any naming."""
    call.create("a")
    assert call("POST", "/customers/merges", sides).status == status


def test_an_unmerge_gives_the_pair_a_customer_of_its_own(call):
    """The contacts of a source that is left go along."""
    other_source = call("POST", "/data_sources", {"name": "Other"}).json["uuid"]
    into = call.create("b")
    sent = {"data_source_uuid": other_source, "external_id": "a", "name": "A"}
    other = call("POST", "/customers", sent).json
    links = {"customer_uuid": other["uuid"], "data_source_uuid": other_source}
    contact = call("POST", "/contacts", links).json
    kept = call.contact(into)
    merge(call, other, into)
    sent = {"customer_uuid": into["uuid"], "data_source_uuid": other_source, "external_id": "a"}
    assert call("POST", "/customers/unmerges", sent).status == 202
    alone = call("GET", "/customers", external_id="a").json["entries"][0]
    assert alone["uuid"] not in (into["uuid"], other["uuid"])
    owners = [call("GET", f"/contacts/{one['uuid']}").json for one in (contact, kept)]
    assert [alone["uuid"], into["uuid"]] == [one["customer_uuid"] for one in owners]
    assert call("GET", f"/customers/{into['uuid']}").json["external_ids"] == ["b"]


def test_an_unmerge_of_the_pair_on_top_leaves_another_there(call):
    """The object always shows a pair that it has."""
    into, other = call.create("b"), call.create("a")
    merge(call, other, into)
    sent = {
        "customer_uuid": into["uuid"], "data_source_uuid": DATA_SOURCE, "external_id": "b",
    }  # fmt: skip
    call("POST", "/customers/unmerges", sent)
    left = call("GET", f"/customers/{into['uuid']}").json
    assert (left["external_id"], left["external_ids"]) == ("a", ["a"])
    assert call("POST", "/customers/unmerges", {**sent, "external_id": "a"}).status == 422


def test_emptying_a_source_leaves_customers_of_others(call):
    """Only those without another pair are deleted."""
    other_source = call("POST", "/data_sources", {"name": "Other"}).json["uuid"]
    into, alone = call.create("b"), call.create("c")
    call.contact(into)
    sent = {"data_source_uuid": other_source, "external_id": "a"}
    merge(call, call("POST", "/customers", sent).json, into)
    assert call("DELETE", f"/data_sources/{DATA_SOURCE}/all").status == 204
    left = call("GET", f"/customers/{into['uuid']}").json
    assert ("a", [other_source]) == (left["external_id"], left["data_source_uuids"])
    assert call("GET", f"/customers/{alone['uuid']}").status == 404
    assert call("GET", "/contacts").json["entries"] == []
    gone = call("DELETE", f"/data_sources/{other_source}")
    assert (gone.status, gone.json) == (202, {"message": "Source deleted"})
    assert call("GET", "/customers").json["entries"] == []
