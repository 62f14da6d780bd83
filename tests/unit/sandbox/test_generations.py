"""What answers look like, by the year that they are of."""

import pytest

from sync.sandbox.sandbox import DATA_SOURCE

CUSTOM = [{"type": "Integer", "key": "x", "value": 1}, {"type": "Integer", "key": "y", "value": 2}]


@pytest.mark.parametrize(
    ("generation", "status", "body"),
    [("2026", 202, {"message": "Contact deleted"}), ("2025", 200, {}), ("2016", 200, {}),
     ("docs", 200, {})],
)  # fmt: skip
def test_a_contact_is_deleted(call, generation, status, body):
    """202 with a message; an empty object until 2025."""
    contact = call.contact(call.create())
    call.set(generation=generation)
    answer = call("DELETE", f"/contacts/{contact['uuid']}")
    assert (status, body) == (answer.status, answer.json)
    assert call("GET", f"/contacts/{contact['uuid']}").status == 404


@pytest.mark.parametrize(
    ("generation", "status", "body"),
    [("2026", 202, {"message": "Source deleted"}), ("2025", 204, None), ("docs", 204, None)],
)
def test_a_data_source_is_deleted(call, generation, status, body):
    """202 with a message; without a body until 2025."""
    call.set(generation=generation)
    answer = call("DELETE", f"/data_sources/{DATA_SOURCE}")
    assert (status, body) == (answer.status, answer.json)
    assert call("GET", "/data_sources").json == {"data_sources": []}


@pytest.mark.parametrize(
    ("generation", "status", "body"),
    [
        ("2026", 202, {"custom": {"y": 2}, "message": "Custom attributes deleted from customer"}),
        ("2025", 204, None),
        ("2016", 200, {}),
        ("docs", 200, {"custom": {"y": 2}}),
    ],
)
def test_attributes_are_deleted(call, generation, status, body):
    """All four answers that were seen; what goes is the same."""
    made = call.create(attributes={"custom": CUSTOM})
    call.set(generation=generation)
    answer = call("DELETE", f"/customers/{made['uuid']}/attributes/custom", {"custom": ["x"]})
    assert (status, body) == (answer.status, answer.json)
    assert call("GET", f"/customers/{made['uuid']}/attributes").json["custom"] == {"y": 2}


def test_the_last_attribute_takes_the_key_along(call):
    """As the official client has it."""
    made = call.create(attributes={"custom": CUSTOM[:1]})
    answer = call("DELETE", f"/customers/{made['uuid']}/attributes/custom", {"custom": ["x"]})
    assert answer.json == {"message": "Custom attributes deleted from customer"}


@pytest.mark.parametrize(
    ("generation", "status", "body"), [("2026", 204, None), ("2025", 204, None), ("docs", 200, {})]
)
def test_a_customer_is_deleted(call, generation, status, body):
    """204 as recorded last, in 2025."""
    call.set(generation=generation)
    answer = call("DELETE", f"/customers/{call.create()['uuid']}")
    assert (status, body) == (answer.status, answer.json)


def test_a_customer_shows_what_it_does_since_2026(call):
    """Statuses, last_seen, and the billing system Custom."""
    made = call.create(status="Working Lead")
    new = ("lead_status", "paid_subscriber_status", "last_seen", "billing-system-type")
    assert [made[name] for name in new] == [
        "Working Lead", "Never a Paid Subscriber", None, "Custom",
    ]  # fmt: skip
    call.set(generation="2025")
    before = call("GET", f"/customers/{made['uuid']}").json
    assert made.keys() - before.keys() == set(new[:3])
    assert before["billing-system-type"] == "Import API"


def test_what_is_only_read_is_not_written(call):
    """lead_status, paid_subscriber_status and last_seen of a customer are ignored in silence."""
    made = call.create()
    sent = {"lead_status": "X", "paid_subscriber_status": "Y", "last_seen": "2026-01-01"}
    assert made == call.patch(made, **sent).json


def test_a_contact_shows_when_it_was_seen_since_2026(call):
    """And its external id at another place."""
    contact = call.contact(call.create(), external_id="p")
    call.set(generation="2025")
    before = call("GET", f"/contacts/{contact['uuid']}").json
    assert contact.keys() - before.keys() == {"last_seen"}
    places = [list(one).index("external_id") for one in (contact, before)]
    assert places == [5, 3]


def test_answers_by_email_are_short(call):
    """Eight keys, and a status spelt otherwise."""
    call.create(email="a@example.com")
    sent = {"email": "a@example.com", "tags": ["t"]}
    (entry,) = call("POST", "/customers/attributes/tags", sent).json["entries"]
    assert list(entry) == [
        "id", "uuid", "external_id", "name", "email", "status", "customer-since", "attributes",
    ]  # fmt: skip
    assert entry["status"] == "New lead"
