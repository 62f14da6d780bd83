"""Failures on demand."""

import re
from http.client import HTTPConnection

import pytest

from sync.sandbox.faults import Fault, read_fault
from sync.sandbox.sandbox import DATA_SOURCE, KEY
from tests.unit.sandbox.exchange import credentials


def create(call, external_id):
    """Try to make a customer."""
    return call("POST", "/customers", {"data_source_uuid": DATA_SOURCE, "external_id": external_id})


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("how", [{"status": 503}, {"drop": True}])
def test_an_answer_is_lost_before_or_after_the_effect(call, sandbox, when, made, how):
    """The client sees the same, the world does not."""
    sandbox.fail(method="POST", when=when, **how)
    answer = create(call, "a")
    assert (answer.status == 503) != answer.dropped
    assert len(sandbox.world.customers) == made


def test_a_fault_strikes_every_nth_match_so_many_times(call, sandbox):
    """Requests that do not match are not counted."""
    sandbox.fail(path="/v1/ping", status=500, every=3, times=2)
    statuses = []
    for _ in range(10):
        statuses.append(call("GET", "/ping").status)
        call("GET", "/account")
    assert statuses == [200, 200, 500, 200, 200, 500, 200, 200, 200, 200]


@pytest.mark.parametrize(
    ("method", "path", "struck"),
    [("*", "*", True), ("POST", "/v1/customers*", True), ("P*", "*/tags", True),
     ("GET", "*", False), ("*", "/v1/customers", False)],
)  # fmt: skip
def test_method_and_path_are_globs(call, sandbox, method, path, struck):
    """A path without a star is the whole path."""
    made = call.create()
    sandbox.fail(method=method, path=path, status=502)
    answer = call("POST", f"/customers/{made['uuid']}/attributes/tags", {"tags": ["a"]})
    assert (answer.status == 502) == struck


def test_the_first_of_several_faults_strikes(call, sandbox):
    """The second takes over when the first is spent."""
    sandbox.fail(status=500, times=1)
    sandbox.fail(status=502)
    assert [call("GET", "/ping").status for _ in range(2)] == [500, 502]
    sandbox.faults.clear()
    assert call("GET", "/ping").status == 200


def test_a_body_may_be_replaced(call, sandbox):
    """As a gateway's page, with its own type and header."""
    sandbox.fail(status=504, body="<h1>", content_type="text/html", retry_after=3)
    answer = call("GET", "/ping")
    assert (answer.status, answer.body) == (504, b"<h1>")
    assert answer.headers == {"content-type": "text/html", "retry-after": "3"}


def test_a_body_alone_leaves_the_effect(call, sandbox):
    """Status 201 with something that is no JSON."""
    sandbox.fail(method="POST", body="oops", times=1)
    answer = create(call, "a")
    assert (answer.status, answer.body) == (201, b"oops")
    assert len(sandbox.world.customers) == 1


def test_an_answer_may_be_cut_in_half(call, sandbox):
    """The effect is there, the JSON is not."""
    sandbox.fail(method="POST", truncate=True)
    answer = create(call, "a")
    assert len(sandbox.world.customers) == 1
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json  # noqa: B018


def test_a_delay_holds_the_answer_back(call, sandbox):
    """And changes nothing else."""
    sandbox.fail(delay=1.5)
    answer = call("GET", "/ping")
    assert (answer.status, answer.delay) == (200, 1.5)


@pytest.mark.parametrize(("status", "message"), [(500, "Internal Server Error"), (520, "Unknown")])
def test_a_status_brings_a_body_of_its_own(call, sandbox, status, message):
    """In shape a, also for statuses that have no name."""
    sandbox.fail(status=status)
    assert call("GET", "/ping").json == {"code": status, "message": message, "param": None}


def test_a_204_has_no_body(call, sandbox):
    """As HTTP demands."""
    sandbox.fail(status=204)
    assert call("GET", "/ping").body == b""


