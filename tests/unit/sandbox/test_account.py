"""Keys, unknown routes, malformed bodies, data sources and the account."""

import pytest

from sync.sandbox.sandbox import DATA_SOURCE, KEY, Sandbox
from tests.unit.sandbox.caller import Caller
from tests.unit.sandbox.exchange import credentials

REFUSED = {"code": 401, "message": "No valid API key provided", "param": None}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        credentials("other"),
        credentials(""),
        {"authorization": f"Bearer {KEY}"},
        {"authorization": "Basic ???"},
        {"Authorization": "Basic"},
    ],
)
def test_without_the_key_nothing_is_answered(sandbox, headers):
    """401 everywhere, on unknown routes as well."""
    for path in ("/v1/ping", "/v1/customers", "/v1/nowhere"):
        answer = sandbox.answer("GET", path, {}, headers)
        assert (answer.status, answer.json) == (401, REFUSED)


def test_the_password_does_not_matter(sandbox):
    """The key may be both user name and password."""
    answer = sandbox.answer("GET", "/v1/ping", {}, credentials(f"{KEY}:{KEY}"))
    assert (answer.status, answer.json) == (200, {"data": "pong!"})


def test_a_read_only_key_reads(clock):
    """Writes are a 403, which is our choice; ping says nothing about it."""
    sandbox = Sandbox(read_only_key="looks", clock=clock)
    reader = Caller(sandbox, "looks")
    assert [reader("GET", path).status for path in ("/ping", "/customers")] == [200, 200]
    sent = {"data_source_uuid": DATA_SOURCE, "external_id": "a"}
    assert reader("POST", "/customers", sent).status == 403
    assert not sandbox.world.customers


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("PUT", "/customers"), ("GET", "/customers/a/b"), ("POST", "/ping"),
     ("GET", "/contacts/a/merge/b"), ("GET", "/customers/")],
)  # fmt: skip
def test_an_unknown_route_is_html(call, method, path):
    """404 with a page, not JSON."""
    answer = call(method, path)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert answer.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff"])
def test_a_body_that_is_no_object_is_a_400(sandbox, body):
    """Nothing is created."""
    answer = sandbox.answer("POST", "/v1/customers", {}, credentials(KEY), body)
    assert (answer.status, answer.json["param"]) == (400, None)


def test_a_new_sandbox_has_one_data_source(call):
    """With the name and uuid that it is known by."""
    (source,) = call("GET", "/data_sources").json["data_sources"]
    assert (
        source["uuid"], source["name"], source["system"],
    ) == (DATA_SOURCE, "Warehouse", "Custom")  # fmt: skip
    assert source == call("GET", f"/data_sources/{DATA_SOURCE}").json


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"name": "Warehouse"}, 422),
        ({"name": ""}, 422),
        ({"name": 5}, 422),
        ({}, 400),
        ({"name": "New"}, 201),
    ],
)
def test_a_data_source_needs_a_name_of_its_own(call, sent, status):
    """400 when it is missing, 422 when it is no good."""
    assert call("POST", "/data_sources", sent).status == status


def test_data_sources_are_filtered_exactly(call):
    """By name and system."""
    names = [
        len(call("GET", "/data_sources", **query).json["data_sources"])
        for query in ({"name": "Warehouse"}, {"name": "warehouse"}, {"system": "Custom"})
    ]
    assert names == [1, 0, 1]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("DELETE", ""), ("DELETE", "/all"), ("DELETE", "/dependent")]
)
def test_an_unknown_data_source_is_a_404_of_its_own_shape(call, method, path):
    """Shape c."""
    answer = call(method, f"/data_sources/ds_nope{path}")
    assert (answer.status, answer.json) == (404, {"error": "Data source not found"})


def test_purging_keeps_customers(call):
    """DELETE …/dependent deletes what the sandbox never has."""
    made = call.create()
    assert call("DELETE", f"/data_sources/{DATA_SOURCE}/dependent").status == 204
    assert call("GET", f"/customers/{made['uuid']}").status == 200


def test_the_account_has_an_id(call):
    """And shows settings only when asked."""
    account = call("GET", "/account").json
    assert {"id", "name", "currency", "time_zone", "week_start_on"} == set(account)
    more = call("GET", "/account", include="refund_handling,nonsense").json
    assert {*account, "refund_handling"} == set(more)


def test_two_sandboxes_can_be_two_accounts():
    """The account is an argument."""
    sandbox = Sandbox(account={"id": "acc_2", "currency": "EUR"})
    caller = Caller(sandbox, KEY)
    assert caller("GET", "/account").json["id"] == "acc_2"
    assert caller.create()["currency-sign"] == "€"
