"""Every 4xx that the sandbox knows, with its condition: what is refused, where, and in which shape."""

from decimal import Decimal

import pytest

from sync.sandbox.sandbox import DATA_SOURCE

FUTURE = "2999-01-01"
BEFORE = {"lead_created_at": "2024-02-02", "free_trial_started_at": "2024-02-01"}
NOT_AN_EMAIL = "The value provided does not appear to be a valid email address."
NOT_A_TEXT = "The value provided is not a string."
NOT_A_TIME = "The value provided is not a valid date and time."
NO_COUNTRY = "The country is not an ISO 3166-1 alpha-2 code."

FIELDS = [
    *((name, 5, NOT_A_TEXT) for name in (
        "name", "company", "email", "country", "state", "city", "zip", "website_url", "owner",
        "lead_created_at", "free_trial_started_at",
    )),
    ("name", True, NOT_A_TEXT),
    ("city", ["x"], NOT_A_TEXT),
    *(("email", wrong, NOT_AN_EMAIL) for wrong in (
        "nope", "a@b", "a b@c.de", "a@b@c.de", "@c.de", "a@", "a@.de", "a@c.", "a@c..de", "a@b.co\n",
    )),
    *(("country", wrong, NO_COUNTRY) for wrong in ("de", "DEU", "D", "XX", "UK", "Germany", "D1")),
    *((name, wrong, NOT_A_TIME) for name in ("lead_created_at", "free_trial_started_at")
      for wrong in ("soon", "2024-13-01", "1704067200", "0001-01-01T00:00:00+23:59")),
    ("lead_created_at", FUTURE, "The date cannot be in the future."),
    ("free_trial_started_at", FUTURE, "The date cannot be in the future."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wrong", "message"), FIELDS)
def test_a_bad_field_of_a_customer_is_a_422(call, name, wrong, message):
    """Shape b on create, with all bad fields; shape a on change, with the first."""
    sent = {"data_source_uuid": DATA_SOURCE, "external_id": "new", name: wrong}
    created = call("POST", "/customers", sent)
    assert (created.status, created.json) == (422, {"errors": {name: message}})
    changed = call.patch(call.create(), **{name: wrong})
    assert (changed.status, changed.json) == (422, {"code": 422, "message": message, "param": name})


def test_a_trial_before_its_lead_is_a_422(call):
    """Also where the lead is there already; the same moment is none."""
    message = "The trial cannot start before the lead."
    created = call("POST", "/customers", {
        "data_source_uuid": DATA_SOURCE, "external_id": "new", **BEFORE,
    })  # fmt: skip
    assert created.json == {"errors": {"free_trial_started_at": message}}
    made = call.create(lead_created_at="2024-02-02")
    changed = call.patch(made, free_trial_started_at="2024-02-01T23:59:59Z")
    assert (changed.status, changed.json["message"]) == (422, message)
    assert call.patch(made, free_trial_started_at="2024-02-02").status == 200


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({}, {"external_id": "A unique external ID is required for each customer.",
              "data_source_uuid": "A valid data source UUID is required for each customer."}),
        ({"data_source_uuid": DATA_SOURCE, "external_id": None},
         {"external_id": "A unique external ID is required for each customer."}),
        ({"data_source_uuid": "ds_00000000-0000-4000-8000-00000000dead", "external_id": "a"},
         {"data_source_uuid": "A valid data source UUID is required for each customer."}),
        ({"data_source_uuid": DATA_SOURCE, "external_id": "taken"},
         {"external_id": "The external ID for this customer already exists in our system."}),
    ],
)  # fmt: skip
def test_a_create_without_a_free_place_is_a_422(call, sent, errors):
    """Shape b: no id, no source, a taken id."""
    call.create("taken")
    answer = call("POST", "/customers", sent)
    assert (answer.status, answer.json) == (422, {"errors": errors})


