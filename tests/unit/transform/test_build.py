"""Rows become records, or rejected rows with every problem."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.domain.fingerprint import Hasher
from sync.domain.instant import Infinite
from sync.domain.record import AttributeType, Record, Rejected, Stage, Value
from sync.transform.build import contact_key
from sync.warehouse.column import Column
from tests.support import bench
from tests.support.bench import codes, contact, customer

SECRET = "xyzzy-marker"


def built(folder, mapping, **row):
    """What a mapping makes of a row with these columns."""
    return bench.builder(folder, mapping, *row).build(1, tuple(row.values()))


def test_customer(tmp_path):
    """A row with everything becomes a record with canonical values."""
    mapping = customer(
        {
            "company": "name",
            "country": "land",
            "lead_created_at": {"column": "since", "timezone": "Europe/Berlin"},
            "owner": {"constant": "Anna@example.com"},
            "zip": "zip",
        },
        attributes={"plan": {"column": "plan", "type": "String"}},
        tags=["warehouse"],
    )

    row = {
        "id": Decimal("42.0"),
        "name": "ACME",
        "land": "de",
        "since": datetime(2026, 1, 1, 12),
        "zip": 1067,
        "plan": "pro",
        "seats": 5,
    }

    assert built(tmp_path, mapping, **row) == Record(
        1,
        "42",
        {
            "owner": "Anna@example.com",
            "tags": ("warehouse",),
            "company": "ACME",
            "country": "DE",
            "lead_created_at": "2026-01-01T11:00:00Z",
            "zip": "1067",
            "attributes.plan": "pro",
            "attributes.seats": 5,
        },
    )


def test_every_problem(tmp_path):
    """All problems of a row are found, each with its value for the report."""
    mapping = customer(
        {"email": "mail", "country": "land", "lead_created_at": "since"},
        attributes={"seats": {"column": "seats", "type": "Integer"}},
    )
    row = {
        "id": " a",
        "mail": "anna",
        "land": "Germany",
        "since": date(2027, 1, 1),
        "seats": "many",
    }

    result = built(tmp_path, mapping, **row)

    assert isinstance(result, Rejected)
    assert (result.row, result.key, result.stage) == (1, None, Stage.MAP)
    assert codes(result) == [
        ("email", "invalid_email"),
        ("country", "invalid_country"),
        ("lead_created_at", "date_in_future"),
        ("attributes.seats", "attribute_type"),
        ("external_id", "invalid_key"),
    ]
    assert ["anna", "Germany", date(2027, 1, 1), "many", " a"] == [p.value for p in result.problems]


def test_key_of_a_rejected_row(tmp_path):
    """A row that is rejected for something else still has its key."""
    result = built(tmp_path, customer({"email": "mail"}), id=7, mail="anna")

    assert (result.key, codes(result)) == ("7", [("email", "invalid_email")])


@pytest.mark.parametrize(
    "value", [None, "", " ", "x" * 300, "\u00a0a", "a\0", "a\ud800", 1.5, True]
)
def test_no_key(tmp_path, value):
    """A row without a usable key is rejected."""
    result = built(tmp_path, customer(), id=value)

    assert (result.key, codes(result)) == (None, [("external_id", "invalid_key")])


NULLS = [None, "", " \t", "\u00a0"]


@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, {}),
        ({"on_null": "keep"}, {}),
        ({"on_null": "clear"}, {"company": None}),
        ({"default": "none"}, {"company": "none"}),
        ({"default": "none", "on_null": "clear"}, {"company": "none"}),
        ({"default": "none", "on_null": "reject"}, {"company": "none"}),
    ],
)
def test_null(tmp_path, null, spec, expected):
    """Null and blank text: kept, cleared, or replaced by the default."""
    result = built(tmp_path, customer({"company": {"column": "name", **spec}}), id=1, name=null)

    assert expected == result.fields


@pytest.mark.parametrize("null", NULLS)
def test_null_rejected(tmp_path, null):
    """With reject a null rejects the row."""
    mapping = customer({"company": {"column": "name", "on_null": "reject"}})

    assert codes(built(tmp_path, mapping, id=1, name=null)) == [("company", "null_value")]


def test_on_null_of_the_mapping(tmp_path):
    """It holds for every field and extra column that says nothing else."""
    mapping = customer(
        {"company": "name", "city": {"column": "city", "on_null": "keep"}},
        attributes={"plan": {"column": "plan", "type": "String"}},
        on_null="clear",
    )

    result = built(tmp_path, mapping, id=1, name=None, city=None, plan=None, more=None)

    assert result.fields == {"company": None, "attributes.plan": None, "attributes.more": None}
    rejecting = built(tmp_path, mapping | {"on_null": "reject"}, id=1, name="a", city=None, plan=" ",
                      more=None)  # fmt: skip
    assert codes(rejecting) == [
        ("attributes.plan", "null_value"),
        ("attributes.more", "null_value"),
    ]


def test_contact(tmp_path):
    """A contact's key is its external id."""
    result = built(
        tmp_path, contact({"position": "place"}), account=7, id="c1", mail="A@b.de", place="3"
    )

    fields: dict[str, Value] = {"email": "A@b.de", "position": 3, "external_id": "c1"}
    assert Record(1, "c1", fields, "7") == result


