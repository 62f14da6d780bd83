"""Whatever is asked, in whatever form: an answer, never an error of the sandbox's own."""

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.sandbox.answer import encode
from sync.sandbox.control import CONTROLS, steer
from sync.sandbox.page import render
from sync.sandbox.routes import TABLE
from sync.sandbox.sandbox import DATA_SOURCE, KEY, Sandbox
from sync.sandbox.saving import pack
from tests.unit.sandbox.caller import Caller, Clock

NAMES = st.sampled_from(
    ["data_source_uuid", "external_id", "customer_uuid", "email", "name", "country", "state", "status",
     "attributes", "custom", "tags", "overrides", "key", "type", "value", "source", "position",
     "last_seen", "last_active_at", "lead_created_at", "free_trial_started_at", "from", "into", "role",
     "x", "uuid", "users", "contact", "customer", "mrr", "customer_since", "rate", "stale", "hosts",
     "generation", "method", "path", "when", "every", "body", "delay", "endless", "huge", "self"]
)  # fmt: skip
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(10**4000, 10**4000 + 5),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        [DATA_SOURCE, "c1", "a@example.com", "US", "US-NY", "New Lead", "Active", "String", "Integer",
         "Decimal", "Timestamp", "Boolean", "role", "x", "2024-01-01", "0001-01-01T00:00:00+23:59",
         "9999-12-31T23:59:59-23:59", "cus", "con", "\ud800", "before", "2026", "\x00"]
    ),
)  # fmt: skip
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
BODIES = st.one_of(st.dictionaries(NAMES, VALUES, max_size=6), VALUES).map(
    lambda value: json.dumps(value).encode()
) | st.binary(max_size=20)
QUERIES = st.dictionaries(
    st.sampled_from(
        ["page", "per_page", "cursor", "status", "system", "email", "external_id", "customer_uuid",
         "customer_external_id", "data_source_uuid", "with_overrides", "attributes_with_history",
         "with_associated_emails", "include", "summary", "method", "path"]
    ),
    st.text(max_size=5)
    | st.sampled_from(
        ["true", "1", "9" * 5_000, "٣", "company,custom.x,pinned,uuid,custom.", "c1", "a@example.com",
         "New_Lead", DATA_SOURCE, "JnggeA==", "fiY5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ==",
         "MDAwMS0wMS0wMVQwMDowMDowMC4wMDAwMDAwMDBaJng=", "[*]", "ZW5kbGVzcyYg"]
    ),
    max_size=3,
)  # fmt: skip
OFTEN = settings(max_examples=150, deadline=None)


def town():
    """A sandbox with a customer and two contacts, and what fills the places of a path."""
    sandbox = Sandbox(rate=None, clock=Clock())
    call = Caller(sandbox, KEY)
    made = call.create("c1", email="a@example.com", attributes={
        "custom": [{"type": "Integer", "key": "x", "value": 1}],
    })  # fmt: skip
    contact = call.contact(made, email="a@example.com")
    call("POST", "/contacts", {})
    return sandbox, [made["uuid"], contact["uuid"], DATA_SOURCE, "cus_nope"]


@OFTEN
@given(data=st.data(), body=BODIES, query=QUERIES)
def test_every_call_has_an_answer(data, body, query):
    """Of 200 to 499; and what it left can be shown, saved and read by everybody."""
    sandbox, uuids = town()
    method, path, _ = data.draw(st.sampled_from(TABLE))
    while "{}" in path:
        path = path.replace("{}", data.draw(st.sampled_from(uuids)), 1)
    switches = {
        "pinned_writes": st.sampled_from(["ignored", "not_modified", "replaced", "refused"]),
        "not_modified": st.sampled_from(["never", "nothing_changed"]),
        "state_shown": st.sampled_from(["code", "as_sent"]),
        "decimals": st.sampled_from(["exact", "double"]),
        "generation": st.sampled_from(["2026", "2025", "2016", "docs"]),
        "stale_changes": st.booleans(),
        "stale_requests": st.integers(0, 3),
        "stale_reads": st.booleans(),
    }
    sandbox.set(**{name: data.draw(one) for name, one in switches.items()})
    headers = Caller(sandbox, KEY).headers
    answer = sandbox.answer(method, path, query, headers, body)
    assert 200 <= answer.status < 500
    with suppress(ValueError):
        answer.json  # noqa: B018
    encode(pack(sandbox.world))
    assert render(sandbox).status == 200
    for list_path in ("/v1/customers", "/v1/contacts"):
        assert sandbox.answer("GET", list_path, {}, headers).status == 200


