"""Attempts and waits, one test for each rule of asking again; and what never leaves the process."""

import asyncio
import base64
import logging
import ssl
from contextlib import suppress

import httpx
import pytest
from pydantic import SecretStr

from sync import __version__
from sync.chartmogul import connection
from sync.chartmogul.client import Client
from sync.chartmogul.connection import open_http
from sync.chartmogul.pace import Pace, Start
from sync.chartmogul.transport import Transport
from sync.domain.results import Requests
from sync.errors import (
    AlreadyExists,
    Denied,
    Outage,
    RailError,
    Refused,
    SyncError,
    Unavailable,
)
from tests.unit.chartmogul.scene import KEY, URL, answer, scene

ACCOUNT = {"name": "Example", "currency": "EUR"}
#: The answer to the question whether ChartMogul is there at all.
ALIVE = answer(200, ACCOUNT)
CUSTOMER = {"uuid": "cus_1", "name": "Ada"}
CONTACT = {"uuid": "con_1"}

BROKEN = [
    httpx.ReadError("lost"),
    httpx.RemoteProtocolError("lost"),
    httpx.ReadTimeout("lost"),
    httpx.WriteTimeout("lost"),
    httpx.DecodingError("lost"),
    ssl.SSLError("lost"),
]
UNSENT = [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")]


@pytest.mark.parametrize(
    "trouble",
    [
        *(answer(status, "x") for status in (429, 500, 502, 503, 504, 520)),
        *BROKEN,
        *UNSENT,
        answer(200, "<html>Please log in</html>"),
        answer(200, b'{"name": "Exa'),
        answer(200),
        answer(200, ["wrong shape"]),
    ],
)
async def test_reading_is_tried_again(trouble):
    """A GET survives 429, any 5xx, broken connections, and answers that are none."""
    s = scene(trouble, answer(200, ACCOUNT))

    assert (await s.client.account()).name == "Example"
    assert s.waits == [1.0]
    assert (s.requests.total, s.requests.retried) == (2, 1)


@pytest.mark.parametrize("trouble", [answer(429), answer(503), answer(500), *BROKEN[:2]])
async def test_changes_are_tried_again(trouble):
    """PATCH, DELETE and POST of attributes and tags may be carried out twice."""
    fields = {"name": "Ada", "attributes.a": None, "tags": ("t",)}
    s = scene(
        trouble,
        answer(200, CUSTOMER),
        trouble,
        answer(204),
        trouble,
        answer(200, {"tags": ["t"]}),
    )
    written = await s.client.update_customer("cus_1", fields, {}, frozenset())

    assert written.requests == 6
    assert s.requests.methods == {"PATCH": 2, "DELETE": 2, "POST": 2}
    assert s.script.bodies[2:4] == [{"custom": ["a"]}] * 2


@pytest.mark.parametrize("trouble", [answer(429), *UNSENT])
async def test_creates_are_repeated_if_surely_not_carried_out(trouble):
    """After 429, or when the connection was never made."""
    s = scene(trouble, answer(201, CUSTOMER))
    assert (await s.client.create_customer("ds_1", "c1", {}, {})).uuid == "cus_1"
    assert s.requests.methods == {"POST": 2}
    if not isinstance(trouble, Exception):
        return
    s = scene(trouble, answer(201, CONTACT))
    assert (await s.client.create_contact("ds_1", "cus_1", {})).uuid == "con_1"
    assert s.requests.methods == {"POST": 2}


async def test_a_contacts_create_is_not_even_repeated_after_429():
    """It is documented as not carried out; who can look, looks first, for nobody finds two contacts one too many."""
    s = scene(answer(429, Retry_After="7"))
    with pytest.raises(Unavailable) as caught:
        await s.client.create_contact("ds_1", "cus_1", {})

    error = caught.value
    assert (error.sent, error.declined, error.retry_after, s.waits) == (False, True, 7.0, [])


PAGE = "<html><title>Blocked</title></html>"


async def test_a_firewalls_403_is_one_requests_matter():
    """GET /account is asked once and answered: the request is tried again, as after a 502."""
    s = scene(answer(403, PAGE), ALIVE, *[answer(403, PAGE)] * 5, ALIVE)
    with pytest.raises(Unavailable) as caught:
        await s.client.update_contact("con_1", {"title": "Dr"})

    error = caught.value
    assert (error.answered.status, error.answered.garbled, error.answered.attempts) == (
        403,
        True,
        6,
    )
    assert s.script.lines[1] == "GET /v1/account"
    assert s.requests.methods == {"PATCH": 6, "GET": 2}
    assert s.waits == [1, 2, 4, 8, 16]


async def test_a_firewalls_403_to_everything_ends_the_run():
    """GET /account is forbidden as well: no row can get round it, and nothing more is sent."""
    s = scene(answer(403, PAGE), answer(403, PAGE))
    with pytest.raises(Denied) as caught:
        await s.client.create_contact("ds_1", "cus_1", {})
    assert caught.value.answered.garbled  # the create may have been carried out
    with pytest.raises(Denied) as caught:
        await s.client.create_contact("ds_1", "cus_1", {})
    assert not caught.value.answered.garbled  # this one was not sent
    assert len(s.script.requests) == 2


async def test_a_lost_create_is_not_forgotten_for_want_of_requests():
    """With no request left to ask with, the answer is as lost as any."""
    s = scene(answer(403, PAGE), budget=1)
    with pytest.raises(Unavailable) as caught:
        await s.client.create_contact("ds_1", "cus_1", {})
    assert caught.value.sent


async def test_a_proxy_that_wants_a_password_ends_the_run():
    """Whoever asks for it: no row can get round, and nothing was sent."""
    s = scene(httpx.ProxyError("407 Proxy Authentication Required"))
    with pytest.raises(Denied, match="407 Proxy Authentication Required") as caught:
        await s.client.create_contact("ds_1", "cus_1", {})
    assert not caught.value.answered.garbled
    assert "HTTPS_PROXY" in caught.value.hint


@pytest.mark.parametrize(
    ("trouble", "status", "busy"),
    [
        (answer(503, "busy"), 503, True),
        (answer(500, "x"), 500, False),
        *((error, None, False) for error in BROKEN),
        (answer(201), 201, False),
        (answer(201, "<html>"), 201, False),
        (answer(201, {"no": "uuid"}), 201, False),
    ],
)
async def test_creates_are_never_repeated_blindly(trouble, status, busy):
    """A create that may have been carried out raises at once: the caller looks first."""
    for create in (
        lambda client: client.create_customer("ds_1", "c1", {}, {}),
        lambda client: client.create_contact("ds_1", "cus_1", {}),
    ):
        s = scene(trouble)
        with pytest.raises(Unavailable) as caught:
            await create(s.client)

        error = caught.value
        assert (error.sent, error.busy, error.answered.status) == (True, busy, status)
        assert (error.answered.attempts, s.waits) == (1, [])


async def test_six_attempts_at_most():
    """5xx and broken connections end after six, with doubling waits and the last answer."""
    s = scene(*[answer(502, "no")] * 6, ALIVE)
    with pytest.raises(Unavailable) as caught:
        await s.client.account()

    assert s.waits == [1, 2, 4, 8, 16]
    assert caught.value.message == "GET /account was answered 502"
    assert (caught.value.sent, caught.value.busy) == (True, False)
    assert (caught.value.answered.attempts, caught.value.answered.body) == (6, "no")


@pytest.mark.parametrize(("status", "busy", "sent"), [(429, False, False), (503, True, True)])
async def test_ten_attempts_where_told_to_wait(status, busy, sent):
    """429 and 503 ask for patience: ten attempts, waits up to a minute."""
    s = scene(*[answer(status)] * 10, ALIVE, outage=10_000)
    with pytest.raises(Unavailable) as caught:
        await s.client.account()

    assert s.waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert (caught.value.busy, caught.value.sent) == (busy, sent)
    assert s.requests.throttled == 10


async def test_being_told_to_wait_leaves_the_other_attempts():
    """What only asked for patience takes none of the six attempts away, in whatever order."""
    answers = [*[answer(429)] * 9, *[answer(502)] * 5, answer(200, ACCOUNT)]
    s = scene(*answers, outage=10_000)

    assert (await s.client.account()).name
    assert (s.requests.total, s.requests.throttled) == (15, 9)
    assert s.waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 1, 2, 4, 8, 16]