@pytest.mark.parametrize("name", [None, "", "missing"])
def test_a_name_may_be_required(call, name):
    """By a setting, as in 2016."""
    call.set(name_required=True)
    sent = {"data_source_uuid": DATA_SOURCE, "external_id": "a", "name": name}
    if name == "missing":
        del sent["name"]
    answer = call("POST", "/customers", sent)
    assert answer.json == {"errors": {"name": "A name is required for each customer."}}


@pytest.mark.parametrize(
    "wrong", ["Active", "Past Due", "Cancelled", "new lead", "Lead", "", 5, []]
)
def test_a_status_that_cannot_be_set_is_a_400(call, wrong):
    """Computed, unknown, of other case, no text."""
    sent = {"data_source_uuid": DATA_SOURCE, "external_id": "new", "status": wrong}
    for answer in (call("POST", "/customers", sent), call.patch(call.create(), status=wrong)):
        message = 'Parameter "status" does not have a valid value'
        assert (answer.status, answer.json["message"]) == (400, message)


ATTRIBUTES = [
    (400, "custom[0][type]", {"type": "Date", "key": "x", "value": "2024-01-01"}),
    (400, "custom[0][type]", {"type": "string", "key": "x", "value": "a"}),
    (400, "custom[0][type]", {"type": "Number", "key": "x", "value": 1}),
    (400, "custom[0][type]", {"type": None, "key": "x", "value": 1}),
    (400, "custom[0][type]", {"type": ["String"], "key": "x", "value": 1}),
    (400, "custom[0][type]", {"key": "x", "value": 1}),
    (400, "custom[0][key]", {"type": "String", "value": "a"}),
    (400, "custom[0][key]", {"type": "String", "key": "a b", "value": "a"}),
    (400, "custom[0][key]", {"type": "String", "key": "", "value": "a"}),
    (400, "custom[0][key]", {"type": "String", "key": "ä", "value": "a"}),
    (400, "custom[0][key]", {"type": "String", "key": 5, "value": "a"}),
    (400, "custom[0][key]", {"type": "String", "key": [], "value": "a"}),
    (400, "custom[0][key]", {"type": "String", "key": "a\n", "value": "a"}),
    (400, "custom[0][value]", {"type": "String", "key": "x"}),
    (400, "custom", 5),
    (422, "custom[0][type]", {"type": "String", "key": "locked", "value": "a"}),
    (422, "custom[0][value]", {"type": "String", "key": "x", "value": "a" * 256}),
    (422, "custom[0][value]", {"type": "String", "key": "x", "value": 5}),
    (422, "custom[0][value]", {"type": "String", "key": "x", "value": None}),
    (422, "custom[0][value]", {"type": "Integer", "key": "x", "value": Decimal("1.5")}),
    (422, "custom[0][value]", {"type": "Integer", "key": "x", "value": "1"}),
    (422, "custom[0][value]", {"type": "Decimal", "key": "x", "value": "1.5"}),
    (422, "custom[0][value]", {"type": "Timestamp", "key": "x", "value": "soon"}),
    (422, "custom[0][value]", {"type": "Timestamp", "key": "x", "value": 1704067200}),
    (422, "custom[0][value]", {"type": "Boolean", "key": "x", "value": "yes"}),
]


