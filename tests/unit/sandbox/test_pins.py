"""Pinned values, `overrides` and history."""

import pytest

from sync.sandbox.people import Customer


@pytest.fixture
def pinned(call):
    """A customer whose company and plan are pinned."""
    custom = [{"type": "String", "key": "plan", "value": "Gold"}]
    overrides = {"company": True, "attributes": {"custom": {"plan": True}}}
    return call.create(company="Acme", name="A", attributes={"custom": custom}, overrides=overrides)


@pytest.fixture
def contact(call):
    """A contact whose title is pinned."""
    return call.contact(call.create("c2"), title="CTO", overrides={"title": True})


def test_a_write_with_overrides_shows_all_that_are_pinned(call, pinned):
    """A read shows them only when asked."""
    overrides = {"company": True, "attributes": {"custom": {"plan": True}}}
    path = f"/customers/{pinned['uuid']}"
    assert pinned["overrides"] == overrides
    assert "overrides" not in call("GET", path).json
    assert "overrides" not in call.patch(pinned, name="B").json
    assert call("GET", path, with_overrides="true").json["overrides"] == overrides
    more = call.patch(pinned, overrides={"name": True}).json
    assert more["overrides"] == {**overrides, "name": True}
    listed = call("GET", "/customers", with_overrides="true").json["entries"]
    assert [one["overrides"] for one in listed] == [{**overrides, "name": True}]
    found = call("GET", f"{path}/attributes", with_overrides="true").json
    assert found["overrides"] == {"custom": {"plan": True}}


def test_false_frees(call, pinned):
    """What is freed can be written plainly again."""
    call.patch(pinned, overrides={"company": False})
    assert call.patch(pinned, company="Other").json["company"] == "Other"
    shown = call("GET", f"/customers/{pinned['uuid']}", with_overrides="true").json
    assert shown["overrides"] == {"attributes": {"custom": {"plan": True}}}


@pytest.mark.parametrize("pins", [True, False])
def test_a_write_with_overrides_replaces(call, pinned, pins):
    """Whether it pins or frees the value."""
    changed = call.patch(pinned, company="Other", overrides={"company": pins}).json
    assert changed["company"] == "Other"
    assert ("company" in changed["overrides"]) == pins


def test_a_plain_write_to_a_pinned_value_is_ignored(call, pinned):
    """With a 200; what is not pinned is written."""
    answer = call.patch(pinned, company="Other", name="B", attributes={"custom": {"plan": "X"}})
    shown = answer.json
    assert (answer.status, shown["company"], shown["name"]) == (200, "Acme", "B")
    assert shown["attributes"]["custom"] == {"plan": "Gold"}


@pytest.mark.parametrize(
    ("more", "status"), [({}, 304), ({"name": "A"}, 304), ({"name": "B"}, 200)]
)
def test_it_may_be_ignored_with_a_304(call, pinned, more, status):
    """Where nothing else changes."""
    call.set(pinned_writes="not_modified")
    answer = call.patch(pinned, company="Other", **more)
    assert (answer.status, bool(answer.body)) == (status, status == 200)
    assert call("GET", f"/customers/{pinned['uuid']}").json["company"] == "Acme"


def test_nothing_pinned_is_no_304(call, pinned):
    """A write of the very value that is pinned asks for no change of it."""
    call.set(pinned_writes="not_modified")
    assert call.patch(pinned, company="Acme").status == 200


def test_it_may_replace(call, pinned):
    """And the value stays pinned."""
    call.set(pinned_writes="replaced")
    assert call.patch(pinned, company="Other").json["company"] == "Other"
    shown = call("GET", f"/customers/{pinned['uuid']}", with_overrides="true").json
    assert shown["overrides"]["company"] is True


def test_it_may_be_refused(call, pinned):
    """422, and nothing of the request is done; the same value again is none."""
    call.set(pinned_writes="refused")
    answer = call.patch(pinned, company="Other", name="B")
    assert (answer.status, answer.json["param"]) == (422, "company")
    assert call("GET", f"/customers/{pinned['uuid']}").json["name"] == "A"
    assert call.patch(pinned, company="Acme", name="B").status == 200


@pytest.mark.parametrize(
    ("policy", "status", "plan"),
    [("ignored", 200, "Gold"), ("not_modified", 304, "Gold"), ("replaced", 200, "X"),
     ("refused", 422, "Gold")],
)  # fmt: skip
@pytest.mark.parametrize(
    ("method", "custom"),
    [("POST", [{"type": "String", "key": "plan", "value": "X"}]), ("PUT", {"plan": "X"})],
)
def test_calls_on_attributes_heed_pins(call, pinned, policy, status, plan, method, custom):
    """POST and PUT, in all four ways."""
    call.set(pinned_writes=policy)
    path = f"/customers/{pinned['uuid']}/attributes"
    assert call(method, f"{path}/custom", {"custom": custom}).status == status
    assert call("GET", path).json["custom"] == {"plan": plan}


def test_a_refused_attribute_locks_no_type(call, pinned, sandbox):
    """The request defined another one beside it."""
    call.set(pinned_writes="refused")
    custom = [{"type": "Integer", "key": "new", "value": 1},
              {"type": "String", "key": "plan", "value": "X"}]  # fmt: skip
    for path, more in ((f"/customers/{pinned['uuid']}", {}), ("/customers", {"email": "a@b.co"})):
        call.patch(pinned, email="a@b.co")
        sent = {"custom": custom, **more}
        assert call("POST", f"{path}/attributes/custom", sent).status == 422
    assert sandbox.world.types == {"plan": "String"}