async def test_sent_remembers_every_attempt():
    """That an attempt may have been carried out is not forgotten for a later one."""
    s = scene(httpx.ReadError("lost"), *[httpx.ConnectError("x")] * 5, ALIVE)
    with pytest.raises(Unavailable) as caught:
        await s.client.update_contact("con_1", {"title": "Dr"})

    assert caught.value.sent
    assert caught.value.answered.status is None


async def test_nothing_sent_is_known():
    """Where no connection was ever made, the caller may rely on it."""
    s = scene(*[httpx.ConnectError("no route")] * 6, ALIVE)
    with pytest.raises(Unavailable) as caught:
        await s.client.create_customer("ds_1", "c1", {}, {})

    assert not caught.value.sent
    message = "POST /customers could not be sent to api.example.com: ConnectError: no route"
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("header", "wait"),
    [("7", 7.0), ("3600", 120.0), ("Sat, 31 Jan 2026 10:00:09 GMT", 9.0), ("soon", 1.0)],
)
async def test_retry_after_is_honoured(header, wait):
    """Seconds or a date, capped; anything else counts as missing."""
    s = scene(answer(429, Retry_After=header), answer(200, ACCOUNT))
    await s.client.account()

    assert s.waits == [wait]


async def test_refusals_are_not_repeated():
    """4xx is an answer: one attempt, and the error carries what was said."""
    body = {"code": 422, "message": "No address.", "param": "email"}
    s = scene(answer(500), answer(422, body))
    with pytest.raises(Refused) as caught:
        await s.client.update_contact("con_1", {"email": "x"})

    assert caught.value.message == "email: No address."
    assert (caught.value.answered.status, caught.value.answered.attempts) == (422, 2)


