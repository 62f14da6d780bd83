"""The control routes."""

from sync.sandbox.sandbox import DATA_SOURCE
from tests.unit.sandbox.caller import create


def test_faults_are_set_and_lifted_over_http(client, control):
    """One or several; a wrong one is a 400."""
    fault = {"method": "GET", "path": "/v1/ping", "status": 503, "retry_after": 7}
    assert control.post("/faults", json=fault).json() == {"faults": 1}
    assert control.post("/faults", json=[fault, fault]).json() == {"faults": 3}
    answer = client.get("/ping")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert control.delete("/faults").json() == {"faults": 0}
    assert client.get("/ping").status_code == 200
    for wrong in ({"colour": "red"}, "x", [5], {"delay": "x"}):
        assert control.post("/faults", json=wrong).status_code == 400


def test_requests_are_counted_over_http(client, control):
    """All, by path, by method, in sum; control routes are not among them."""
    create(client, "a")
    client.get("/customers", params={"external_id": "a"})
    client.get("/ping")
    assert control.get("/requests", params={"summary": "1"}).json() == {
        "total": 3, "POST": 1, "GET": 2,
    }  # fmt: skip
    summary = control.get("/requests", params={"summary": "1", "path": "/v1/cust*"})
    assert summary.json() == {"total": 2, "POST": 1, "GET": 1}
    (seen,) = control.get("/requests", params={"method": "POST"}).json()["requests"]
    assert (seen["path"], seen["status"], seen["body"]["external_id"]) == (
        "/v1/customers",
        201,
        "a",
    )
    assert control.delete("/requests").json() == {"requests": []}
    assert control.get("/requests", params={"summary": "1"}).json() == {"total": 0}


def test_the_whole_state_is_shown_and_reset(client, control):
    """As JSON, without a key."""
    create(client)
    state = control.get("/state").json()
    assert (
        [one["main"][1] for one in state["customers"]],
        [one["name"] for one in state["sources"]],
    ) == (["a"], ["Warehouse"])
    control.post("/reset")
    assert control.get("/state").json()["customers"] == []
    assert client.get(f"/data_sources/{DATA_SOURCE}").status_code == 200


def test_the_account_is_prepared_over_http(client, control):
    """Users, definitions of attributes, computed statuses, settings."""
    made = create(client)
    path = f"/customers/{made['uuid']}"
    control.post("/users", json={"users": ["boss@example.com"]})
    assert client.patch(path, json={"owner": "boss@example.com"}).json()["owner"]
    definitions = {"contact": ["shoe"], "customer": {"plan": "String"}}
    shown = control.post("/definitions", json=definitions).json()
    assert shown == {"contact": ["role", "shoe"], "customer": {"plan": "String"}}
    patched = client.patch(path, json={"attributes": {"custom": {"plan": "Gold"}}}).json()
    assert patched["attributes"]["custom"] == {"plan": "Gold"}
    status = {
        "uuid": made["uuid"], "status": "Active", "mrr": 500,
        "customer_since": "2024-01-01T00:00:00+00:00",
    }  # fmt: skip
    assert control.post("/statuses", json=status).json()["arr"] == 6000
    kept = client.patch(path, json={"status": "New Lead"}).json()
    assert (kept["status"], kept["customer-since"]) == ("Active", "2024-01-01T00:00:00+00:00")
    assert [made["uuid"]] == [
        one["uuid"]
        for one in client.get("/customers", params={"status": "Active"}).json()["entries"]
    ]
    for wrong in ({"status": "Active"}, {"uuid": made["uuid"], "status": "Fine"}):
        assert control.post("/statuses", json=wrong).status_code == 400
    assert control.post("/statuses", json={"uuid": "x", "status": "Active"}).status_code == 404


def test_settings_change_while_it_runs(client, control, running):
    """Limits, header, staleness, delay of merges; others are a 400."""
    settings = {"rate": 0, "parallel": 5, "retry_after": 9, "stale": 1, "merge_delay": 2}
    assert control.post("/settings", json=settings).json() == settings
    answer = client.get("/ping")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "9")
    world, slots = running.sandbox.world, running.sandbox.slots
    assert (slots.most, world.stale, world.merge_delay) == (5, 1.0, 2.0)
    assert control.post("/settings", json={"colour": 1}).status_code == 400


def test_numbers_beyond_all_bounds(client, control):
    """Are refused with a sentence, wherever they stand: JSON has them, floating point has not."""
    for path, key in (("/settings", "retry_after"), ("/settings", "stale"), ("/faults", "delay")):
        refused = control.post(path, content=f'{{"{key}": 1e400}}')
        assert refused.status_code == 400
        assert key in refused.json()["message"]
