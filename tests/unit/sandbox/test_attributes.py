"""Custom attributes are typed, locked for the whole account, and lose `false` in PATCH."""

from decimal import Decimal

import pytest


def typed(kind, value, key="x"):
    """One attribute as POST wants it."""
    return {"type": kind, "key": key, "value": value}


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("String", "ä" * 255, "ä" * 255),
        ("Integer", 2**60, 2**60),
        ("Decimal", Decimal("12.340"), Decimal("12.340")),
        ("Decimal", Decimal("0.1234567890123456789"), Decimal("0.1234567890123456789")),
        ("Decimal", 7, 7),
        ("Timestamp", "2016-01-31 00:00:00 UTC", "2016-01-31T00:00:00.000Z"),
        ("Boolean", False, False),
        ("Boolean", "t", True),
        ("Boolean", 0, False),
    ],
)
def test_values_are_kept_exactly(call, kind, value, stored):
    """Decimals with every digit, times in one form, `false` too."""
    made = call.create()
    answer = call(
        "POST", f"/customers/{made['uuid']}/attributes/custom", {"custom": [typed(kind, value)]}
    )
    assert (200, {"custom": {"x": stored}}) == (answer.status, answer.json)
    assert type(stored) is type(answer.json["custom"]["x"])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", "ä" * 256), ("String", 5), ("String", None), ("String", ["a"]),
        ("Integer", "5"), ("Integer", True), ("Integer", Decimal("5.0")),
        ("Decimal", "1.5"), ("Decimal", False),
        ("Timestamp", "soon"), ("Timestamp", 1454198400),
        ("Boolean", "maybe"), ("Boolean", 2), ("Boolean", None),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(call, sandbox, kind, value):
    """422, nothing is set and no type is locked."""
    made = call.create()
    sent = {"custom": [typed("Integer", 1, "fine"), typed(kind, value)]}
    answer = call("POST", f"/customers/{made['uuid']}/attributes/custom", sent)
    assert (answer.status, answer.json["param"]) == (422, "custom[0][value]")
    assert sandbox.world.types == {}
    assert made == call("GET", f"/customers/{made['uuid']}").json


def test_a_type_is_locked_for_the_whole_account(call):
    """Another customer cannot give the key another type; the whole request is refused."""
    first, second = call.create("a"), call.create("b")
    call("POST", f"/customers/{first['uuid']}/attributes/custom", {"custom": [typed("String", "")]})
    sent = {"custom": [typed("Integer", 1, "y"), typed("Integer", 1)]}
    answer = call("POST", f"/customers/{second['uuid']}/attributes/custom", sent)
    assert (answer.status, answer.json["param"]) == (422, "custom[0][type]")
    assert call("GET", f"/customers/{second['uuid']}/attributes").json["custom"] == {}


def test_a_type_stays_locked_when_no_customer_has_the_attribute(call):
    """Deleting the value does not delete the definition."""
    made = call.create(attributes={"custom": [typed("String", "a")]})
    path = f"/customers/{made['uuid']}/attributes/custom"
    removed = call("DELETE", path, {"custom": ["x", "unknown"]})
    message = {"message": "Custom attributes deleted from customer"}
    assert (removed.status, removed.json) == (202, message)
    assert call("POST", path, {"custom": [typed("Integer", 1)]}).status == 422


def test_one_request_cannot_give_a_key_two_types(call):
    """The conflict is inside the request."""
    made = call.create()
    sent = {"custom": [typed("String", "a"), typed("Integer", 1)]}
    assert call("POST", f"/customers/{made['uuid']}/attributes/custom", sent).status == 422


@pytest.mark.parametrize(
    ("custom", "param"),
    [
        ([typed("Integer", 1, "a"), typed("Date", "2020-01-01")], "custom[0][type]"),
        ([typed("integer", 1)], "custom[0][type]"),
        ([{"key": "x", "value": 1}], "custom[0][type]"),
        ([typed("Integer", 1, "with space")], "custom[0][key]"),
        ([typed("Integer", 1, "")], "custom[0][key]"),
        ([{"type": "Integer", "key": "x"}], "custom[0][value]"),
        (["x"], "custom"),
        ({"x": 1}, "custom"),
        (None, "custom"),
    ],
)
def test_a_malformed_attribute_is_a_400(call, custom, param):
    """The index is always 0, whichever is the bad one."""
    made = call.create()
    answer = call("POST", f"/customers/{made['uuid']}/attributes/custom", {"custom": custom})
    assert (400, param) == (answer.status, answer.json["param"])


def test_a_body_without_custom_is_a_400(call):
    """For POST and PUT alike."""
    made = call.create()
    path = f"/customers/{made['uuid']}/attributes/custom"
    assert [call(method, path, {}).status for method in ("POST", "PUT")] == [400, 400]


