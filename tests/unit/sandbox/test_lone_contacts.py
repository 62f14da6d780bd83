"""Contacts of nobody, since September 2026, and the filter that finds contacts by their id."""

import pytest

from sync.sandbox.sandbox import DATA_SOURCE


@pytest.fixture
def lone(call):
    """A contact of nobody."""
    sent = {"email": "a@example.com", "external_id": "p", "customer_uuid": None}
    return call("POST", "/contacts", sent).json


@pytest.fixture
def listed(call):
    def uuids(path="/contacts", **query):
        return [one["uuid"] for one in call("GET", path, **query).json["entries"]]

    return uuids


def test_a_contact_without_a_customer_is_nobodys(call, lone):
    """201, and nothing of a customer or a data source in it; positions count on."""
    belongs = ("customer_uuid", "customer_external_id", "data_source_uuid")
    assert [lone[name] for name in belongs] == [None, None, None]
    assert (lone["position"], call("POST", "/contacts", {}).json["position"]) == (1, 2)
    assert lone == call("GET", f"/contacts/{lone['uuid']}").json


def test_lists_by_email_and_external_id_show_contacts_of_nobody(call, lone, listed):
    """Beside those of customers that match as well."""
    ours = call.contact(call.create("c1"), email="a@example.com", external_id="p")
    both = [ours["uuid"], lone["uuid"]]
    assert listed() == both
    assert listed(email="a@example.com") == both
    assert listed(external_id="p") == both
    assert listed(external_id="p", email="a@example.com") == both
    assert listed(customer_external_id="c1") == [ours["uuid"]]
    assert listed(customer_uuid=ours["customer_uuid"]) == [ours["uuid"]]


@pytest.mark.parametrize(("shown", "more"), [(False, 0), (True, 1)])
def test_a_list_by_source_may_show_contacts_of_nobody(call, lone, listed, shown, more):
    """By a setting: it is not known."""
    ours = call.contact(call.create("c1"), external_id="q")
    call.set(lone_contacts_listed=shown)
    assert listed(data_source_uuid=DATA_SOURCE) == [ours["uuid"], lone["uuid"]][: 1 + more]
    assert listed(data_source_uuid=DATA_SOURCE, external_id="p") == [lone["uuid"]][:more]
    assert listed(data_source_uuid="ds_other") == [lone["uuid"]][:more]


def test_a_data_source_that_is_sent_alone_is_kept(call, listed):
    """Our choice; one that is not there is a 422."""
    made = call("POST", "/contacts", {"data_source_uuid": DATA_SOURCE}).json
    assert (made["customer_uuid"], made["data_source_uuid"]) == (None, DATA_SOURCE)
    assert listed(data_source_uuid=DATA_SOURCE) == [made["uuid"]]
    wrong = call("POST", "/contacts", {"data_source_uuid": "ds_nope"})
    assert (wrong.status, wrong.json["param"]) == (422, "data_source_uuid")


def test_a_contact_of_nobody_changes_and_goes_like_any_other(call, lone):
    """It stays nobody's."""
    path = f"/contacts/{lone['uuid']}"
    changed = call("PATCH", path, {"title": "CEO", "customer_uuid": call.create()["uuid"]}).json
    assert changed == {**lone, "title": "CEO"}
    assert call("DELETE", path).status == 202
    assert call("GET", path).status == 404


def test_contacts_of_nobody_are_merged(call, lone):
    """Into each other, or into one of a customer."""
    ours = call.contact(call.create(), title="CEO")
    call("POST", f"/contacts/{ours['uuid']}/merge/{lone['uuid']}", {})
    merged = call("GET", f"/contacts/{ours['uuid']}").json
    assert (merged["title"], merged["email"]) == ("CEO", "a@example.com")
    assert ours["customer_uuid"] == merged["customer_uuid"]


def test_a_search_by_associated_emails_passes_over_nobody(call, lone):
    """No customer is a 404."""
    query = {"email": "a@example.com", "with_associated_emails": "true"}
    assert call("GET", "/customers/search", **query).status == 404


