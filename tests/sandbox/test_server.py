"""The sandbox over real HTTP: page, control routes, cut connections, saved data."""

import socket
import threading

import httpx
import pytest

from sync.sandbox.app import describe
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import DATA_SOURCE, KEY, Sandbox


@pytest.fixture
def running():
    with RunningSandbox(Sandbox(rate=None)) as running:
        yield running


@pytest.fixture
def client(running):
    with httpx.Client(base_url=running.url, auth=(running.key, ""), timeout=10) as client:
        yield client


@pytest.fixture
def control(running):
    with httpx.Client(base_url=f"{running.root}/sandbox", timeout=10) as control:
        yield control


def create(client, external_id="a", **fields):
    """A customer over HTTP."""
    sent = {"data_source_uuid": DATA_SOURCE, "external_id": external_id, **fields}
    answer = client.post("/customers", json=sent)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_it_answers_as_the_sandbox_does(client, running):
    """Special characters of query and path included."""
    made = create(client, "a+b&c/é #%")
    query = {"data_source_uuid": running.data_source, "external_id": "a+b&c/é #%"}
    assert [made] == client.get("/customers", params=query).json()["entries"]
    assert [made] == [
        running.sandbox.world.show(one) for one in running.sandbox.world.customers.values()
    ]
    assert client.get("/nowhere").headers["content-type"] == "text/html; charset=utf-8"
    assert client.request("DELETE", f"/customers/{made['uuid']}").content == b""