def test_requests_are_remembered_with_what_became_of_them(call, sandbox, clock):
    """Bodies too, keys never."""
    sandbox.fail(path="/v1/ping", drop=True)
    create(call, "a")
    call("GET", "/ping")
    clock.now += 1
    sandbox.answer("POST", "/v1/customers", {"x": "y"}, credentials(KEY), b"{")
    posts = sandbox.calls("POST", "/v1/cust*")
    assert [one.status for one in posts] == [201, 400]
    assert [one.json and one.json["external_id"] for one in posts] == ["a", None]
    assert ({"x": "y"}, clock.now) == (posts[1].query, posts[1].at)
    assert [one.dropped for one in sandbox.calls("GET")] == [True]
    assert KEY not in repr(sandbox.requests)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"every": 0}, "every is a whole number from 1 to 1,000,000,000, not 0."),
        ({"when": "never"}, 'when is "before" or "after", not "never".'),
        ({"status": 99}, "status is a whole number from 200 to 599 or null, not 99."),
        ({"delay": "x"}, 'delay is a number from 0 to 86,400, not "x".'),
        ({"drop": 1}, "drop is true or false, not 1."),
        ({"endless": "yes"}, 'endless is "same_cursor" or "new_cursor" or "empty_pages" or null,'
         ' not "yes".'),
        ({"location": "a\nb"}, "location is a text of Latin-1 without line ends: it goes into a"
         " header."),
        ({"content_type": "✓"}, "content_type is a text of Latin-1 without line ends: it goes into"
         " a header."),
        ([], "A JSON object is wanted, not []."),
    ],
)  # fmt: skip
def test_a_wrong_fault_is_refused(wrong, message):
    """With a ValueError that says what it may be."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_fault(wrong)


def test_an_unknown_key_of_a_fault_is_refused():
    """With the names of those that there are."""
    with pytest.raises(ValueError, match=r'^"colour" is none of method, path, status, drop, when'):
        read_fault({"colour": "red"})


def test_there_is_an_end_to_faults(sandbox):
    """A thousand may be in force."""
    for _ in range(1_000):
        sandbox.fail(path="/v1/nowhere")
    with pytest.raises(ValueError, match="1,000 faults"):
        sandbox.fail()


def test_a_fault_reads_back():
    """Every key of the JSON is an argument."""
    assert read_fault({"method": "POST", "status": 500, "delay": 1}) == Fault(
        method="POST", status=500, delay=1.0
    )


#: Statuses that firewalls and proxies answer with, ChartMogul never.
FOREIGN = (
    400, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 413, 414, 415, 417, 418, 421, 422, 423,
    425, 426, 428, 429, 431, 444, 451, 495, 499, 500, 502, 503, 504, 520, 524, 525, 530, 598,
)  # fmt: skip


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("status", FOREIGN)
def test_somebody_on_the_way_may_answer(call, sandbox, status, when, made):
    """With a page of HTML, the request carried out or not."""
    sandbox.fail(status=status, page=True, when=when)
    answer = create(call, "a")
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f"<title>{status} ".encode() in answer.body
    assert len(sandbox.world.customers) == made


@pytest.mark.parametrize(("fault", "made"), [({"status": 200}, 0), ({}, 1)])
def test_a_login_page_is_no_answer(call, sandbox, fault, made):
    """200 and HTML: a portal before the request gets out, or an answer that got lost behind it."""
    sandbox.fail(page=True, **fault)
    answer = create(call, "a")
    assert (answer.status, answer.headers["content-type"][:9]) == (
        fault.get("status", 201),
        "text/html",
    )
    assert b"Please log in" in answer.body
    assert len(sandbox.world.customers) == made


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_anything_may_be_answered_with_304(call, sandbox, when, made):
    """No body, no type, also to a create or a look-up."""
    sandbox.fail(status=304, when=when)
    for answer in (create(call, "a"), call("GET", "/customers")):
        assert (answer.status, answer.body, dict(answer.headers)) == (304, b"", {})
    assert len(sandbox.world.customers) == made


@pytest.mark.parametrize(
    "location",
    [
        "https://login.example/",
        "",
        "//",
        "http://[::1",
        "/v1/customers",
        "ht!tp://%zz",
        "\xe9",
        None,
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_may_point_anywhere(running, status, location):
    """Also nowhere, over real HTTP."""
    running.sandbox.fail(status=status, location=location)
    host, port = running.root.removeprefix("http://").split(":")
    connection = HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/v1/ping")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("location")) == (status, location)
    connection.close()


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", ""])
def test_the_type_alone_may_be_wrong(call, sandbox, kind):
    """The body is JSON all the same, and the effect is there."""
    sandbox.fail(content_type=kind)
    answer = create(call, "a")
    assert (answer.status, answer.headers["content-type"]) == (201, kind)
    assert answer.json["external_id"] == "a"
