"""ChartMogul's own Python client works against the sandbox."""

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