def test_a_body_of_delete_is_read(client):
    """Attributes are removed by a DELETE with JSON."""
    custom = [{"type": "Integer", "key": "x", "value": 1}]
    made = create(client, attributes={"custom": custom})
    path = f"/customers/{made['uuid']}/attributes"
    assert client.request("DELETE", f"{path}/custom", json={"custom": ["x"]}).status_code == 204
    assert client.get(path).json()["custom"] == {}


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_dropped_answer_cuts_the_connection(client, running, when, made):
    """Without a byte; the next request is answered."""
    running.sandbox.fail(method="POST", drop=True, when=when, times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        create(client)
    assert len(running.sandbox.world.customers) == made
    assert client.get("/ping").status_code == 200


def test_more_than_20_at_once_are_a_503(running, client):
    """Counted while their answers are held back."""
    running.sandbox.fail(path="/v1/account", delay=0.4)
    statuses = []

    def ask():
        statuses.append(httpx.get(f"{running.url}/account", auth=(KEY, "")).status_code)

    threads = [threading.Thread(target=ask) for _ in range(23)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 20 + [503] * 3
    assert client.get("/ping").status_code == 200


def test_many_writers_at_once_create_each_customer_once(running):
    """Of ten that want the same one, nine are refused."""
    running.sandbox.slots.most = None
    statuses = []

    def write():
        with httpx.Client(base_url=running.url, auth=(KEY, "")) as client:
            for number in range(10):
                sent = {"data_source_uuid": DATA_SOURCE, "external_id": f"c{number}"}
                statuses.append(client.post("/customers", json=sent).status_code)

    threads = [threading.Thread(target=write) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * 10 + [422] * 90
    assert len(running.sandbox.world.customers) == 10


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


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/sandbox/nothing"), ("POST", "/"), ("GET", "/v1"), ("GET", "/x")]
)
def test_other_paths_are_not_found(running, method, path):
    """A page says so."""
    assert httpx.request(method, running.root + path).status_code == 404


def test_the_page_shows_everything_and_escapes_it(client, running):
    """Whatever a customer is called."""
    running.sandbox.world.definitions.add("<i>")
    evil = "<script>alert('x')</script>"
    custom = [{"type": "String", "key": "plan", "value": evil}]
    made = create(
        client, evil, name=evil, company="A & B", email="a@example.com", city=evil, country="DE",
        lead_created_at="2024-01-01", free_trial_started_at="2024-02-01",
        attributes={"custom": custom, "tags": [evil]},
    )  # fmt: skip
    links = {"customer_uuid": made["uuid"], "data_source_uuid": DATA_SOURCE}
    client.post("/contacts", json={**links, "first_name": evil, "notes": evil, "title": evil})
    client.get(f"/{evil}", params={evil: evil})
    page = httpx.get(running.root)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page.text
    for shown in ("A &amp; B", "Germany", "2024-01-01", "a@example.com", "Warehouse", DATA_SOURCE):
        assert shown in page.text
    assert "http://" not in page.text.replace(running.root, "")


def test_the_page_shows_the_first_thousand(client, running):
    """And says how many there are."""
    from tests.sandbox.caller import Caller

    assert "No customers yet." in httpx.get(running.root).text
    for number in range(1_001):
        Caller(running.sandbox, KEY).create(f"c{number:04}", name=f"Customer {number:04}")
    page = httpx.get(running.root).text
    assert ("Customer 0999" in page, "Customer 1000" in page) == (True, False)
    assert ("1,001" in page, "the first 1,000 are shown" in page) == (True, True)


def test_it_starts_where_it_stopped(tmp_path):
    """Records, types, definitions, users, merges, and decimals to the last digit."""
    data = tmp_path / "sandbox.json"
    custom = [{"type": "Timestamp", "key": "when", "value": "2024-01-01"}]
    with RunningSandbox(Sandbox(data=data, merge_delay=3600, definitions=["role"])) as first:
        with httpx.Client(base_url=first.url, auth=(KEY, "")) as client:
            made = create(client, "a", email="a@example.com", attributes={"custom": custom})
            exact = (
                b'{"custom": [{"type": "Decimal", "key": "x", "value": 0.12345678901234567890}]}'
            )
            client.post(f"/customers/{made['uuid']}/attributes/custom", content=exact)
            other = create(client, "b")
            sides = {
                "from": {"customer_uuid": other["uuid"]}, "into": {"customer_uuid": made["uuid"]},
            }  # fmt: skip
            client.post("/customers/merges", json=sides)
            links = {"customer_uuid": made["uuid"], "data_source_uuid": DATA_SOURCE}
            client.post("/contacts", json={**links, "custom": [{"key": "role", "value": "x"}]})
        httpx.post(f"{first.root}/sandbox/users", json={"users": ["boss@example.com"]})
        state = httpx.get(f"{first.root}/sandbox/state").text
    assert [data] == list(tmp_path.iterdir())
    with RunningSandbox(Sandbox(data=data)) as second:
        assert state == httpx.get(f"{second.root}/sandbox/state").text
        assert "0.12345678901234567890" in state
        with httpx.Client(base_url=second.url, auth=(KEY, "")) as client:
            query = {"data_source_uuid": DATA_SOURCE, "external_id": "a"}
            (found,) = client.get("/customers", params=query).json()["entries"]
            assert made["uuid"] == found["uuid"]
            assert len(client.get("/contacts").json()["entries"]) == 1
            assert create(client, "c")["id"] == 3


def test_without_changes_nothing_is_written(tmp_path):
    """Reading is no change."""
    data = tmp_path / "sandbox.json"
    with RunningSandbox(Sandbox(data=data)) as running:
        httpx.get(f"{running.url}/ping", auth=(KEY, ""))
    assert not data.exists()


def test_it_can_take_a_given_port():
    """And say where it is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with RunningSandbox(port=port) as running:
        assert running.url == f"http://127.0.0.1:{port}/v1"
    told = describe(Sandbox(key="k"), "0.0.0.0", 8000)
    assert told == (
        "CHARTMOGUL_API_URL=http://127.0.0.1:8000/v1\n"
        "CHARTMOGUL_API_KEY=k\n"
        f"CHARTMOGUL_DATA_SOURCE={DATA_SOURCE}\n"
        "\nOpen http://127.0.0.1:8000/ to see what it holds.\n"
    )
