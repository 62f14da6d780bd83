"""The sandbox over real HTTP: cut connections, both ends at once, saved data."""

import asyncio
import os
import signal
import socket
import threading

import httpx
import pytest

from sync.sandbox.app import bind, describe, serve
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import DATA_SOURCE, KEY, Sandbox
from tests.unit.sandbox.caller import create


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
    assert client.request("DELETE", f"{path}/custom", json={"custom": ["x"]}).status_code == 202
    assert client.get(path).json()["custom"] == {}


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_dropped_answer_cuts_the_connection(client, running, when, made):
    """Without a byte; the next request is answered."""
    running.sandbox.fail(method="POST", drop=True, when=when, times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        create(client)
    assert len(running.sandbox.world.customers) == made
    assert client.get("/ping").status_code == 200


async def test_more_than_20_at_once_are_a_503(running):
    """Counted while their answers are held back."""
    running.sandbox.fail(path="/v1/account", delay=1)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=running.url, auth=(KEY, ""), limits=limits) as client:
        answers = await asyncio.gather(*(client.get("/account") for _ in range(23)))
        assert sorted(answer.status_code for answer in answers) == [200] * 20 + [503] * 3
        assert (await client.get("/ping")).status_code == 200


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


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/sandbox/nothing"), ("POST", "/"), ("GET", "/v1"), ("GET", "/x")]
)
def test_other_paths_are_not_found(running, method, path):
    """A page says so."""
    assert httpx.request(method, running.root + path).status_code == 404


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


def test_it_saves_while_it_runs(tmp_path):
    """A crash loses little."""
    data = tmp_path / "sandbox.json"
    with (
        RunningSandbox(Sandbox(data=data, rate=None), save_every=0.01) as running,
        httpx.Client(base_url=running.url, auth=(KEY, "")) as client,
    ):
        create(client)
        saved = any(data.exists() for _ in range(1_000) if client.get("/ping"))
        assert saved
        assert len(Sandbox(data=data).world.customers) == 1


def test_without_changes_nothing_is_written(tmp_path):
    """Reading is no change."""
    data = tmp_path / "sandbox.json"
    with RunningSandbox(Sandbox(data=data)) as running:
        httpx.get(f"{running.url}/ping", auth=(KEY, ""))
    assert not data.exists()


def free_port():
    """A port that nobody listens on."""
    with bind("127.0.0.1", 0) as probe:
        return probe.getsockname()[1]


def test_it_can_take_a_given_port():
    """And say where it is; a port that is taken is an error."""
    port = free_port()
    with RunningSandbox(port=port) as running:
        assert running.url == f"http://127.0.0.1:{port}/v1"
        with pytest.raises(OSError, match="in use"):
            bind("127.0.0.1", port)


def test_who_comes_early_waits():
    """Its address is told once the socket is bound: from then on nobody is refused."""
    with bind("127.0.0.1", 0) as bound:
        socket.create_connection(bound.getsockname(), timeout=5).close()


def test_it_tells_what_a_sync_needs():
    """As variables of the environment."""
    assert describe(Sandbox(key="k"), "0.0.0.0", 8000) == (
        "CHARTMOGUL_API_URL=http://127.0.0.1:8000/v1\n"
        "CHARTMOGUL_API_KEY=k\n"
        f"CHARTMOGUL_DATA_SOURCE={DATA_SOURCE}\n"
        "\nOpen http://127.0.0.1:8000/ to see what it holds.\n"
        "GET http://127.0.0.1:8000/sandbox/settings tells how it can be made to answer otherwise.\n"
    )


def test_serving_ends_with_a_signal_and_saves_first(tmp_path, capfd):
    """It prints nothing."""
    port, data = free_port(), tmp_path / "sandbox.json"

    def use_and_interrupt():
        transport = httpx.HTTPTransport(retries=8)
        base = f"http://127.0.0.1:{port}/v1"
        with httpx.Client(transport=transport, base_url=base, auth=(KEY, "")) as client:
            create(client)
        os.kill(os.getpid(), signal.SIGINT)

    # A shell that started the tests in the background has told them to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=use_and_interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        serve(Sandbox(data=data), bind("127.0.0.1", port))
    thread.join()
    assert len(Sandbox(data=data).world.customers) == 1
    assert capfd.readouterr() == ("", "")


def test_what_could_not_be_saved_is_saved_later(tmp_path):
    """A folder that is gone for a while loses nothing."""
    folder = tmp_path / "gone"
    sandbox = Sandbox(data=folder / "sandbox.json")
    sandbox.touch()
    with pytest.raises(OSError, match="No such file"):
        sandbox.save()
    folder.mkdir()
    sandbox.save()
    assert (folder / "sandbox.json").exists()
