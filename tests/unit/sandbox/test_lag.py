"""Look-ups that do not show yet what was written."""

import pytest

from sync.sandbox import lag
from sync.sandbox.sandbox import DATA_SOURCE, KEY, Sandbox
from tests.unit.sandbox.caller import Caller


@pytest.fixture
def ids(call):
    def listed(path="/customers", **query):
        return [one["external_id"] for one in call("GET", path, **query).json["entries"]]

    return listed


def test_new_records_are_missing_for_some_requests(call, ids):
    """Counted from the write on; by uuid they are there at once."""
    call.set(stale_requests=3)
    made = call.create("a")
    contact = call.contact(made, external_id="p")
    assert ids(external_id="a") == []
    assert ids() == []
    assert ids() == ["a"]
    assert ids("/contacts") == ["p"]
    assert call("GET", f"/contacts/{contact['uuid']}").status == 200


@pytest.mark.parametrize("path", ["/customers/{}", "/customers/{}/attributes"])
def test_reading_by_uuid_may_lag_too(call, clock, path):
    """A new record is a 404, for seconds or requests."""
    call.set(stale=5, stale_reads=True)
    path = path.format(call.create("a")["uuid"])
    assert call("GET", path).status == 404
    clock.now += 6
    assert call("GET", path).status == 200


def test_writing_by_uuid_never_lags(call):
    """What is changed is what is there."""
    call.set(stale=5, stale_reads=True)
    made = call.create("a")
    contact = call.contact(made)
    assert call.patch(made, name="B").json["name"] == "B"
    assert call("GET", f"/contacts/{contact['uuid']}").status == 404
    assert call("PATCH", f"/contacts/{contact['uuid']}", {"title": "X"}).status == 200


def test_changes_show_at_once_unless_asked_for(call):
    """Only new records lag by default."""
    made = call.create("a", name="old")
    call.set(stale_requests=10, stale_reads=True)
    call.patch(made, name="new")
    assert call("GET", "/customers").json["entries"][0]["name"] == "new"


def test_changed_records_are_shown_as_they_were(call, clock):
    """In lists, searches and, where set, by uuid; each change after its time."""
    made = call.create("a", name="one", email="a@example.com")
    clock.now += 100
    call.set(stale=5, stale_changes=True)

    def names():
        listed = call("GET", "/customers").json["entries"]
        found = call("GET", "/customers/search", email="a@example.com").json["entries"]
        read = call("GET", f"/customers/{made['uuid']}").json
        return [one["name"] for one in (*listed, *found, read)]

    assert call.patch(made, name="two").json["name"] == "two"
    clock.now += 3
    call.patch(made, name="three")
    assert names() == ["one", "one", "three"]
    call.set(stale_reads=True)
    assert names() == ["one", "one", "one"]
    clock.now += 3
    assert names() == ["two", "two", "two"]
    clock.now += 3
    assert names() == ["three", "three", "three"]


def test_changed_contacts_are_shown_as_they_were(call, ids, clock):
    """A filter goes by what is shown: nothing is shown that does not match it."""
    contact = call.contact(call.create("a"), external_id="old", email="a@example.com")
    clock.now += 100
    call.set(stale=5, stale_changes=True)
    call("PATCH", f"/contacts/{contact['uuid']}", {"external_id": "new"})
    assert ids("/contacts") == ["old"]
    assert ids("/contacts", email="a@example.com") == ["old"]
    assert ids("/contacts", external_id="new") == []
    clock.now += 6
    assert ids("/contacts", external_id="new") == ["new"]


def test_a_moved_address_is_found_nowhere_for_a_while(call, clock):
    """Neither under the old one, whose index is new, nor under the new one, which does not show."""
    made = call.create("a", email="old@example.com")
    clock.now += 100
    call.set(stale=5, stale_changes=True)
    call.patch(made, email="new@example.com")
    assert call("GET", "/customers/search", email="new@example.com").status == 404
    clock.now += 6
    assert call("GET", "/customers/search", email="new@example.com").status == 200


def test_what_was_before_a_merge_is_shown_for_a_while(call, clock):
    """The customer that a contact had then is gone: no id is shown for it."""
    into, other = call.create("b"), call.create("a")
    contact = call.contact(other)
    clock.now += 100
    call.set(stale=5, stale_changes=True)
    sides = {"from": {"customer_uuid": other["uuid"]}, "into": {"customer_uuid": into["uuid"]}}
    call("POST", "/customers/merges", sides)
    (listed,) = call("GET", "/contacts").json["entries"]
    assert (listed["uuid"], listed["customer_external_id"]) == (contact["uuid"], None)


def test_what_was_of_a_deleted_source_is_shown_for_a_while(call, clock):
    """Its name is not known any more."""
    source = call("POST", "/data_sources", {"name": "Other"}).json["uuid"]
    made = call("POST", "/customers", {"data_source_uuid": source, "external_id": "x"}).json
    sides = {
        "from": {"customer_uuid": call.create("a")["uuid"]},
        "into": {"customer_uuid": made["uuid"]},
    }
    call("POST", "/customers/merges", sides)
    clock.now += 100
    call.set(stale=5, stale_changes=True)
    call("DELETE", f"/data_sources/{source}")
    (listed,) = call("GET", "/customers").json["entries"]
    assert (listed["external_ids"], listed["data_source_uuid"]) == (["a", "x"], source)


def test_writes_that_are_remembered_have_an_end(call, sandbox, monkeypatch):
    """The oldest shows at once where there are too many."""
    monkeypatch.setattr(lag, "MOST", 3)
    call.set(stale_requests=1_000)
    for number in range(5):
        call.create(f"c{number}")
    listed = call("GET", "/customers").json["entries"]
    assert [one["external_id"] for one in listed] == ["c0", "c1"]
    assert len(sandbox.world.lag.versions) == 3
    for number in range(4):
        call.patch(listed[0], name=str(number))
    assert len(sandbox.world.lag.order) == 3
    assert [len(one) for one in sandbox.world.lag.versions.values()] == [3]


def test_what_was_saved_is_not_new(tmp_path, clock):
    """A file that is read hides nothing."""
    data = tmp_path / "sandbox.json"
    first = Sandbox(data=data, clock=clock)
    Caller(first, KEY).create("a")
    first.save()
    clock.now += 100
    again = Sandbox(data=data, clock=clock, stale_requests=10, stale=10)
    found = Caller(again, KEY)("GET", "/customers", data_source_uuid=DATA_SOURCE).json["entries"]
    assert [one["external_id"] for one in found] == ["a"]
