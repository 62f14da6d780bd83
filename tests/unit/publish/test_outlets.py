"""The ways out, before real servers: HTTP and SMTP of this machine, some of which hang or say no."""

import email
import json
import socket
import time
from collections import abc
from contextlib import contextmanager
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sync.publish.events import Event
from sync.publish.message import Message
from sync.publish.outlets import AppriseOutlet, Outlet, Unsent, beat, outlets
from tests.support.needed import needed

MESSAGE = Message(
    Event.FAILED,
    "[production] customers: failed",
    "Environment: production\nWhat: <b> & *stars*\nNext: chartmogul-sync report r1",
)
SECRET = "plantedQ7xV2kZ92"
#: Apprise asks an old module of Python whether it is there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Requests(list[tuple[str, str, bytes]]):
    """What a server was asked: method, path, body."""


@contextmanager
def server(status: int = 200) -> abc.Iterator[tuple[str, Requests]]:
    """An HTTP server that answers everything so; its host and port."""
    asked = Requests()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            asked.append((self.command, self.path, self.rfile.read(length)))
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")  # what Slack says

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{served.server_port}", asked
    finally:
        served.shutdown()
        thread.join()
        served.server_close()


@contextmanager
def silence() -> abc.Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def opened(*urls: str) -> tuple[list[Outlet], list[str]]:
    """The ways out of these URLs, and the warnings."""
    needed("apprise")
    warnings: list[str] = []
    return outlets(urls, warnings.append), warnings


def test_http():
    """A message arrives as it is, with its title and its kind."""
    with server() as (place, asked):
        (outlet,), warnings = opened(f"json://user:{SECRET}@{place}/hook")
        outlet.send(MESSAGE)
    ((method, path, body),) = asked
    told = json.loads(body)
    assert (method, path, warnings) == ("POST", "/hook", [])
    assert (told["title"], told["message"], told["type"]) == (
        MESSAGE.title,
        MESSAGE.body,
        "failure",
    )


def test_slack():
    """Slack gets title and text, with what is its own markup made harmless."""
    needed("apprise")
    from apprise.plugins.slack import NotifySlack

    with pytest.MonkeyPatch.context() as patch, server() as (place, asked):
        patch.setattr(NotifySlack, "webhook_url", f"http://{place}/services")
        (outlet,), _ = opened("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops")
        outlet.send(MESSAGE)
    ((_, path, body),) = asked
    (attachment,) = json.loads(body)["attachments"]
    assert path == "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    assert attachment["title"] == MESSAGE.title
    assert "What: &lt;b&gt; &amp;" in attachment["text"]


def test_mail():
    """A mail has the title as its subject, and shows the text line by line."""
    needed("aiosmtpd")
    from aiosmtpd.controller import Controller

    class Mailbox:
        def __init__(self) -> None:
            self.mails: list[bytes] = []

        async def handle_DATA(self, _server, _session, envelope) -> str:
            self.mails.append(envelope.content)
            return "250 OK"

    mailbox = Mailbox()
    with silence() as place:  # a port that is free once this is over
        pass
    controller = Controller(mailbox, hostname="127.0.0.1", port=int(place.split(":")[1]))
    controller.start()
    try:
        (outlet,), _ = opened(
            f"mailto://{place}?from=sync@example.com&to=ops@example.com&mode=insecure"
        )
        outlet.send(MESSAGE)
    finally:
        controller.stop()
    (mail,) = mailbox.mails
    read = email.message_from_bytes(mail, policy=policy.default)
    body = read.get_body(("plain",))
    assert read["Subject"] == MESSAGE.title
    assert read["To"].addresses[0].addr_spec == "ops@example.com"
    assert body is not None
    assert body.get_content().split() == MESSAGE.body.split()


def test_a_server_that_says_no():
    """A refused message is not sent, and the reason holds no secret."""
    with server(500) as (place, _):
        (outlet,), _ = opened(f"json://user:{SECRET}@{place}/hook")
        with pytest.raises(Unsent, match="could not be reached, or refused") as caught:
            outlet.send(MESSAGE)
    assert SECRET not in str(caught.value) + repr(outlet) + outlet.name


def test_a_server_that_hangs(capfd):
    """It is given up, and left alone from then on."""
    with silence() as place:
        (outlet,), _ = opened(f"json://user:{SECRET}@{place}/hook?rto=60")
        assert isinstance(outlet, AppriseOutlet)
        outlet.patience = 0.2
        began = time.monotonic()
        with pytest.raises(Unsent, match=r"did not answer within 0\.2 seconds"):
            outlet.send(MESSAGE)
        with pytest.raises(Unsent, match="did not answer the message before"):
            outlet.send(MESSAGE)
        assert time.monotonic() - began < 5
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"nonsense://{SECRET}", "URL 1 (nonsense://…)"),
        (f"slack://{SECRET}", "URL 1 (slack://…)"),
        (SECRET, "URL 1"),
    ],
)
def test_a_wrong_url(url, name, capfd):
    """It is a warning that names its place and kind alone; the others are told all the same."""
    found, warnings = opened(url, "json://127.0.0.1:1")
    assert warnings == [
        f"SYNC_NOTIFY: {name} is none that Apprise knows: github.com/caronc/apprise"
    ]
    assert [one.name for one in found] == ["URL 2 (json://…)"]
    assert SECRET not in capfd.readouterr().err


def test_the_heartbeat():
    """A GET of the URL as it stands."""
    with server() as (place, asked):
        beat(f"http://{place}/ping/{SECRET}?a=b")
    assert [(method, path) for method, path, _ in asked] == [("GET", f"/ping/{SECRET}?a=b")]


@pytest.mark.parametrize(
    "url", ["", SECRET, f"file:///etc/{SECRET}", f"http://h:port/{SECRET}", f"https://h/ {SECRET}"]
)
def test_a_heartbeat_that_is_no_url(url):
    """It is said, without a word of it."""
    with pytest.raises(Unsent, match="it is no address such as") as caught:
        beat(url)
    assert SECRET not in str(caught.value)


def test_a_heartbeat_that_fails():
    """An answer that says no, nobody there, and silence: each is said in time, and without the URL."""
    with server(404) as (place, _), pytest.raises(Unsent, match="it answered 404"):
        beat(f"http://{place}/{SECRET}")
    with pytest.raises(Unsent, match=r"it could not be reached \(URLError\)") as caught:
        beat(f"http://127.0.0.1:1/{SECRET}")
    assert SECRET not in str(caught.value)
    with silence() as place, pytest.raises(Unsent, match="it did not answer in time"):
        beat(f"http://{place}/{SECRET}", patience=0.2)