@pytest.mark.parametrize(("status", "param", "wrong"), ATTRIBUTES)
def test_a_bad_attribute_is_a_400_or_a_422(call, sandbox, status, param, wrong):
    """On its own, in a create, in a change, and by e-mail; nothing else is done."""
    made = call.create("a", email="a@example.com", attributes={
        "custom": [{"type": "Integer", "key": "locked", "value": 1}],
    })  # fmt: skip
    inside = {"attributes": {"custom": [wrong]}}
    for answer in (
        call("POST", f"/customers/{made['uuid']}/attributes/custom", {"custom": [wrong]}),
        call("POST", "/customers/attributes/custom", {"email": "a@example.com", "custom": [wrong]}),
        call("POST", "/customers", {"data_source_uuid": DATA_SOURCE, "external_id": "b", **inside}),
        call.patch(made, **inside),
    ):
        assert (answer.status, answer.json["param"]) == (status, param)
    assert (sandbox.world.types, len(sandbox.world.customers)) == ({"locked": "Integer"}, 1)
    assert made == call("GET", f"/customers/{made['uuid']}").json


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "param"),
    [
        ("POST", "/data_sources", {}, 400, "name"),
        ("POST", "/customers/{}/attributes/custom", {}, 400, "custom"),
        ("PUT", "/customers/{}/attributes/custom", {}, 400, "custom"),
        ("PUT", "/customers/{}/attributes/custom", {"custom": []}, 400, "custom"),
        ("PUT", "/customers/{}/attributes/custom", {"custom": {"locked": "x"}}, 422,
         "custom[0][value]"),
        ("DELETE", "/customers/{}/attributes/custom", {}, 400, "custom"),
        ("DELETE", "/customers/{}/attributes/custom", {"custom": {"locked": 1}}, 400, "custom"),
        ("DELETE", "/customers/{}/attributes/custom", {"custom": [5]}, 400, "custom"),
        ("POST", "/customers/{}/attributes/tags", {}, 400, "tags"),
        ("POST", "/customers/{}/attributes/tags", {"tags": "a"}, 400, "tags"),
        ("DELETE", "/customers/{}/attributes/tags", {"tags": [5]}, 400, "tags"),
        ("POST", "/customers/attributes/custom", {"custom": []}, 400, "email"),
        ("POST", "/customers/attributes/tags", {"tags": [], "email": 5}, 400, "email"),
        ("POST", "/customers/attributes/tags", {"tags": [], "email": "x@y.zz"}, 404, "email"),
        ("PATCH", "/customers/{}", {"attributes": 5}, 400, "attributes"),
        ("PATCH", "/customers/{}", {"attributes": {"tags": 5}}, 400, "attributes[tags]"),
        ("PATCH", "/customers/{}", {"attributes": {"custom": 5}}, 400, "custom"),
        ("PATCH", "/customers/{}", {"attributes": {"custom": {"locked": "x"}}}, 422,
         "custom[0][value]"),
        ("GET", "/customers/search", None, 400, "email"),
        ("GET", "/customers/search?email=x@y.zz", None, 404, "email"),
        ("GET", "/customers?status=Lead", None, 400, "status"),
        ("GET", "/customers?per_page=0", None, 400, "per_page"),
        ("GET", "/customers?cursor=x", None, 400, "cursor"),
        ("GET", "/contacts?cursor=x", None, 400, "cursor"),
        ("GET", "/data_sources?page=1", None, 400, "page"),
        ("GET", "/customers/cus_12", None, 404, "customer_id"),
        ("PATCH", "/customers/cus_12", {}, 404, "customer_id"),
        ("GET", "/contacts/con_12", None, 404, "contact_uuid"),
        ("PATCH", "/contacts/con_12", {}, 404, "contact_uuid"),
        ("DELETE", "/contacts/con_12", None, 404, "contact_uuid"),
        ("POST", "/customers/merges", {}, 400, "from"),
        ("POST", "/customers/merges", {"from": 5}, 400, "from"),
        ("POST", "/customers/unmerges", {}, 400, "customer_uuid"),
    ],
)  # fmt: skip
def test_a_call_that_lacks_something(call, method, path, sent, status, param):
    """400 where a parameter is missing or malformed, 404 where nothing is there."""
    custom = [{"type": "Integer", "key": "locked", "value": 1}]
    made = call.create(attributes={"custom": custom})
    path, _, text = path.format(made["uuid"]).partition("?")
    query = dict(pair.split("=") for pair in text.split("&") if pair)
    answer = call(method, path, sent, **query)
    assert (answer.status, answer.json["param"]) == (status, param)


