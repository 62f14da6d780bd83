"""304 without a body, the answer to an update that changes nothing."""

import pytest

from sync.sandbox.sandbox import DATA_SOURCE

CUSTOM = [{"type": "Integer", "key": "x", "value": 1}]


@pytest.fixture
def made(call):
    return call.create(
        name="A", email="a@example.com", country="DE", lead_created_at="2024-01-01",
        attributes={"custom": CUSTOM, "tags": ["t"]},
    )  # fmt: skip


SAME = [
    {"name": "A"},
    {},
    {"lead_created_at": "2024-01-01T01:00:00+01:00"},
    {"attributes": {"custom": {"x": 1}, "tags": ["t"]}},
    {"owner": "nobody@example.com"},
    {"state": "NY"},
    {"attributes": {"custom": {"undefined": 1}}},
    {"external_id": "other", "data_source_uuid": "ds_other", "colour": "red"},
    {"city": None},
    {"company": ""},
]


@pytest.mark.parametrize("sent", SAME)
def test_it_is_never_sent_unless_asked_for(call, made, sent):
    """Every update answers the whole object."""
    answer = call.patch(made, **sent)
    assert (answer.status, answer.json) == (200, made)


@pytest.mark.parametrize("sent", SAME)
def test_a_customer_that_does_not_change(call, made, sent):
    """The same values, or values that are all dropped: no body, no type, no Location."""
    call.set(not_modified="nothing_changed")
    answer = call.patch(made, **sent)
    assert (answer.status, answer.body, dict(answer.headers)) == (304, b"", {})
    assert made == call("GET", f"/customers/{made['uuid']}").json


@pytest.mark.parametrize(
    "sent",
    [{"name": "B"}, {"name": "A", "city": "X"}, {"attributes": {"tags": ["u"]}},
     {"attributes": {"custom": {"x": 2}}}, {"overrides": {"name": True}}],
)  # fmt: skip
def test_a_customer_that_changes(call, made, sent):
    """One change is enough, also of what is pinned."""
    call.set(not_modified="nothing_changed")
    assert call.patch(made, **sent).status == 200


def test_a_pinned_value_does_not_change(call, made):
    """Where all that was sent is pinned."""
    call.set(not_modified="nothing_changed")
    call.patch(made, overrides={"name": True})
    assert call.patch(made, name="B").status == 304
    assert call.patch(made, name="B", city="X").json["name"] == "A"


def test_a_contact_that_does_not_change(call, made):
    """The same, with dropped attributes and a customer that cannot be changed."""
    call.set(not_modified="nothing_changed")
    contact = call.contact(made, title="CEO", custom=[{"key": "role", "value": "x"}])
    path = f"/contacts/{contact['uuid']}"
    for sent in (
        {"title": "CEO"},
        {"custom": [{"key": "role", "value": "x"}, {"key": "undefined", "value": "x"}]},
        {"customer_uuid": "cus_x", "phone": None, "last_name": ""},
    ):
        answer = call("PATCH", path, sent)
        assert (answer.status, answer.body) == (304, b"")
    assert call("PATCH", path, {"title": "CFO"}).status == 200
    assert call("PATCH", path, {"custom": [{"key": "role", "value": "y"}]}).status == 200


def test_creates_and_refusals_are_no_304(call, made):
    """A repeated create is a 422, a bad field too."""
    call.set(not_modified="nothing_changed", attributes_not_modified="nothing_changed")
    sent = {"data_source_uuid": DATA_SOURCE, "external_id": "c1", "name": "A"}
    assert call("POST", "/customers", sent).status == 422
    assert call.patch(made, email="nope").status == 422


@pytest.mark.parametrize("switch", ["never", "nothing_changed"])
def test_attributes_and_tags_have_a_switch_of_their_own(call, made, switch):
    """POST and PUT of attributes, POST of tags; a change is a 200."""
    call.set(attributes_not_modified=switch)
    path = f"/customers/{made['uuid']}/attributes"
    wanted = 304 if switch == "nothing_changed" else 200
    same = [
        ("POST", "/custom", {"custom": CUSTOM}),
        ("PUT", "/custom", {"custom": {"x": 1}}),
        ("PUT", "/custom", {"custom": {"undefined": 1}}),
        ("POST", "/tags", {"tags": ["t"]}),
    ]
    for method, end, sent in same:
        answer = call(method, path + end, sent)
        assert (answer.status, answer.body == b"") == (wanted, wanted == 304)
    assert call("POST", f"{path}/tags", {"tags": ["u"]}).json == {"tags": ["t", "u"]}
    assert call("PUT", f"{path}/custom", {"custom": {"x": 2}}).json == {"custom": {"x": 2}}
    assert call.patch(made, name="A").status == 200


@pytest.mark.parametrize(("before", "after"), [(1, True), (True, 1), (0, False), ("1", 1)])
def test_values_of_other_kinds_are_changes(call, made, before, after):
    """Of contacts, whose attributes have no types."""
    call.set(not_modified="nothing_changed")
    contact = call.contact(made, custom=[{"key": "role", "value": before}])
    sent = {"custom": [{"key": "role", "value": after}]}
    assert call("PATCH", f"/contacts/{contact['uuid']}", sent).status == 200