@pytest.mark.parametrize("location", [{}, {"Location": "mailto:x"}, {"Location": "https://a:b:c/"}])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_with_a_broken_place_is_one_too(status, location):
    """The address is wrong, and that is said at once: it is no outage."""
    s = scene(answer(status, **location))
    with pytest.raises(Denied, match=rf"answers with a redirect.* \({status}\)"):
        await s.client.account()

    assert s.waits == []


async def test_a_taken_id_is_told_apart():
    """The caller looks it up and updates."""
    s = scene(answer(422, {"errors": {"external_id": "… already exists in our system."}}))
    with pytest.raises(AlreadyExists):
        await s.client.create_customer("ds_1", "c1", {}, {})


async def test_failures_for_a_minute_are_an_outage():
    """The run ends with the last error, whichever requests the failures came from."""
    s = scene(*[answer(502)] * 13)
    with pytest.raises(Outage, match="the last one: GET /account was answered 502"):
        await s.client.customer("cus_1")
    assert sum(s.waits) == 61
    assert s.told == [
        "ChartMogul does not answer (GET /customers/cus_1 was answered 502): the run pauses, and ends"
        " if that lasts for 60 seconds"
    ]


async def test_a_pause():
    """While nobody is answered, one question asks whether it is over; then everything goes on where it was."""
    s = scene(*[answer(502)] * 6, answer(502), answer(503), ALIVE, answer(200, CUSTOMER))
    seen = await s.client.customer("cus_1")
    assert seen.uuid
    assert [line.rpartition("/")[2] for line in s.script.lines[5:]] == [
        "cus_1", "account", "account", "account", "cus_1",
    ]  # fmt: skip
    assert s.waits == [1, 2, 4, 8, 16, 5, 5]
    assert s.told[1] == "ChartMogul answers again, after 41 seconds"


async def test_a_pause_repeats_no_create():
    """What may have been carried out is left to those who can look."""
    s = scene(answer(502))
    with pytest.raises(Unavailable):
        await s.client.create_contact("ds_1", "cus_1", {})
    assert s.requests.total == 1


async def test_a_pause_ends_when_the_run_is_asked_to_end():
    """The failure is what remains."""
    s = scene(*[answer(502)] * 7, stopping=lambda: len(s.waits) > 5)
    with pytest.raises(Unavailable):
        await s.client.customer("cus_1")


