"""What a failed request means for its row, in words that give nothing away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.record import Record, Stage
from sync.engine.write.rejections import memorable, reject
from sync.errors import AlreadyExists, Answered, NotFound, Refusal, Refused, Unavailable

RECORD = Record(
    17,
    "cus_17",
    {
        "email": "anna@b",
        "country": "DE",
        "city": None,
        "attributes.seats": 4711,
        "attributes.on": True,
        "tags": ("warehouse",),
    },
)


def refused(*refusals, status=422, message="", record=RECORD, hint=""):
    """The problems of a refused row."""
    answered = Answered(status, "the body", 2, tuple(Refusal(*pair) for pair in refusals))
    return reject(record, Refused(message, answered, hint)).problems


def test_row():
    """The row keeps the status, the answer and the number of tries, for the report."""
    row = reject(RECORD, Refused("", Answered(422, "the body", 2)))

    assert (
        row.row,
        row.key,
        row.stage,
        row.http_status,
        row.response,
        row.attempts,
    ) == (17, "cus_17", Stage.SEND, 422, "the body", 2)


@pytest.mark.parametrize(
    ("param", "field", "value"),
    [
        ("email", "email", "anna@b"),
        ("external_id", "external_id", "cus_17"),
        ("seats", "attributes.seats", 4711),
        ("attributes.custom.seats", "attributes.seats", 4711),
        ("custom.seats", "attributes.seats", 4711),
        ("attributes.seats", "attributes.seats", 4711),
        ("custom[0][type]", "custom[0][type]", None),
        ("zip", "zip", None),
        ("", None, None),
    ],
)
def test_field(param, field, value):
    """ChartMogul's parameter is the mapping's field, with the value to mend."""
    (problem,) = refused((param, "is wrong"))

    assert ("refused", field, value) == (problem.code, problem.field, problem.value)
    assert problem.message == "ChartMogul refused the row with status 422: is wrong"


def test_external_id_of_a_contact():
    """A contact's is a field like others; its key may be something else."""
    record = Record(1, "7|a@b.de", {"email": "a@b.de"}, "7")
    (problem,) = refused(("external_id", "is wrong"), record=record)

    assert (problem.field, problem.value) == ("external_id", None)


def test_several_refusals():
    """Every reason is a problem of its own."""
    problems = refused(("email", "is wrong"), ("country", "is missing"))

    assert [problem.field for problem in problems] == ["email", "country"]


def test_no_refusals():
    """Without reasons the whole message is one, and without a message the status."""
    (problem,) = refused(message="went wrong")
    assert problem.message == "ChartMogul refused the row with status 422: went wrong"

    (problem,) = refused(status=400)
    assert problem.message == "ChartMogul refused the row with status 400"


def test_hint():
    """The error's own hint wins."""
    assert refused(("email", "is wrong"), hint="do this")[0].hint == "do this"
    assert refused(hint="do that")[0].hint == "do that"
    assert "errors.jsonl" in refused()[0].hint


@pytest.mark.parametrize(
    "words",
    [
        "anna@b is wrong",
        "ANNA@B is wrong",
        "Customer cus_17 exists",
        "4711 is no text",
        'no "parent-1" here',
    ],
)
def test_words_with_values(words):
    """Words that repeat a value of the row stay in the report of the answer."""
    record = Record(1, RECORD.key, RECORD.fields, "parent-1")

    for (problem,) in (
        refused(("email", words), record=record),
        refused(message=words, record=record),
    ):
        assert problem.message == "ChartMogul refused the row with status 422"


def test_words_without_values():
    """What looks like a null or a short code is no reason to hide them."""
    (problem,) = refused(("email", "none of these can be decoded"))

    assert problem.message.endswith("none of these can be decoded")


#: What a refusal says where ChartMogul says nothing; a value that stands in it gives nothing away.
OUR_WORDS = "\n".join(
    problem.message + problem.hint for problem in (*refused(("name", "")), *refused())
).casefold()


@given(st.text(min_size=3).filter(lambda text: text.casefold() not in OUR_WORDS),
       st.text(), st.text(), st.sampled_from(["name", "key", "customer"]))  # fmt: skip
def test_no_value_in_any_message(value, before, after, place):
    """Whatever ChartMogul says, no message repeats a value of three characters or more."""
    record = Record(
        1,
        value if place == "key" else "k",
        {"name": value} if place == "name" else {},
        value if place == "customer" else None,
    )

    for problems in (
        refused(("name", before + value + after), record=record),
        refused(message=before + value + after, record=record),
    ):
        assert all(value not in problem.message + problem.hint for problem in problems)


def test_gone():
    """A 404 is a record that is no longer there."""
    row = reject(RECORD, NotFound("Customer cus_17 does not exist", Answered(404, "…")))

    assert [problem.code for problem in row.problems] == ["gone"]
    assert "cus_17" not in row.problems[0].message


def test_exists():
    """An external id that is taken is refused like anything else."""
    error = AlreadyExists(
        "taken", Answered(422, "…", 1, (Refusal("external_id", "is taken"),)), "h"
    )

    assert [(p.code, p.field, p.value) for p in reject(RECORD, error).problems] == [
        ("refused", "external_id", "cus_17")
    ]


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (Answered(503, "", 10), "ChartMogul answered 503 in 10 tries"),
        (Answered(500), "ChartMogul answered 500 in one try"),
        (
            Answered(201, "", 4),
            "ChartMogul gave no usable answer in 4 tries: the connection broke off",
        ),
        (
            Answered(None, "", 6),
            "ChartMogul gave no usable answer in 6 tries: the connection broke off",
        ),
        (Answered(), "ChartMogul gave no usable answer in one try: the connection broke off"),
    ],
)
def test_unavailable(answered, expected):
    """What time may heal is tried again by the next run."""
    row = reject(RECORD, Unavailable("the connection broke off", answered, sent=True))

    assert [("unavailable", expected)] == [(p.code, p.message) for p in row.problems]
    assert None is row.response


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("The field email is invalid.", "The field email is invalid."),
        ("'anna@b' can't be used, it isn't an address", "… can't be used, it isn't an address"),
        ('Country "Germany" is unknown', "Country … is unknown"),
        ("Owner “Zoë” and ‘Ada’ and `x` and «y»", "Owner … and … and … and …"),
        ("anna@b, Cus_17, 4711 and WAREHOUSE are taken", "…, …, … and … are taken"),
        ("DE is no country, but DENMARK is", "… is no country, but DENMARK is"),
        ("two\n lines", "two lines"),
        ("x" * 400, "x" * 300),
        ("", ""),
    ],
)
def test_memorable(words: str, kept: str):
    """What the state holds of ChartMogul's words quotes nothing, and repeats no value of the row."""
    answered = Answered(422, "the body", 1, (Refusal("email", words), Refusal("", "second")))
    assert memorable(RECORD, Refused("all of it", answered)) == kept
    assert memorable(RECORD, Refused(words, Answered(422, "the body"))) == kept