def test_patch_drops_false(call):
    """`true` is applied, `false` is not, in both forms, with a 200."""
    made = call.create(attributes={"custom": [typed("Boolean", True)]})
    for custom in ({"x": False}, {"x": {"value": False}}, [typed("Boolean", False)]):
        answer = call.patch(made, attributes={"custom": custom})
        assert (answer.status, answer.json["attributes"]["custom"]) == (200, {"x": True})


def test_put_applies_false(call):
    """So does POST."""
    made = call.create(attributes={"custom": [typed("Boolean", True)]})
    answer = call("PUT", f"/customers/{made['uuid']}/attributes/custom", {"custom": {"x": False}})
    assert answer.json == {"custom": {"x": False}}


def test_patch_merges_key_by_key(call):
    """Attributes that are not sent are kept; {value, source} is a value."""
    call.create("a", attributes={"custom": [typed("Integer", 1, "x"), typed("Integer", 2, "y")]})
    made = call.create("b", attributes={"custom": [typed("Integer", 1, "x")]})
    custom = {"y": {"value": 3, "source": "sync"}}
    answer = call.patch(made, attributes={"custom": custom}).json
    assert answer["attributes"]["custom"] == {"x": 1, "y": 3}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_the_object_form_needs_a_definition(call, sandbox, method):
    """An unknown key is dropped in silence and locks nothing."""
    made = call.create()
    if method == "PATCH":
        answer = call.patch(made, attributes={"custom": {"new": 1}})
    else:
        answer = call("PUT", f"/customers/{made['uuid']}/attributes/custom", {"custom": {"new": 1}})
    assert answer.status == 200
    assert sandbox.world.types == {}
    assert call("GET", f"/customers/{made['uuid']}/attributes").json["custom"] == {}


def test_the_object_form_is_checked_too(call):
    """A value of another type refuses the whole PATCH."""
    made = call.create(name="One", attributes={"custom": [typed("Integer", 1)]})
    answer = call.patch(made, name="Two", attributes={"custom": {"x": "one"}})
    assert answer.status == 422
    assert made == call("GET", f"/customers/{made['uuid']}").json


def test_patch_takes_the_typed_list(call, sandbox):
    """It defines what is new, as POST does."""
    made = call.create()
    answer = call.patch(made, attributes={"custom": [typed("Decimal", Decimal("1.50"))]})
    assert answer.json["attributes"]["custom"] == {"x": Decimal("1.50")}
    assert b'"x": 1.50' in answer.body
    assert sandbox.world.types == {"x": "Decimal"}


@pytest.mark.parametrize("attributes", [[], {"custom": 5}, {"tags": "a"}, {"tags": [1]}])
def test_malformed_attributes_are_a_400(call, attributes):
    """Whatever they should be."""
    made = call.create()
    assert call.patch(made, attributes=attributes).status == 400


def test_tags_are_added_once_and_removed(call):
    """Each call answers all that are left."""
    made = call.create(attributes={"tags": ["a"]})
    path = f"/customers/{made['uuid']}/attributes/tags"
    assert call("POST", path, {"tags": ["b", "a"]}).json == {"tags": ["a", "b"]}
    assert call("DELETE", path, {"tags": ["a", "c"]}).json == {"tags": ["b"]}
    assert call("GET", path.removesuffix("/tags")).json == {"tags": ["b"], "custom": {}}
    call.set(generation="2025")
    assert call("GET", path.removesuffix("/tags")).json == {
        "tags": ["b"], "stripe": {}, "custom": {},
    }  # fmt: skip


@pytest.mark.parametrize(("tags", "status"), [(None, 400), ("a", 400), ([""], 400), ([], 200)])
def test_tags_are_a_list_of_texts(call, tags, status):
    """Anything else is a 400."""
    made = call.create()
    assert (
        call("POST", f"/customers/{made['uuid']}/attributes/tags", {"tags": tags}).status == status
    )


def test_by_email_every_customer_is_changed(call):
    """Both customers with the address, not the third; nobody is a 404."""
    call.create("a", email="x@example.com")
    call.create("b", email="x@example.com")
    other = call.create("c", email="y@example.com")
    sent = {"email": "x@example.com", "custom": [typed("Integer", 1)]}
    changed = call("POST", "/customers/attributes/custom", sent).json["entries"]
    assert [one["attributes"]["custom"] for one in changed] == [{"x": 1}, {"x": 1}]
    tagged = call("POST", "/customers/attributes/tags", {"email": "x@example.com", "tags": ["t"]})
    assert [one["attributes"]["tags"] for one in tagged.json["entries"]] == [["t"], ["t"]]
    assert other == call("GET", f"/customers/{other['uuid']}").json
    nobody = {"email": "z@example.com", "tags": ["t"]}
    assert call("POST", "/customers/attributes/tags", nobody).status == 404
    assert call("POST", "/customers/attributes/tags", {"tags": ["t"]}).status == 400
