"""Statuses and error bodies: who has to act, in which words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.chartmogul import account, customers
from sync.chartmogul.verdict import SHOWN, Failure, judge
from sync.domain.record import AttributeType
from sync.errors import AlreadyExists, ChartMogulError, Denied, NotFound, Refusal, Refused
from tests.unit.chartmogul.scene import recorded

CREATE = customers.create("ds_1", "c1", {}, {})
CHANGE = customers.update("cus_1", {"name": "Ada"}, {})
RECORDED = (
    "customers-list",
    "customers-retrieve",
    "customers-search",
    "customers-update",
    "contacts-retrieve",
    "data-sources-create",
    "data-sources-delete",
    "errors-client-fixtures",
    "ping",
)
HTML = b"<!DOCTYPE html><html><head><title>Oops! That page doesn't exist.</title></head></html>"


def verdict(status, body=b"", call=CHANGE, location=""):
    """Judge an answer; objects are written as JSON first."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge(call, status, raw, location)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_successes_are_none(status):
    """Every 2xx that was ever recorded is good."""
    assert verdict(status) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"code": 422, "message": "No.", "param": "email"}, [Refusal("email", "No.")]),
        ({"code": 401, "message": "No.", "param": None}, [Refusal("", "No.")]),
        ({"errors": {"a": "x", "b": ["y", "z"]}}, [("a", "x"), ("b", "y"), ("b", "z")]),
        ({"errors": {"a": {"deep": 1}}}, [("a", '{"deep": 1}')]),
        ({"errors": ["x", "y"]}, [("", "x"), ("", "y")]),
        ({"error": "Data source not found"}, [("", "Data source not found")]),
        (
            {"error": "No", "error_details": [{"param": "uuid", "code": "bad", "message": "No!"}]},
            [("uuid", "No!")],
        ),
        (
            {"error_details": [{"param": "uuid", "code": "blank"}, "odd"]},
            [("uuid", "blank"), ("", "odd")],
        ),
        ({"name": ["Name can't be blank"]}, [("name", "Name can't be blank")]),
        ({"error": "No", "error_details": []}, [("", "No")]),
        ({"message": "No.", "param": None, "request": "r1"}, [("", "No.")]),
    ],
)
def test_five_shapes_of_error_bodies_are_read(body, expected):
    """Fields and words come out of each; a key more beside a message and its parameter does no harm."""
    error = verdict(422, body)

    assert type(error) is Refused
    assert error.answered.refusals == tuple(
        r if isinstance(r, Refusal) else Refusal(*r) for r in expected
    )


#: What gateways, firewalls and proxies answer with.
FOREIGN = [
    HTML,
    b"Bad Gateway",
    b"",
    b"null",
    b"[1, 2]",
    b'{"errors": {"email": "is inv',
    b'"no"',
    {},
    {"errors": {}},
    {"message": "Forbidden"},
    {"message": None, "param": "email"},
    {"code": 422, "message": "No", "status": "INVALID_ARGUMENT"},
    {"code": "InvalidRequest", "message": "No"},
    {"code": 10001, "message": "No"},
    {"error": {"code": 403, "message": "No", "status": "PERMISSION_DENIED"}},
    {
        "success": False,
        "errors": [{"code": 10000, "message": "No"}],
        "messages": [],
        "result": None,
    },
    {"timestamp": "2026-01-31", "status": 404, "error": "Not Found", "path": "/v1/customers"},
    {"type": "about:blank", "title": "Bad Request", "status": 400, "errors": {"email": ["No"]}},
    {"error_details": []},
]
ELSE = [
    400,
    403,
    404,
    405,
    406,
    408,
    409,
    410,
    411,
    413,
    414,
    421,
    422,
    425,
    426,
    428,
    431,
    451,
    499,
]


@pytest.mark.parametrize("status", ELSE)
@pytest.mark.parametrize("body", FOREIGN, ids=str)
def test_what_somebody_else_says_is_no_answer(status, body):
    """It says nothing of the record: neither refused, nor gone, nor that it was not carried out."""
    failure = verdict(status, body)

    assert isinstance(failure, Failure)
    assert (failure.sent, failure.foreign, failure.status) == (True, True, status)
    assert failure.message.startswith(f"PATCH /customers/cus_1 was answered {status}, but not by")
    assert failure.forbidden is (status == 403)


@pytest.mark.parametrize("status", [408, 421, 425, 499])
def test_what_is_about_the_way_says_nothing_of_the_record(status):
    """HTTP itself says so: a request came too late, too early, to somebody else, or nobody waited for its answer."""
    failure = verdict(status, {"code": status, "message": "Not now", "param": None})

    assert isinstance(failure, Failure)
    assert (failure.sent, failure.foreign) == (True, True)
    assert failure.message == f"PATCH /customers/cus_1 was answered {status}: Not now"


def test_words_of_strangers_are_told():
    """The title of a page, or its text, may be all there is to go by."""
    said = "PATCH /customers/cus_1 was answered 422, but not by ChartMogul"
    assert verdict(422, HTML).message == f"{said}: Oops! That page doesn't exist."
    assert verdict(422, b"Blocked").message == f"{said}: Blocked"
    assert verdict(422, b"").message == f"{said}: status 422 without a word"