def test_contacts_of_a_deleted_customer_may_stay(call, listed):
    """As nobody's, by a setting."""
    call.set(contacts_of_deleted="kept")
    made = call.create()
    contact = call.contact(made, external_id="p")
    call("DELETE", f"/customers/{made['uuid']}")
    assert listed(external_id="p") == [contact["uuid"]]
    assert call("GET", f"/contacts/{contact['uuid']}").json["customer_uuid"] is None


def test_every_filter_narrows_the_list(call, listed):
    """The external id with each of the others, also below a customer."""
    one, two = call.create("one"), call.create("two")
    first = call.contact(one, external_id="p", email="a@example.com")
    call.contact(one, external_id="q", email="a@example.com")
    call.contact(two, external_id="p", email="b@example.com")
    alone = [first["uuid"]]
    assert len(listed(external_id="p")) == 2
    assert listed(external_id="p", email="a@example.com") == alone
    assert listed(external_id="p", customer_uuid=one["uuid"]) == alone
    assert listed(external_id="p", customer_external_id="one") == alone
    assert len(listed(external_id="p", data_source_uuid=DATA_SOURCE)) == 2
    assert listed(external_id="p", data_source_uuid="ds_other") == []
    assert listed(f"/customers/{one['uuid']}/contacts", external_id="p") == alone
    assert listed(external_id="P") == []
    assert len(listed(external_id="")) == 3


def test_the_filter_follows_a_changed_id(call, listed):
    """The old one finds nobody any more; pages go by cursor."""
    contact = call.contact(call.create(), external_id="p")
    call("PATCH", f"/contacts/{contact['uuid']}", {"external_id": "q"})
    assert (listed(external_id="p"), listed(external_id="q")) == ([], [contact["uuid"]])


def test_where_the_filter_is_ignored_the_first_page_comes(call, listed):
    """As before September 2026; other filters still narrow."""
    call.set(contact_external_id_filter="ignored")
    one = call.create("one")
    first, second = call.contact(one, external_id="p"), call.contact(one, external_id="q")
    call.contact(call.create("two"), external_id="r")
    assert len(listed(external_id="nope")) == 3
    assert listed(external_id="p", customer_uuid=one["uuid"]) == [second["uuid"], first["uuid"]]


@pytest.mark.parametrize("name", ["last_seen", "last_active_at"])
@pytest.mark.parametrize(
    ("sent", "shown"),
    [("2026-09-01T00:00:00Z", "2026-09-01T00:00:00.000Z"), ("2026-09-01", "2026-09-01T00:00:00.000Z"),
     (None, None), ("", None)],
)  # fmt: skip
def test_both_spellings_of_last_seen_are_taken(call, name, sent, shown):
    """On create and on change."""
    made = call.contact(call.create(), **{name: sent})
    assert made["last_seen"] == shown
    other = call.contact(call.create("other"), last_seen="2020-01-01")
    changed = call("PATCH", f"/contacts/{other['uuid']}", {name: sent}).json
    assert (changed["last_seen"], "last_active_at" in changed) == (shown, False)


def test_of_both_spellings_last_seen_counts(call):
    """Where both are sent."""
    sent = {"last_seen": "2026-01-01", "last_active_at": "2025-01-01"}
    assert call.contact(call.create(), **sent)["last_seen"] == "2026-01-01T00:00:00.000Z"


def test_last_seen_may_be_dropped(call):
    """In silence, with a 201, by a setting; last_active_at is taken all the same."""
    call.set(contact_last_seen="dropped")
    made = call.create()
    assert call.contact(made, last_seen="2026-01-01")["last_seen"] is None
    assert call.contact(made, last_active_at="2026-01-01")["last_seen"] is not None


@pytest.mark.parametrize("wrong", ["soon", 5, True, False, ["2026-01-01"]])
@pytest.mark.parametrize("name", ["last_seen", "last_active_at"])
def test_a_last_seen_that_is_no_time_is_a_422(call, name, wrong):
    """Whatever it is."""
    contact = call.contact(call.create())
    answer = call("PATCH", f"/contacts/{contact['uuid']}", {name: wrong})
    assert (answer.status, answer.json["param"]) == (422, name)
