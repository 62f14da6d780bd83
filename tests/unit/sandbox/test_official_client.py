"""ChartMogul's own Python client works against the sandbox."""

from datetime import UTC, datetime

import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support.needed import needed

chartmogul = needed("chartmogul")


@pytest.fixture
def running():
    with RunningSandbox(Sandbox(rate=None)) as running:
        yield running


@pytest.fixture
def config(running):
    config = chartmogul.Config(running.key, request_timeout=10, max_retries=0)
    config.uri = running.url
    return config


@pytest.fixture
def customer(config, running):
    return made(config, running, "cus_1", "Adam")


def made(config, running, external_id, name):
    """A customer made by the client."""
    data = {
        "data_source_uuid": running.data_source,
        "external_id": external_id,
        "name": name,
        "email": f"{name.lower()}@example.com",
        "country": "US",
    }
    return chartmogul.Customer.create(config, data=data).get()


def test_ping_and_account(config):
    """The key is good, the account has a name."""
    assert chartmogul.Ping.ping(config).get().data == "pong!"
    assert chartmogul.Account.retrieve(config).get().name == "Sandbox"


def test_a_wrong_key_is_an_api_error(running):
    """With the recorded text."""
    config = chartmogul.Config("wrong", max_retries=0)
    config.uri = running.url
    with pytest.raises(chartmogul.APIError, match="No valid API key provided"):
        chartmogul.Ping.ping(config).get()


def test_data_sources(config, running):
    """Created, listed, retrieved with their settings, deleted."""
    source = chartmogul.DataSource.create(config, data={"name": "Other"}).get()
    listed = chartmogul.DataSource.all(config).get().data_sources
    assert [running.data_source, source.uuid] == [one.uuid for one in listed]
    shown = chartmogul.DataSource.retrieve(
        config, uuid=source.uuid, with_processing_status=True, with_invoice_handling_setting=True
    ).get()
    assert shown.processing_status.processed == 0
    chartmogul.DataSource.destroy(config, uuid=source.uuid).get()
    assert len(chartmogul.DataSource.all(config).get().data_sources) == 1


def test_customers(config, running, customer):
    """Created, listed, changed, retrieved, searched, deleted."""
    listed = chartmogul.Customer.all(
        config, data_source_uuid=running.data_source, external_id="cus_1"
    ).get()
    assert [customer.uuid] == [one.uuid for one in listed.entries]
    data = {"company": "Acme", "state": "US-NY"}
    changed = chartmogul.Customer.modify(config, uuid=customer.uuid, data=data).get()
    assert (changed.company, changed.address.state) == ("Acme", "New York")
    assert chartmogul.Customer.retrieve(config, uuid=customer.uuid).get().name == "Adam"
    found = chartmogul.Customer.search(config, email="adam@example.com").get()
    assert [customer.uuid] == [one.uuid for one in found.entries]
    chartmogul.Customer.destroy(config, uuid=customer.uuid).get()
    with pytest.raises(chartmogul.APIError, match="does not exist"):
        chartmogul.Customer.retrieve(config, uuid=customer.uuid).get()


def test_a_repeated_external_id_is_an_api_error(config, running, customer):
    """With the text that the Go client knows."""
    with pytest.raises(chartmogul.APIError, match="already exists in our system"):
        made(config, running, "cus_1", "Eve")


def test_paging_by_cursor(config, running):
    """Every customer once."""
    for number in range(5):
        made(config, running, f"c{number}", f"N{number}")
    page = chartmogul.Customer.all(config, per_page=2).get()
    names = [one.name for one in page.entries]
    while page.has_more:
        page = chartmogul.Customer.all(config, per_page=2, cursor=page.cursor).get()
        names += [one.name for one in page.entries]
    assert names == [f"N{number}" for number in range(5)]