def test_contact_without_external_id(tmp_path):
    """Else its key is its customer and the e-mail in small letters."""
    result = built(tmp_path, contact(), account=7, id=None, mail=" Anna@B.de ")

    assert Record(1, "7|anna@b.de", {"email": "Anna@B.de"}, "7") == result
    assert contact_key("7", "Anna@B.de") == "7|anna@b.de"


def test_contact_mapped_without_external_id(tmp_path):
    """The same where external_id is not mapped at all."""
    mapping = contact()
    mapping["fields"] = {"customer_external_id": "account", "email": "mail"}

    assert built(tmp_path, mapping, account=7, mail="a@b.de").key == "7|a@b.de"


def test_contact_with_the_same_email_for_all(tmp_path):
    """An e-mail may be a constant."""
    mapping = contact({"email": {"constant": "a@b.de"}})

    assert built(tmp_path, mapping, account=7, id=None).key == "7|a@b.de"


@pytest.mark.parametrize(
    ("row", "key", "expected"),
    [
        ((None, "c1", "a@b.de"), "c1", [("customer_external_id", "invalid_key")]),
        ((None, None, "a@b.de"), None, [("customer_external_id", "invalid_key")]),
        ((" 7", "c1", None), "c1", [("customer_external_id", "invalid_key")]),
        ((7, None, None), None, [(None, "invalid_key")]),
        ((7, None, " "), None, [(None, "invalid_key")]),
        ((7, None, "anna"), None, [("email", "invalid_email")]),
        ((7, "c1 ", "a@b.de"), None, [("external_id", "invalid_key")]),
        ((7, " ", "a@b.de"), None, [("external_id", "invalid_key")]),
        ((7, None, "a" * 250 + "@b.de"), None, [("email", "invalid_key")]),
        (("x" * 256, None, None), None, [("customer_external_id", "invalid_key")]),
    ],
)
def test_contact_without_a_key(tmp_path, row, key, expected):
    """A contact needs a customer, and an external id or an e-mail."""
    account, id_, mail = row
    result = built(tmp_path, contact(), account=account, id=id_, mail=mail)

    assert expected == codes(result)
    if expected[0][0] != "external_id":
        assert key == result.key


def test_null_external_id_of_a_contact(tmp_path):
    """on_null holds for it too: cleared or rejected if the mapping says so."""
    row = {"account": 7, "id": None, "mail": "a@b.de"}
    clear = contact({"external_id": {"column": "id", "on_null": "clear"}})
    refuse = contact({"external_id": {"column": "id", "on_null": "reject"}})

    cleared = built(tmp_path, clear, **row)
    assert cleared.fields == {"email": "a@b.de", "external_id": None}
    assert cleared.key == "7|a@b.de"
    assert codes(built(tmp_path, refuse, **row)) == [("external_id", "invalid_key")]


def test_stray_values_reject_their_rows(tmp_path):
    """A value that cannot be sent rejects its row; a column of nothing else stops the mapping."""
    rows: list[tuple[object, ...]] = [
        (1, "text", b"a", b"\xff"),
        (2, b"\xff", b"b", None),
        (b"3", "text", None, []),
    ]
    made = bench.builder(
        tmp_path, customer({"name": "name", "city": "city"}), "id", "name", "city", "x"
    )

    results = [made.build(number, row) for number, row in enumerate(rows, 1)]

    assert [codes(result) for result in results if isinstance(result, Rejected)] == [
        [("city", "invalid_text"), ("attributes.x", "attribute_type")],
        [("name", "invalid_text"), ("city", "invalid_text")],
        [("attributes.x", "attribute_type"), ("external_id", "invalid_key")],
    ]
    _, problems = made.contract.settle({})
    assert sorted((p.message for p in problems), reverse=True) == [
        "column 'x' holds a list, which cannot be sent",
        "column 'city' holds binary data, which cannot be sent",
    ]