def test_overrides_of_attributes_pin_and_replace(call, pinned):
    """On POST, PUT and the call by e-mail; the short object shows them too."""
    path = f"/customers/{pinned['uuid']}/attributes/custom"
    sent = {"custom": {"plan": "X"}, "overrides": {"custom": {"plan": True}}}
    assert call("PUT", path, sent).json == {
        "custom": {"plan": "X"}, "overrides": {"custom": {"plan": True}},
    }  # fmt: skip
    call.patch(pinned, email="a@example.com")
    custom = [{"type": "String", "key": "plan", "value": "Y"}]
    by_email = {"email": "a@example.com", "custom": custom, "overrides": {"custom": {"plan": True}}}
    (entry,) = call("POST", "/customers/attributes/custom", by_email).json["entries"]
    assert entry["attributes"]["custom"] == {"plan": "Y"}
    assert entry["overrides"] == {"company": True, "attributes": {"custom": {"plan": True}}}


def test_a_pinned_attribute_goes_only_with_overrides(call, pinned):
    """Our choice; a DELETE shows what stays pinned."""
    path = f"/customers/{pinned['uuid']}/attributes/custom"
    assert call("DELETE", path, {"custom": ["plan"]}).json["custom"] == {"plan": "Gold"}
    sent = {"custom": ["plan"], "overrides": {"custom": {"plan": False}}}
    assert call("DELETE", path, sent).json == {
        "overrides": {}, "message": "Custom attributes deleted from customer",
    }  # fmt: skip


def test_contacts_have_pins_too(call, contact):
    """Shown on the write, and on reads that ask."""
    path = f"/contacts/{contact['uuid']}"
    assert contact["overrides"] == {"title": True}
    assert "overrides" not in call("GET", path).json
    assert call("PATCH", path, {"title": "CEO"}).json["title"] == "CTO"
    custom = [{"key": "role", "value": "buyer"}]
    sent = {
        "title": "CEO",
        "custom": custom,
        "overrides": {"title": True, "custom": {"role": True}},
    }
    changed = call("PATCH", path, sent).json
    assert (changed["title"], changed["overrides"]) == (
        "CEO",
        {"title": True, "custom": {"role": True}},
    )
    other = call("PATCH", path, {"custom": [{"key": "role", "value": "boss"}]}).json
    assert other["custom"] == {"role": "buyer"}
    listed = call("GET", "/contacts", with_overrides="true").json["entries"]
    assert [one["overrides"] for one in listed] == [changed["overrides"]]
    call.set(pinned_writes="not_modified")
    assert call("PATCH", path, {"title": "CFO"}).status == 304


@pytest.mark.parametrize(
    "wrong",
    ["company", [], {"company": 1}, {"company": None}, {"attributes": True},
     {"attributes": {"custom": []}}, {"custom": {"plan": "x"}}, None],
)  # fmt: skip
def test_malformed_overrides_are_a_400(call, wrong):
    """On every call that takes them."""
    made = call.create()
    contact = call.contact(made)
    for method, path in (
        ("PATCH", f"/customers/{made['uuid']}"),
        ("PATCH", f"/contacts/{contact['uuid']}"),
        ("POST", f"/customers/{made['uuid']}/attributes/custom"),
        ("DELETE", f"/customers/{made['uuid']}/attributes/custom"),
    ):
        answer = call(method, path, {"custom": [], "overrides": wrong})
        assert (answer.status, answer.json["param"]) == (400, "overrides")


def test_overrides_of_what_is_not_there_are_ignored(call):
    """In silence: ids, tags, and names that nobody knows."""
    made = call.create(overrides={"colour": True, "id": True, "tags": True, "name": True})
    assert made["overrides"] == {"name": True}


def test_history_tells_who_wrote_last(call, pinned, clock):
    """The newest first, down to nothing; for fields and attributes, in one read or in lists."""
    clock.now += 60
    call.patch(pinned, company="Other", overrides={"company": True})
    paths = {"attributes_with_history": "company,custom.plan,city,nonsense,custom.none"}
    shown = call("GET", f"/customers/{pinned['uuid']}", **paths).json["historical_values"]
    nothing = {
        "value": None, "update_performed_at": None, "update_performed_by": None, "initial": True,
    }  # fmt: skip

    def written(value, at):
        return {"value": value, "update_performed_at": at, "update_performed_by": "API",
                "initial": False}  # fmt: skip

    assert shown == {
        "company": [written("Other", "2026-02-02T02:41:00Z"), written("Acme", "2026-02-02T02:40:00Z"),
                    nothing],
        "custom": {"plan": [written("Gold", "2026-02-02T02:40:00Z"), nothing], "none": [nothing]},
        "city": [nothing],
    }  # fmt: skip
    listed = call("GET", "/customers", **paths).json["entries"]
    assert [one["historical_values"] for one in listed] == [shown]
    of_attributes = call(
        "GET", f"/customers/{pinned['uuid']}/attributes", attributes_with_history="custom.plan"
    ).json
    assert of_attributes["historical_values"] == {"custom": {"plan": shown["custom"]["plan"]}}


def test_history_of_a_contact(call, contact, clock):
    """A removed value is a change like any other."""
    clock.now += 60
    path = f"/contacts/{contact['uuid']}"
    call("PATCH", path, {"title": None, "overrides": {"title": False}})
    shown = call("GET", path, attributes_with_history="title").json["historical_values"]["title"]
    assert [one["value"] for one in shown] == [None, "CTO", None]
    assert [one["initial"] for one in shown] == [False, False, True]


def test_history_has_an_end(call, sandbox):
    """Twenty changes are remembered."""
    made = call.create(name="0")
    for number in range(1, 30):
        call.patch(made, name=str(number))
    (customer,) = sandbox.world.customers.values()
    assert len(customer.past) == 20
    assert isinstance(customer, Customer)