def test_custom_attributes(config, customer):
    """Added with their types, updated, removed."""
    custom = [
        {"type": "String", "key": "plan", "value": "Gold"},
        {"type": "Boolean", "key": "partner", "value": True},
    ]
    added = chartmogul.CustomAttributes.add(
        config, uuid=customer.uuid, data={"custom": custom}
    ).get()
    assert added.custom == {"plan": "Gold", "partner": True}
    updated = chartmogul.CustomAttributes.update(
        config, uuid=customer.uuid, data={"custom": {"partner": False}}
    ).get()
    assert updated.custom == {"plan": "Gold", "partner": False}
    chartmogul.CustomAttributes.remove(
        config, uuid=customer.uuid, data={"custom": ["partner"]}
    ).get()
    shown = chartmogul.Attributes.retrieve(config, uuid=customer.uuid).get()
    assert shown.custom == {"plan": "Gold"}


def test_tags(config, customer):
    """Added and removed."""
    tags = chartmogul.Tags.add(config, uuid=customer.uuid, data={"tags": ["a", "b"]}).get()
    assert tags.tags == ["a", "b"]
    left = chartmogul.Tags.remove(config, uuid=customer.uuid, data={"tags": ["a"]}).get()
    assert left.tags == ["b"]


def test_contacts(config, running, customer):
    """Created both ways, listed, changed, merged, deleted."""
    links = {"customer_uuid": customer.uuid, "data_source_uuid": running.data_source}
    first = chartmogul.Contact.create(config, data={**links, "first_name": "Anna"}).get()
    second = chartmogul.Customer.createContact(
        config,
        uuid=customer.uuid,
        data={"data_source_uuid": running.data_source, "title": "CEO", "notes": "hello"},
    ).get()
    listed = chartmogul.Customer.contacts(config, uuid=customer.uuid).get()
    assert [second.uuid, first.uuid] == [one.uuid for one in listed.entries]
    data = {"custom": [{"key": "role", "value": "buyer"}]}
    changed = chartmogul.Contact.modify(config, uuid=first.uuid, data=data).get()
    assert (changed.first_name, changed.custom) == ("Anna", {"role": "buyer"})
    merged = chartmogul.Contact.merge(config, into_uuid=first.uuid, from_uuid=second.uuid).get()
    assert (merged.title, merged.notes) == ("CEO", "hello")
    assert len(chartmogul.Contact.all(config, customer_uuid=customer.uuid).get().entries) == 1
    chartmogul.Contact.destroy(config, uuid=first.uuid).get()
    with pytest.raises(chartmogul.APIError, match="does not exist"):
        chartmogul.Contact.retrieve(config, uuid=first.uuid).get()


def test_merging_customers(config, running, customer):
    """The other one is gone, its external id is not."""
    other = made(config, running, "cus_2", "Eve")
    sides = {"from": {"customer_uuid": other.uuid}, "into": {"customer_uuid": customer.uuid}}
    chartmogul.Customer.merge(config, data=sides).get()
    merged = chartmogul.Customer.retrieve(config, uuid=customer.uuid).get()
    assert merged.external_ids == ["cus_1", "cus_2"]
    data = {
        "customer_uuid": customer.uuid,
        "data_source_uuid": running.data_source,
        "external_id": "cus_2",
        "move_to_new_customer": [],
    }
    chartmogul.Customer.unmerge(config, data=data).get()
    assert len(chartmogul.Customer.all(config).get().entries) == 2


@pytest.fixture
def lone(config):
    """A contact of nobody."""
    data = {"first_name": "Stand", "email": "lone@example.com", "external_id": "p1"}
    return chartmogul.Contact.create(config, data=data).get()