def test_infinity_of_an_attribute(tmp_path):
    """An infinite date is told as one in an attribute, too, whose texts lose their ends."""
    attribute = {"until": {"column": "until", "type": "Timestamp"}}
    made = bench.builder(tmp_path, customer(attributes=attribute), "id", "until")

    (problem,) = bench.rejected(made, "c1", Infinite("infinity")).problems

    assert (problem.message, problem.hint) == (
        "an infinite date or time cannot be sent",
        "turn infinity into null in SQL",
    )


def test_the_way_out_of_a_column(tmp_path):
    """What turns out to be no value that can be sent is hinted in the SQL of its own database."""
    told = Column("x", as_text="toString({})", bytes_as_text="hex({})")
    made = bench.builder(tmp_path, customer(), "id", told)

    hints = [bench.rejected(made, "c1", value).problems[0].hint for value in (time(10), b"a")]

    assert hints == [
        "cast it in SQL, for example toString(x), or leave the column out",
        "cast it in SQL, for example hex(x), or leave the column out",
    ]


EVERYTHING = customer(
    {
        "name": {"column": "name", "on_null": "reject"},
        "email": "mail",
        "country": "land",
        "lead_created_at": "since",
        "status": "state",
    },
    attributes={
        kind.value: {"column": kind.value.lower(), "type": kind.value} for kind in AttributeType
    },
)
NAMES = ("id", "name", "mail", "land", "since", "state", "string", "integer", "decimal", "timestamp",
         "boolean", "extra", Column("typed", AttributeType.INTEGER))  # fmt: skip
SECRETS = st.sampled_from(
    [SECRET, f" {SECRET} ", f"{SECRET}\0", f"{SECRET}\ud800", SECRET * 30, SECRET.encode(), [SECRET],
     {SECRET: SECRET}, time(11, 11, 11), datetime(2111, 11, 11, 11, 11, 11), date(2111, 11, 11),
     11111111111111111111, 1111.1111, Decimal("11111111111111111111.1"), None, ""]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SECRETS, min_size=len(NAMES), max_size=len(NAMES)))
def test_messages_hold_no_values(tmp_path, row):
    """What is wrong is said without the value: messages reach terminals and logs."""
    for mapping, names in ((EVERYTHING, NAMES), (contact(), ("account", "id", "mail", *NAMES[3:]))):
        made = bench.builder(tmp_path, mapping, *names)
        result = made.build(1, row)
        problems = list(result.problems) if isinstance(result, Rejected) else []
        texts = [text for p in problems for text in (p.code, p.message, p.hint, p.field or "")]
        texts += [text for p in made.contract.settle({})[1] for text in (p.message, p.hint)]
        assert "xyzzy" not in " ".join(texts)
        assert "1111" not in " ".join(texts)
        assert all(p.message for p in problems)


@pytest.mark.parametrize(
    ("mapping", "row", "fingerprint"),
    [
        (
            customer(
                {
                    "email": "mail",
                    "country": "land",
                    "lead_created_at": {"column": "since", "timezone": "Europe/Berlin"},
                    "zip": "zip",
                    "status": "status",
                },
                tags=["warehouse"],
            ),
            {
                "id": Decimal("42.0"),
                "mail": " a@b.example",
                "land": "de",
                "since": datetime(2026, 1, 1, 12),
                "zip": 1067,
                "status": "working_lead",
                "seats": 5,
            },
            "306e68902dffcb2d2f34109a09d91ec9",
        ),
        (
            contact({"position": "place", "phone": {"column": "phone", "on_null": "clear"}}),
            {
                "account": 7,
                "id": "k1",
                "mail": "a@b.example",
                "place": "2",
                "phone": None,
                "on": True,
            },
            "00d30be0174c41beb9aebc3ae86fbf9e",
        ),
        (
            contact({"external_id": {"column": "id", "on_null": "clear"}}),
            {"account": 7, "id": None, "mail": "A@b.example"},
            "7cbd21302efc20754207b44ee945e6c3",
        ),
    ],
    ids=["customer", "contact", "contact by e-mail"],
)
def test_fingerprints_are_pinned(tmp_path, mapping, row, fingerprint):
    """A row makes the record that it always made: else every record would be sent anew."""
    record = built(tmp_path, mapping, **row)

    assert isinstance(record, Record)
    assert Hasher(b"salt").fingerprint(record).hex() == fingerprint