@OFTEN
@given(control=st.sampled_from(sorted(CONTROLS)), body=BODIES, query=QUERIES)
def test_every_control_has_an_answer(control, body, query):
    """What cannot be done is a 400 with a sentence, or a 404."""
    sandbox, _ = town()
    answer = steer(sandbox, control[0], control[1], query, body)
    assert answer.status in (200, 201, 400, 404)
    if answer.status == 400:
        assert answer.json["message"].endswith(".")
    sandbox.faults.clear()
    sandbox.set(rate=None, largest_body=8 << 20)
    headers = Caller(sandbox, KEY).headers
    assert sandbox.answer("GET", "/v1/customers", {}, headers).status == 200


@given(credentials=st.text(max_size=10))
def test_every_header_of_credentials_has_an_answer(credentials):
    """401."""
    for scheme in ("Basic ", "", "basic  "):
        answer = Sandbox().answer("GET", "/v1/ping", {}, {"authorization": scheme + credentials})
        assert answer.status == 401


def test_control_bodies_are_answered_with_a_sentence(control):
    """Over HTTP, one for each way to be wrong."""
    said = {
        ("faults", b"{"): "The body is not valid JSON.",
        ("faults", b""): "The body is not valid JSON.",
        ("faults", b"[5]"): "A JSON object is wanted, not 5.",
        ("settings", b"[]"): "The body is not a JSON object.",
        ("settings", b"\xff"): "The body is not valid JSON.",
        ("users", b'{"users": "a"}'): "users is a list of texts.",
        ("users", b'{"people": []}'): "people is none of users.",
        ("definitions", b'{"contact": 5}'): "contact is a list of texts.",
        ("definitions", b'{"customer": {"x": "Date"}}'): "customer maps keys to types: String, Integer,"
        " Decimal, Timestamp, Boolean.",
        ("definitions", b'{"customer": []}'): "customer maps keys to types: String, Integer, Decimal,"
        " Timestamp, Boolean.",
        ("statuses", b'{"status": []}'): "status is one of New Lead, Working Lead, Qualified Lead,"
        " Unqualified Lead, Active, Past Due, Cancelled.",
        ("statuses", b'{"status": "Active"}'): "uuid is that of a customer.",
        ("statuses", b'{"status": "Active", "uuid": "x", "mrr": "1"}'): "mrr is a whole number of cents,"
        " up to 1,000,000,000,000,000.",
        ("statuses", b'{"status": "Active", "uuid": "x", "customer_since": "soon"}'):
        "customer_since is a time in ISO 8601, or null.",
    }  # fmt: skip
    for (path, body), message in said.items():
        answer = control.post(f"/{path}", content=body)
        assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_several_faults_are_set_or_none(control, running):
    """One that is wrong keeps out all of the request."""
    answer = control.post("/faults", json=[{"status": 500}, {"status": 99}])
    assert answer.status_code == 400
    assert running.sandbox.faults.counts == []


def test_what_only_invoices_give_is_held_in_one_form(client, control):
    """Times in any form, as they are shown."""
    made = client.post(
        "/customers", json={"data_source_uuid": DATA_SOURCE, "external_id": "a"}
    ).json()
    sent = {"uuid": made["uuid"], "status": "Active", "customer_since": "2024-01-01 02:00:00 UTC",
            "last_seen": "2024-01-01T02:00:00+01:00"}  # fmt: skip
    shown = control.post("/statuses", json=sent).json()
    assert (shown["customer-since"], shown["last_seen"]) == (
        "2024-01-01T02:00:00+00:00", "2024-01-01T01:00:00.000Z",
    )  # fmt: skip
    assert (shown["lead_status"], shown["paid_subscriber_status"]) == ("New Lead", "Active")
    emptied = control.post("/statuses", json={**sent, "customer_since": None, "last_seen": None})
    assert (emptied.json()["customer-since"], emptied.json()["last_seen"]) == (None, None)