def test_contacts_without_a_customer(config, lone):
    """Made, read, found, seen, deleted."""
    assert (lone.customer_uuid, lone.data_source_uuid, lone.last_seen) == (None, None, None)
    assert chartmogul.Contact.retrieve(config, uuid=lone.uuid).get().external_id == "p1"
    found = chartmogul.Contact.all(config, email="lone@example.com").get()
    assert [lone.uuid] == [one.uuid for one in found.entries]
    data = {"last_seen": datetime(2026, 9, 1, tzinfo=UTC)}
    changed = chartmogul.Contact.modify(config, uuid=lone.uuid, data=data).get()
    assert changed.last_seen == data["last_seen"]
    assert chartmogul.Contact.destroy(config, uuid=lone.uuid).get() is None
    assert chartmogul.Contact.all(config).get().entries == []


def test_contacts_by_their_external_id(config, running, customer, lone):
    """Also together with the customer; an older API ignores the filter."""
    data = {
        "customer_uuid": customer.uuid,
        "data_source_uuid": running.data_source,
        "external_id": "p1",
    }
    linked = chartmogul.Contact.create(config, data=data).get()

    def found(**query):
        return {one.uuid for one in chartmogul.Contact.all(config, **query).get().entries}

    assert found(external_id="p1") == {lone.uuid, linked.uuid}
    assert found(external_id="p1", customer_uuid=customer.uuid) == {linked.uuid}
    assert found(external_id="p2") == set()
    running.sandbox.set(contact_external_id_filter="ignored")
    assert found(external_id="p2") == {lone.uuid, linked.uuid}


@pytest.mark.parametrize("generation", ["2026", "2025", "2016", "docs"])
def test_all_that_is_deleted(config, running, customer, lone, generation):
    """Every kind of answer is taken."""
    running.sandbox.set(generation=generation)
    custom = [{"type": "String", "key": key, "value": "x"} for key in ("plan", "tier")]
    chartmogul.CustomAttributes.add(config, uuid=customer.uuid, data={"custom": custom}).get()
    for key in ("plan", "tier"):
        left = chartmogul.CustomAttributes.remove(
            config, uuid=customer.uuid, data={"custom": [key]}
        ).get()
        said = {"2026": "Custom attributes deleted from customer"}.get(generation)
        assert getattr(left, "message", None) == said
    chartmogul.Contact.destroy(config, uuid=lone.uuid).get()
    chartmogul.Customer.destroy(config, uuid=customer.uuid).get()
    chartmogul.DataSource.destroy(config, uuid=running.data_source).get()
    assert chartmogul.DataSource.all(config).get().data_sources == []
    world = running.sandbox.world
    assert (world.customers, world.contacts) == ({}, {})


def test_overrides_and_history(config, customer):
    """Pinned, read, and told since when."""
    data = {"company": "Acme", "overrides": {"company": True}}
    changed = chartmogul.Customer.modify(config, uuid=customer.uuid, data=data).get()
    assert changed.overrides == {"company": True}
    plain = chartmogul.Customer.modify(config, uuid=customer.uuid, data={"company": "X"}).get()
    assert (plain.company, plain.overrides) == ("Acme", None)
    shown = chartmogul.Customer.retrieve(
        config, uuid=customer.uuid, with_overrides=True, attributes_with_history="company"
    ).get()
    assert shown.overrides == {"company": True}
    assert [one["value"] for one in shown.historical_values["company"]] == ["Acme", None]


def test_an_update_that_changes_nothing(config, running, customer, lone):
    """304 is no error and no object."""
    running.sandbox.set(not_modified="nothing_changed")
    data = {"name": "Adam"}
    assert chartmogul.Customer.modify(config, uuid=customer.uuid, data=data).get() is None
    same = {"first_name": "Stand"}
    assert chartmogul.Contact.modify(config, uuid=lone.uuid, data=same).get() is None


def test_attributes_by_email(config, customer):
    """Short objects, which the client takes."""
    custom = [{"type": "String", "key": "plan", "value": "Gold"}]
    data = {"email": "adam@example.com", "custom": custom}
    found = chartmogul.CustomAttributes.add_by_email(config, data=data).get()
    assert [(one.uuid, one.status) for one in found.entries] == [(customer.uuid, "New lead")]