CONTACTS = [
    *((422, name, {name: 5}) for name in (
        "first_name", "last_name", "title", "email", "phone", "linked_in", "twitter", "notes",
        "external_id",
    )),
    (422, "email", {"email": "nope"}),
    (422, "last_seen", {"last_seen": "soon"}),
    (422, "last_active_at", {"last_active_at": 5}),
    (400, "position", {"position": "1"}),
    (400, "position", {"position": True}),
    (400, "position", {"position": 2**31}),
    (400, "custom", {"custom": {"role": "x"}}),
    (400, "custom", {"custom": [5]}),
    (400, "custom", {"custom": [{"key": "role"}]}),
    (400, "custom", {"custom": [{"key": [], "value": 1}]}),
    (400, "overrides", {"overrides": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "param", "wrong"), CONTACTS)
def test_a_bad_contact_is_a_400_or_a_422(call, sandbox, status, param, wrong):
    """On create with and without a customer, below one, and on change."""
    made = call.create()
    contact = call.contact(made)
    links = {"customer_uuid": made["uuid"], "data_source_uuid": DATA_SOURCE}
    for answer in (
        call("POST", "/contacts", {**links, **wrong}),
        call("POST", "/contacts", wrong),
        call(
            "POST",
            f"/customers/{made['uuid']}/contacts",
            {"data_source_uuid": DATA_SOURCE, **wrong},
        ),
        call("PATCH", f"/contacts/{contact['uuid']}", wrong),
    ):
        assert (answer.status, answer.json["param"]) == (status, param)
    assert len(sandbox.world.contacts) == 1


@pytest.mark.parametrize(
    ("links", "status", "param"),
    [
        ({"customer_uuid": "cus_12", "data_source_uuid": DATA_SOURCE}, 422, "customer_uuid"),
        ({"customer_uuid": 5, "data_source_uuid": DATA_SOURCE}, 400, "customer_uuid"),
        ({"customer_uuid": "ours"}, 400, "data_source_uuid"),
        ({"customer_uuid": "ours", "data_source_uuid": 5}, 400, "data_source_uuid"),
        ({"customer_uuid": "ours", "data_source_uuid": "ds_12"}, 422, "data_source_uuid"),
        ({"data_source_uuid": "ds_12"}, 422, "data_source_uuid"),
    ],
)
def test_a_contact_of_a_stranger_is_a_400_or_a_422(call, links, status, param):
    """A customer or a data source that is not there, or not its."""
    ours = call.create()["uuid"]
    sent = {name: ours if value == "ours" else value for name, value in links.items()}
    answer = call("POST", "/contacts", sent)
    assert (answer.status, answer.json["param"]) == (status, param)


@pytest.mark.parametrize("path", ["/customers", "/customers/search", "/contacts"])
def test_a_page_number_may_be_refused(call, path):
    """By a setting: as recorded it is answered, or ignored."""
    call.set(page_number="refused")
    answer = call("GET", path, page="1", email="a@example.com")
    assert answer.json == {
        "code": 400,
        "message": 'Parameter "page" is deprecated',
        "param": "page",
    }


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"text"', b"5", b"\xff", b"NaN", b'{"x": NaN}', b'{"x": -Infinity}',
     b'{"name": "\\ud800"}', b'{"x": 1E9999999999999999999}', b'{"x": ' + b"9" * 5_000 + b"}",
     b"[" * 100_000, b'{"x": ' + b"[" * 200 + b"]" * 200 + b"}"],
    ids=range(13),
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/contacts", "/v1/data_sources"])
def test_a_body_that_is_no_json_object_is_a_400(call, sandbox, path, body):
    """Nor what no answer could show again: half a character, numbers and nesting beyond bounds."""
    headers = call.headers
    answer = sandbox.answer("POST", path, {}, headers, body)
    assert (answer.status, answer.json["param"]) == (400, None)
    assert answer.json["message"].startswith("The request body is not")