@pytest.mark.parametrize("life", [answer(200, CUSTOMER), answer(404, {"error": "x"}), answer(429)])
async def test_any_answer_is_life(life):
    """A refusal or a 429 shows that ChartMogul is there; only silence and 5xx are an outage."""
    s = scene(*[answer(502)] * 6, ALIVE, life, *[answer(502)] * 5, *[answer(200, CUSTOMER)] * 2)
    while s.script.replies:
        with suppress(Unavailable, Refused):
            await s.client.customer("cus_1")

    assert sum(s.waits) > 60


async def test_a_wall_of_429_ends_the_run():
    """Rows are not tried one after the other, each for minutes, where ten minutes brought nothing but 429."""
    s = scene(*[answer(429)] * 100)
    ends: list[type[SyncError]] = []
    while Outage not in ends:
        try:
            await s.client.customer("cus_1")
        except (Unavailable, Outage) as error:
            ends.append(type(error))

    assert ends[:-1] == [Unavailable] * 2
    assert 600 <= sum(s.waits) < 720
    assert s.requests.total < 35


async def test_stopping_ends_the_waiting_at_once():
    """Once a run is being interrupted, a failure is final."""
    s = scene(answer(502), stopping=lambda: True)
    with pytest.raises(Unavailable):
        await s.client.account()

    assert s.waits == []


async def test_stopping_during_a_wait_sends_nothing_more():
    """The sleep returns early, and what failed before is what remains."""
    s = scene(answer(502), stopping=lambda: bool(s.waits))
    with pytest.raises(Unavailable) as caught:
        await s.client.account()

    assert (s.waits, s.requests.total) == ([1.0], 1)
    assert caught.value.answered.attempts == 1


async def test_a_first_request_is_sent_while_stopping():
    """What was begun is finished: stopping only forbids waiting."""
    s = scene(answer(200, ACCOUNT), stopping=lambda: True)

    assert (await s.client.account()).name == "Example"


async def test_the_budget_stops_the_request_over_it():
    """Repeats count, too; the message names the count, the limit and the way out."""
    s = scene(answer(502), answer(200, ACCOUNT), budget=2)
    await s.client.account()
    with pytest.raises(RailError) as caught:
        await s.client.account()

    assert s.requests.total == 2
    assert caught.value.message == "2 requests are made, and limits.max_requests is 2"
    assert "max_requests" in caught.value.hint


async def test_counts_are_kept_apart():
    """Each mapping has counts of its own over the same connections."""
    s = scene(answer(200, ACCOUNT), answer(503), answer(200, ACCOUNT))
    mine = Requests()
    await s.client.account()
    await s.client.counting(mine).account()

    assert (s.requests.methods, s.requests.throttled) == ({"GET": 1}, 0)
    assert (mine.methods, mine.retried, mine.throttled) == ({"GET": 2}, 1, 1)


async def test_pace_learns_from_answers():
    """429 lowers the tempo, 503 the parallelism, and answers raise both again."""
    s = scene(answer(429), answer(503), answer(200, ACCOUNT), answer(404, {"error": "x"}))
    await s.client.account()
    cut = (s.pace.allowance, s.pace.connections)
    with pytest.raises(Refused):
        await s.client.customer("cus_1")

    assert cut == pytest.approx((40 / 1.02 * 0.7 + 0.05, 10))
    assert s.pace.allowance == pytest.approx(40 / 1.02 * 0.7 + 0.1)


async def test_waits_hold_neither_slot_nor_turn():
    """While a request waits to be repeated, its slot is free for others."""
    s = scene(answer(502), answer(200, ACCOUNT))
    held: list[int] = []
    transport = s.client._transport

    async def sleep(seconds: float) -> None:
        held.append(s.pace.under_way)

    object.__setattr__(transport.waiting, "sleep", sleep)
    await s.client.account()

    assert held == [0]


async def test_an_answer_that_drips_is_given_up():
    """The time-out is for the request as a whole, not for each of its bytes."""

    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    s = scene(never, timeout=0.01)
    with pytest.raises(Unavailable) as caught:
        await s.client.create_contact("ds_1", "cus_1", {})

    assert (caught.value.sent, caught.value.message) == (
        True,
        "POST /contacts was not answered in time",
    )
    assert s.pace.under_way == 0


