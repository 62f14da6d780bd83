"""Who may talk to the server, and how much they may say."""

import socket
from contextlib import closing, suppress

import httpx
import pytest

from sync.sandbox.guard import refusal
from sync.sandbox.sandbox import KEY
from tests.unit.sandbox.caller import create

OURS = (
    "127.0.0.1:8765", "127.0.0.1", "localhost", "LOCALHOST:80", "localhost.", "[::1]:8765", "[::1]",
    "192.168.1.5:8765", "sandbox:8765", "chartmogul-sandbox", "a.localhost:1",
    "host.docker.internal:8765", "sandbox.default.svc.cluster.local", "mine.example.com:8765",
)  # fmt: skip
FOREIGN = (
    "evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil.example",
    "example.com", "internal.example", "notlocal", "", ":8765", "[::1", "[evil.example]",
    "127.0.0.1@evil.example", "127.0.0.1:8765@evil.example",
)  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_names_that_nobody_else_can_have_are_ours(host):
    """Addresses, names without a dot, names of inside, and those that are set."""
    assert refusal(host, None, ("MINE.example.com",)) is None
    assert refusal(host, f"http://{host}", ("MINE.example.com",)) is None


@pytest.mark.parametrize("host", [one for one in FOREIGN if one != "notlocal"])
def test_a_name_of_the_internet_is_foreign(host):
    """It may point to this machine all the same."""
    said = refusal(host, None, ("mine.example.com",))
    assert said is not None
    assert said.startswith("This sandbox does not go by the name of")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://localhost:9999", "null", "http://localhost", "file://", "",
     "http://[::1"],
)  # fmt: skip
def test_a_page_of_another_site_is_foreign(origin):
    """Another port is another site too."""
    assert (
        refusal("localhost:8765", origin, ()) == "A page of another site may not ask this sandbox."
    )


def test_without_a_host_there_is_no_name():
    """HTTP/1.0 has none; no browser leaves it out."""
    assert refusal(None, None, ()) is None
    assert refusal(None, "http://localhost", ()) is not None


ROUTES = [("GET", "/"), ("GET", "/v1/ping"), ("POST", "/sandbox/reset"), ("GET", "/sandbox/state"),
          ("POST", "/v1/customers")]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
def test_strangers_are_answered_403_everywhere(client, running, method, path, headers):
    """With a sentence; nothing is done, and nothing is remembered."""
    create(client)
    asked = len(running.sandbox.requests)
    answer = httpx.request(method, running.root + path, headers=headers, auth=(KEY, ""))
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (403, 403, None)
    assert answer.json()["message"].endswith(".")
    assert len(running.sandbox.world.customers) == 1
    assert len(running.sandbox.requests) == asked


def test_its_own_page_may_ask(running):
    """Same host, same port."""
    headers = {"origin": running.root}
    assert httpx.post(f"{running.root}/sandbox/reset", headers=headers).status_code == 200


def test_other_names_can_be_given(running, control):
    """By a setting, over HTTP too."""
    control.post("/settings", json={"hosts": ["sandbox.example.com"]})
    answer = httpx.get(
        f"{running.url}/ping", headers={"host": "sandbox.example.com"}, auth=(KEY, "")
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/customers"), ("POST", "/sandbox/faults")]
)
def test_a_body_beyond_the_limit_is_a_413(running, method, path):
    """Whether its length is declared or not; the next request is answered."""
    large = b" " * (9 << 20)

    def pieces():
        for _ in range(9):
            yield b" " * (1 << 20)

    for content in (large, pieces()):
        with httpx.Client(auth=(KEY, "")) as client:
            answer = client.request(method, running.root + path, content=content)
        assert (answer.status_code, answer.json()["message"]) == (
            413, "The request body is larger than 8,388,608 bytes",
        )  # fmt: skip
        assert answer.headers["connection"] == "close"
    assert httpx.get(f"{running.url}/ping", auth=(KEY, "")).status_code == 200


def test_a_large_body_is_not_read(running):
    """The answer comes when the head is there: of a terabyte, and of what never stops."""
    host, port = running.root.removeprefix("http://").split(":")
    for head in ("content-length: 1000000000000", "transfer-encoding: chunked"):
        with closing(socket.create_connection((host, int(port)), timeout=10)) as connection:
            connection.sendall(f"POST /v1/customers HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n".encode())
            piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
            if "chunked" in head:
                with suppress(ConnectionError):  # it hangs up while we still talk
                    connection.sendall(piece * 200)
            assert connection.recv(12) == b"HTTP/1.1 413"


def test_the_limit_can_be_set(client, control, running):
    """Such a call is remembered, without its body; it counts against the limits."""
    control.post("/settings", json={"largest_body": 10})
    assert client.post("/customers", content=b"{" + b" " * 10).status_code == 413
    assert client.post("/customers", content=b"{" + b" " * 8 + b"}").status_code == 422
    seen = [(call.status, call.body) for call in running.sandbox.requests]
    assert seen == [(413, b""), (422, b"{        }")]


def test_without_a_network_the_limit_holds_too(call, sandbox):
    """And of a long body the beginning is remembered."""
    call.set(largest_body=10)
    assert call("POST", "/customers", {"external_id": "x" * 20}).status == 413
    call.set(largest_body=8 << 20)
    assert call("POST", "/customers", {"external_id": "x" * (2 << 20)}).status == 422
    assert [len(one.body) for one in sandbox.requests] == [39, 64 << 10]


def test_who_hangs_up_does_no_harm(running, client):
    """In the middle of a body."""
    host, port = running.root.removeprefix("http://").split(":")
    for path in ("/v1/customers", "/sandbox/faults"):
        with closing(socket.create_connection((host, int(port)), timeout=10)) as connection:
            head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{"
            connection.sendall(head.encode())
    assert client.get("/ping").status_code == 200