@pytest.mark.parametrize("status", [401, 402, 407])
@pytest.mark.parametrize("body", FOREIGN, ids=str)
def test_whoever_wants_a_key_or_money_is_believed(status, body):
    """Nothing gets round; yet whether the request was carried out, this does not tell."""
    error = verdict(status, body)

    assert isinstance(error, Denied)
    assert error.answered.garbled
    assert not verdict(status, {"message": "No", "param": None}).answered.garbled


def test_a_403_of_a_stranger_to_whose_key_it_is_ends_the_run():
    """This answer is the one that decides."""
    assert isinstance(verdict(403, HTML, account.get()), Denied)


def test_recorded_errors_are_understood():
    """Each recorded 4xx becomes one of our errors, with ChartMogul's words in the message."""
    seen = 0
    for name in RECORDED:
        for _, _, response in recorded(name):
            body, status = response["body"], response["status"]
            if status >= 400 and isinstance(body, dict):
                error = verdict(status, body)
                words = next(iter(error.answered.refusals)).message
                assert isinstance(error, Refused | Denied)
                assert json.dumps(words) in json.dumps(body)
                assert words in error.message
                seen += 1
    assert seen > 9


@pytest.mark.parametrize("said", ["Ada Byron", "ada byron", "a@b.example", "k+1@b.example"])
@pytest.mark.parametrize("status", [403, 404])
def test_a_denial_repeats_nothing_that_was_sent(status, said):
    """Its message reaches terminals and logs; the whole answer does not."""
    fields = {"name": "Ada Byron", "attributes.mails": "a@b.example"}
    types = {"mails": AttributeType.STRING}
    page = f"<title>No {said} here</title>".encode()
    message = verdict(
        status, page, customers.create("ds_1", "k+1@b.example", fields, types)
    ).message
    assert str(status) in message
    assert said not in message
    look_up = customers.page("ds_1", "k+1@b.example")
    assert "k+1@b" not in verdict(status, b"<p>no k+1@b.example</p>", look_up).message
    assert "No reason" in verdict(status, b"<title>No reason</title>", CHANGE).message


@pytest.mark.parametrize(
    ("body", "garbled"),
    [
        (b'{"errors": {"email": "is invalid"}}', False),
        (b'{"code": 422, "message": "", "param": null}', False),
        (b"", True),
        (b"null", True),
        (b"<html><title>Sign in</title></html>", True),
        (b'{"errors": {"email": "is inv', True),
    ],
)
def test_a_refusal_that_is_not_chartmoguls_own(body, garbled):
    """Nobody knows what it means: the row is not refused, and so never held back."""
    judged = verdict(422, body, CHANGE)
    assert isinstance(judged, Failure) is garbled
    assert isinstance(judged, Refused) is not garbled
    assert garbled or judged.answered.garbled is False


@pytest.mark.parametrize("status", [401, 402, 403])
def test_what_no_row_can_get_round_ends_the_run(status):
    """A bad key, an unpaid account, a read-only key: Denied, with ChartMogul's words and a hint."""
    error = verdict(status, {"code": status, "message": "Not you", "param": None})

    assert isinstance(error, Denied)
    assert error.message.endswith(f"({status}): Not you")
    assert error.hint
    assert error.answered.body == f'{{"code": {status}, "message": "Not you", "param": null}}'


def test_hints_name_the_variable_and_the_access_level():
    """The user learns what to look at."""
    assert "CHARTMOGUL_API_KEY" in verdict(401).hint
    wordless = {"code": 403, "message": "", "param": None}
    assert "Read & Write" in verdict(403, wordless).hint
    assert (
        verdict(403, wordless).message == "ChartMogul forbids it (403): status 403 without a word"
    )
    assert verdict(401).message.endswith("(401): status 401 without a word")
    assert "HTTPS_PROXY" in verdict(407).hint


def test_404_of_a_record_is_not_found():
    """Merged or deleted, as ChartMogul says itself; anybody else says nothing of a record."""
    body = {"code": 404, "message": 'Customer "1" does not exist', "param": "customer_id"}

    assert isinstance(verdict(404, body), NotFound)
    assert isinstance(verdict(404), Failure)
    assert isinstance(verdict(404, HTML), Failure)


def test_404_of_the_address_is_denied():
    """An unknown route answers HTML; a list has no record that could be missing."""
    assert isinstance(verdict(404, HTML, account.get()), Denied)
    assert "https://api.chartmogul.com/v1" in verdict(404, HTML, account.get()).hint


def test_404_to_a_create():
    """It is about the data source where it says so, which ends all; else about the row, and its words are shown."""
    unknown = verdict(404, {"error": "Data source not found"}, CREATE)
    assert isinstance(unknown, Denied)
    assert "destination.data_source" in unknown.hint
    for words in ("Plan not found", "No such customer in this data source"):
        refused = verdict(404, {"error": words}, CREATE)
        assert (type(refused), refused.message) == (Refused, words)