async def test_a_cancelled_request_gives_its_slot_back():
    """Nothing leaks when a run is torn down."""

    asked = asyncio.Event()

    async def never(request: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    s = scene(never)
    task = asyncio.ensure_future(s.client.account())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert s.pace.under_way == 0


async def test_a_request_leaves_at_its_turn():
    """Over real connections there is a turn after the connection is open, one for each request."""
    departed: list[Start] = []
    gone: list[Start] = []

    class Watched(Pace):
        async def depart(self) -> Start:
            departed.append(await super().depart())
            return departed[-1]

        def departed(self, start: Start) -> None:
            super().departed(start)
            gone.append(start)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        assert len(departed) == 1
        body = b'{"name": "Example"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_http(f"http://127.0.0.1:{port}/v1", SecretStr(KEY), 30, 20) as http:
        account = await Client(Transport(http, Watched())).account()

    assert (account.name, len(departed)) == ("Example", 1)
    assert gone == departed


async def test_idle_connections_are_left(monkeypatch: pytest.MonkeyPatch):
    """A server may close one in the moment in which it is used again; nobody would know what became of the request."""
    assert connection.IDLE < 5, "what many servers wait for"
    monkeypatch.setattr(connection, "IDLE", 0.05)
    opened = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_http(f"http://127.0.0.1:{port}/v1", SecretStr(KEY), 30, 20) as http:
        for pause in (0.0, 0.0, 0.2):
            await asyncio.sleep(pause)
            await http.get("/account")

    assert len(opened) == 2


async def test_redirects_are_never_followed():
    """The key would go to whoever is named, even if a client was opened that would follow."""
    s = scene(answer(302, Location="https://evil.example.com/v1/account"))
    s.client._transport.http.follow_redirects = True
    with pytest.raises(Denied, match=r"redirect to https://evil\.example\.com \(302\)"):
        await s.client.account()

    assert s.script.lines == ["GET /v1/account"]


async def test_an_address_that_is_none_is_denied():
    """A misspelt scheme is the user's to mend, not time's to heal."""
    s = scene(httpx.UnsupportedProtocol("ftp"))
    with pytest.raises(Denied, match="CHARTMOGUL_API_URL is no address"):
        await s.client.account()


async def test_requests_carry_key_agent_and_type(tmp_path, monkeypatch):
    """The key is the user name, the password empty, whatever a netrc file says."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    s = scene(answer(200, ACCOUNT), answer(201, CUSTOMER))
    await s.client.account()
    await s.client.create_customer("ds_1", "c1", {}, {})
    get, post = s.script.requests

    assert get.headers["Authorization"] == "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
    assert get.headers["User-Agent"] == f"chartmogul-sync/{__version__}"
    assert "Content-Type" not in get.headers
    assert post.headers["Content-Type"] == "application/json"
    assert str(get.url) == f"{URL}/account"


async def test_the_key_shows_nowhere():
    """Neither in what is printed of the objects nor in errors."""
    s = scene(answer(401, {"code": 401, "message": "No valid API key provided", "param": None}))
    http = open_http(URL, SecretStr(KEY), 30, 20)
    with pytest.raises(Denied) as caught:
        await s.client.account()
    error = caught.value
    texts = [repr(s.client), repr(s.client._transport), repr(http), repr(http.auth), repr(error)]
    await http.aclose()

    assert error.message.endswith("(401): No valid API key provided")
    encoded = base64.b64encode(KEY.encode()).decode()
    assert not [text for text in [*texts, error.hint, str(error)] if KEY in text or encoded in text]


async def test_nothing_personal_is_logged(caplog):
    """External ids and e-mails stand in URLs, which httpx would log."""
    caplog.set_level(logging.DEBUG)
    page = {"entries": [], "has_more": False, "cursor": None}
    s = scene(answer(502), answer(200, page))
    await s.client.find_customer("ds_1", "ada@example.com")

    assert "ada" not in caplog.text


async def test_a_client_needs_only_http_and_pace():
    """Everything else has a default that waits for real."""
    s = scene(answer(200, ACCOUNT))

    assert (await Client(Transport(s.client._transport.http, s.pace)).account()).name == "Example"
