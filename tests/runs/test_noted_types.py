"""A type that the state has noted and that does not fit, in whole runs: where it comes from, and the way out."""

import pytest

from sync.cli.forget import forget
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {query: "select id, seats from accounts"}
destination: {object: customer}
fields: {external_id: id}
attributes: {seats: {column: seats, type: TYPE}}
"""
FORGET = "chartmogul-sync forget customers --attribute seats clears it"
NOTED = "attribute 'seats' would be sent as String (declared in the mapping), but it is Integer in this account"


@pytest.fixture
def town(tmp_path, monkeypatch):
    """One account whose seats were sent as an Integer, and a mapping that makes them a String."""
    town = Town(tmp_path)
    town.table("accounts", "id, seats", ("c1", 5))
    town.write("customers", CUSTOMERS.replace("TYPE", "Integer"))
    assert counts(town.run(), "customers") == {"created": 1}
    town.write("customers", CUSTOMERS.replace("TYPE", "String"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNC_STATE_URL", town.state)
    return town


def uuid(town):
    """The customer's uuid."""
    return town.sandbox.world.by_pair[DATA_SOURCE, "c1"]


def retype(town, *values):
    """Somebody deletes the attribute in the app, and perhaps gives it another type with these values."""
    path = f"/v1/customers/{uuid(town)}/attributes/custom"
    assert call(town.sandbox, "DELETE", path, body={"custom": ["seats"]})[0] == 202
    del town.sandbox.world.types["seats"]
    for value in values:
        sent = [{"type": "String", "key": "seats", "value": value}]
        assert call(town.sandbox, "POST", path, body={"custom": sent})[0] == 200


def error(run):
    """The only mapping's error; the run sent nothing."""
    assert run.exit_code == 2
    return run.mappings[0].error


def test_a_customer_has_it_so(town):
    """The state's word is right: there is nothing to forget."""
    found = error(town.run())
    assert f"{NOTED}, as the state has noted; customer {uuid(town)} has it so" in found
    assert "forget" not in found
    assert [one.path for one in town.sandbox.calls("*", "/v1/customers*")] == ["/v1/customers"]


def test_a_customer_has_another_type(town):
    """The state's word is out of date: the command that clears it is named, and does."""
    retype(town, "many")
    found = error(town.run())
    assert f"as the state has noted; customer {uuid(town)} has it as String" in found
    assert FORGET in found

    assert forget("customers", attribute="seats", undo=None) == 0
    assert counts(town.run(), "customers") == {"updated": 1}
    assert town.sandbox.world.types["seats"] == "String"


def test_nobody_has_it(town):
    """What nobody has may be gone: both ways out are named."""
    retype(town)
    found = error(town.run())
    assert "as the state has noted; none of 1 customers looked at has it" in found
    assert ("ChartMogul never changes a type" in found, FORGET in found) == (True, True)


def test_nobody_answers(town):
    """Where customers cannot be listed the state's word is all there is."""
    town.sandbox.fail(method="GET", path="/v1/customers", status=422)
    found = error(town.run())
    assert f"{NOTED}, as the state has noted" in found
    assert ("looked at" in found, FORGET in found) == (False, True)


def test_a_customers_value(town):
    """A state that knows no type: the customer that shows another one is named."""
    assert forget("customers", attribute="seats", undo=None) == 0
    found = error(town.run(full=True))
    assert f"it is Decimal or Integer in this account, as customer {uuid(town)} shows" in found