@pytest.mark.parametrize("body", [HTML, {"fault": {"faultstring": "no route"}}, ""])
def test_404_of_a_stranger_to_a_create_is_a_lost_answer(body):
    """What was read before has shown that the address is right; one row's create may not end a mapping."""
    lost = verdict(404, body, CREATE)
    assert isinstance(lost, Failure)
    assert (lost.sent, lost.foreign) == (True, True)


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize(
    "body",
    [
        {
            "errors": {
                "external_id": "The external ID for this customer already exists in our system."
            }
        },
        {"errors": {"external_id": ["Has already been taken."]}},
        {"message": "has already been taken", "param": "external_id"},
        {"message": "The external ID already exists", "param": None},
        {"error": "x", "error_details": [{"param": "external_id", "message": "Already exists."}]},
    ],
)
def test_taken_external_ids_are_recognised(status, body):
    """By the field and a few words: neither status nor sentence is documented."""
    assert isinstance(verdict(status, body, CREATE), AlreadyExists)


@pytest.mark.parametrize(
    "body",
    [
        {"errors": {"name": "Has already been taken."}},
        {"errors": {"external_id": "A unique external ID is required for each customer."}},
        {"errors": {"customer_external_id": "already exists"}},
    ],
)
def test_other_refusals_are_not_taken_for_it(body):
    """A look-up would find nothing."""
    assert type(verdict(422, body, CREATE)) is Refused


@pytest.mark.parametrize("status", [400, 405, 422])
def test_a_list_that_is_refused_says_which(status):
    """It ends a mapping, whose message has nothing else to tell what was asked for."""
    error = judge(customers.page("ds_1"), status, b'{"code":%d,"message":"No can do"}' % status)

    assert isinstance(error, Refused)
    assert error.message == f"GET /customers was answered {status}: No can do"
    assert error.hint == "the next run asks again; what was sent is recorded"


def test_an_invalid_data_source_ends_the_run():
    """Every row would be refused with the same words."""
    body = {
        "errors": {"data_source_uuid": "A valid data source UUID is required for each customer."}
    }
    error = verdict(422, body, CREATE)

    assert isinstance(error, Denied)
    assert "destination.data_source" in error.hint


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("https://www.example.com/login?x=1", " to https://www.example.com"),
        ("", ""),
        ("http://[", ""),
    ],
)
def test_redirects_are_named_not_followed(location, place):
    """Following one would hand the key over."""
    error = verdict(301, b"", location=location)

    assert isinstance(error, Denied)
    assert error.message == f"CHARTMOGUL_API_URL answers with a redirect{place} (301)"


@pytest.mark.parametrize(
    ("status", "sent", "busy", "throttled"),
    [
        (429, False, False, True),
        (500, True, False, False),
        (502, True, False, False),
        (503, True, True, False),
        (504, True, False, False),
        (999, True, False, False),
        (100, True, False, False),
    ],
)
def test_what_time_heals_is_a_failure(status, sent, busy, throttled):
    """429 was surely not carried out; after any 5xx nobody knows."""
    failure = judge(CHANGE, status, b"x", retry_after=3.0)

    assert isinstance(failure, Failure)
    assert (failure.sent, failure.busy, failure.throttled) == (sent, busy, throttled)
    assert (failure.status, failure.body, failure.retry_after) == (status, "x", 3.0)


@pytest.mark.parametrize("status", [100, 199, 300, 304, 305, 306, 309, 399, 600])
def test_other_statuses_are_nobodys_answer(status):
    """Five statuses are redirects; 304 is an answer to an update alone. Time heals the rest, if anything does."""
    failure = verdict(status, call=CREATE, location="https://www.example.com/")

    assert isinstance(failure, Failure)
    assert failure.sent


def test_nothing_changed_is_a_success_of_a_change():
    """304, with whatever body, to an update, a removal, and nothing else."""
    assert verdict(304, b"<html>", customers.update("cus_1", {}, {})) is None
    assert verdict(304, b"", customers.remove_attributes("cus_1", ["a"])) is None
    assert verdict(304, b"", customers.add_tags("cus_1", ["a"])) is None
    assert isinstance(verdict(304, call=customers.get("cus_1")), Failure)


def test_long_bodies_are_cut():
    """Reports hold the start of a body, messages the start of its words."""
    error = verdict(422, {"message": "ä" * 5000, "param": "name"})

    assert len(error.answered.body) == SHOWN
    assert len(error.message) == SHOWN


@given(st.integers(0, 999), st.binary(max_size=200) | st.just(b"[" * 100_000))
def test_any_answer_is_judged(status, body):
    """No status and no body breaks the table."""
    assert isinstance(judge(CHANGE, status, body), ChartMogulError | Failure | None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["errors", "error", "error_details", "message", "param", "external_id"]
            ),
            inner,
            max_size=3,
        )
    ),
)


@given(st.sampled_from([400, 401, 404, 409, 422]), JSON)
def test_any_json_is_judged(status, body):
    """Whatever stands where, words are text and the class is one of ours."""
    error = verdict(status, body)

    assert isinstance(error, Refused | Denied | Failure)
    if not isinstance(error, Failure):
        assert all(isinstance(refusal.message, str) for refusal in error.answered.refusals)
