"""A mapping and the columns of its query fit, or every reason is told at its line."""

from datetime import UTC, datetime

import pytest

from sync.domain.record import AttributeType
from sync.domain.typed import Origin, Typed
from sync.errors import ConfigError
from sync.warehouse.column import Column
from tests.support import bench
from tests.support.bench import builder, contact, customer, misfits

INTEGER, STRING = AttributeType.INTEGER, AttributeType.STRING


def test_missing_column(tmp_path):
    """Every mapped column that the query lacks is named, with the nearest it has."""
    mapping = customer(
        {"company": "compny", "city": {"column": "town"}},
        attributes={"plan": {"column": "PLAN", "type": "String"}},
        extra_columns="ignore",
    )

    assert misfits(tmp_path, mapping, "id", "company", "plan") == [
        ("fields.company", "the query has no column 'compny'", "did you mean 'company'?"),
        ("fields.city", "the query has no column 'town'", "it has: id, company, plan"),
        ("attributes.plan", "the query has no column 'PLAN'", "did you mean 'plan'?"),
    ]


def test_missing_key(tmp_path):
    """So is that of a key."""
    assert misfits(tmp_path, contact(), "account", "mail", "name") == [
        ("fields.external_id", "the query has no column 'id'", "it has: account, mail, name")
    ]


def test_many_columns(tmp_path):
    """A long list of columns is cut."""
    names = [f"column_{n}" for n in range(20)]
    ((_, _, hint),) = misfits(tmp_path, customer(), *names)

    assert f"it has: {', '.join(names[:12])}, …" == hint


def test_exit_code_and_line(tmp_path):
    """It is a mistake in the file: found without a server's help, shown at its line."""
    with pytest.raises(ConfigError) as caught:
        builder(tmp_path, customer({"city": "town"}), "id")

    (problem,) = caught.value.problems
    assert (caught.value.exit_code, problem.line) == (2, 1)
    assert problem.file.endswith("mapping.yml")
    assert problem.column > 1


def test_repeated_columns(tmp_path):
    """The columns of a query have names of their own; each repeated one is told once."""
    assert misfits(tmp_path, customer(), "id", "a", "a", "b", "a") == [
        ("source", "the query has two columns 'a'", "give each a name of its own with AS")
    ]


def test_unsendable_columns(tmp_path):
    """JSON, arrays and binary columns fail the mapping, with a hint to cast them."""
    mapping = customer({"name": "doc"}, attributes={"plan": {"column": "list", "type": "String"}})
    columns: list[str | Column] = ["id", Column("doc", unsendable="json"), Column("list", unsendable="array"),
               Column("raw", unsendable="binary")]  # fmt: skip

    assert misfits(tmp_path, mapping, *columns) == [
        (
            "fields.name",
            "column 'doc' is of type json, which cannot be sent",
            "cast it in SQL, for example cast(doc as text)",
        ),
        (
            "attributes.plan",
            "column 'list' is of type array, which cannot be sent",
            "cast it in SQL, for example cast(list as text)",
        ),
        (
            "extra_columns",
            "column 'raw' is of type binary, which cannot be sent",
            "cast it in SQL, for example cast(raw as text), or name it under ignore_columns",
        ),
    ]


def test_the_cast_of_a_dialect(tmp_path):
    """The hint is in the SQL of the column's own database."""
    column = Column("doc", unsendable="json", as_text="to_json_string({})")
    [(_, _, hint)] = misfits(tmp_path, customer({"name": "doc"}), "id", column)
    assert hint == "cast it in SQL, for example to_json_string(doc)"


def test_either_case(tmp_path):
    """Where the database takes names in either case for the same, a mapping may, too; each column counts once."""
    columns = [
        Column("id", folds=True),
        Column("company_name", folds=True),
        Column("_AT", folds=True),
    ]
    mapping = customer({"company": "COMPANY_NAME"}, ignore_columns=["_at"])
    made = builder(tmp_path, mapping, *columns)
    assert bench.record(made, "c1", "Acme", "now").fields == {"company": "Acme"}
    assert misfits(tmp_path, mapping, "id", "company_name", "_AT")[0][0] == "fields.company"


def test_names_that_differ_in_case_alone(tmp_path):
    """There such two cannot be told apart."""
    columns = [Column(name, folds=True) for name in ("id", "Plan", "plan")]
    found = misfits(tmp_path, customer(extra_columns="ignore"), *columns)
    assert [message for _, message, _ in found] == [
        "the query has columns that differ from 'plan' only in case"
    ]


MONEY = Column("fee", unsendable="money", as_text="cast({} as numeric)")


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": {"fee": {"column": "fee", "type": "Decimal"}}},
        {"extra_columns": "attributes"},
        {"fields": {"external_id": "id", "company": "fee"}},
    ],
)
def test_money(tmp_path, changes):
    """Money comes as text with a sign, for which no attribute is locked by accident: it is told for what it is."""
    [(_, message, hint)] = misfits(tmp_path, customer(**changes), "id", MONEY)
    assert message == "column 'fee' is of type money, which cannot be sent"
    assert hint.startswith("cast it in SQL, for example cast(fee as numeric)")


def test_money_as_text(tmp_path):
    """Who wants the text of it has it."""
    mapping = customer(attributes={"fee": {"column": "fee", "type": "String"}})
    assert misfits(tmp_path, mapping, "id", MONEY) == []


def test_unsendable_columns_left_out(tmp_path):
    """They may be in the query if nobody asks for them."""
    columns: list[str | Column] = ["id", Column("raw_x", unsendable="binary")]

    assert misfits(tmp_path, customer(extra_columns="ignore"), *columns) == []
    assert misfits(tmp_path, customer(ignore_columns=["raw_*"]), *columns) == []


def test_extra_columns(tmp_path):
    """They become attributes under their names, typed by the column where the database tells."""
    made = builder(tmp_path, customer(), "id", Column("seats", INTEGER), "plan")
    record = bench.record(made, 1, 5, "pro")

    assert record.fields == {"attributes.seats": 5, "attributes.plan": "pro"}
    assert (
        {"seats": Typed(INTEGER, Origin.COLUMN), "plan": Typed(STRING, Origin.VALUES)},
        [],
    ) == made.contract.settle({})


def test_extra_columns_ignored(tmp_path):
    """With ignore, or by a glob, they are left out."""
    row = (1, "a", "b", "c")
    names = ("id", "_synced_at", "mail_hash", "plan")

    ignoring = builder(tmp_path, customer(ignore_columns=["_synced_at", "*_hash"]), *names)
    assert bench.record(ignoring, *row).fields == {"attributes.plan": "c"}
    bare = builder(tmp_path, customer(extra_columns="ignore"), *names)
    assert bench.record(bare, *row).fields == {}


def test_extra_columns_refused(tmp_path):
    """With reject they are a mistake, unless they are ignored by name."""
    mapping = customer(extra_columns="reject", ignore_columns=["_*"])

    assert misfits(tmp_path, mapping, "id", "_x") == []
    assert misfits(tmp_path, mapping, "id", "a", "_x", "b") == [
        (
            "extra_columns",
            "the query has columns that nothing names: 'a', 'b'",
            "map them, or name them under ignore_columns",
        )
    ]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            "monthly revenue",
            "column 'monthly revenue' cannot become an attribute:"
            " only letters, digits and _ are allowed",
        ),
        ("Plan", "column 'Plan' and attribute 'plan' differ only in case"),
        ("plan", "attribute 'plan' has another source, yet the query has column 'plan'"),
    ],
)
def test_extra_column_without_a_key(tmp_path, column, message):
    """A name that no attribute can have, or that another one has, is told with the ways out."""
    mapping = customer(attributes={"plan": {"column": "tariff", "type": "String"}})

    assert misfits(tmp_path, mapping, "id", "tariff", column) == [
        ("extra_columns", message, "rename it with AS, or name it under ignore_columns")
    ]


def test_extra_column_like_a_constant(tmp_path):
    """A constant attribute is another source as well."""
    mapping = customer(attributes={"plan": {"constant": "pro", "type": "String"}})

    ((_, message, _),) = misfits(tmp_path, mapping, "id", "plan")
    assert "has another source" in message


def test_extra_columns_that_differ_in_case(tmp_path):
    """Two columns of one query as well."""
    ((_, message, _),) = misfits(tmp_path, customer(), "id", "Seats", "seats")

    assert message == "column 'seats' and attribute 'Seats' differ only in case"


def test_a_column_may_be_used_twice(tmp_path):
    """One column may feed several fields."""
    mapping = customer(
        {"name": "id", "company": "id"}, attributes={"number": {"column": "id", "type": "Integer"}}
    )

    assert bench.record(builder(tmp_path, mapping, "id"), 5).fields == {
        "name": "5",
        "company": "5",
        "attributes.number": 5,
    }


def test_constants_and_defaults_are_cast(tmp_path):
    """They are checked before the first row, at their own place."""
    mapping = customer(
        {
            "owner": {"constant": "anna"},
            "country": {"column": "land", "default": "Germany"},
            "lead_created_at": {"column": "since", "default": "2026-01-31 11:30"},
        },
        attributes={
            "seats": {"constant": "many", "type": "Integer"},
            "plan": {"column": "plan", "type": "String", "default": "x" * 256},
        },
    )

    assert [
        (path, message)
        for path, message, _ in misfits(tmp_path, mapping, "id", "land", "since", "plan")
    ] == [
        ("fields.owner.constant", "this is no e-mail address"),
        ("fields.country.default", "this is no ISO 3166-1 alpha-2 country code"),
        ("fields.lead_created_at.default", "the date lies after the start of this run"),
        ("attributes.seats.constant", "text is no whole number here"),
        ("attributes.plan.default", "the text has 256 characters; a String attribute holds 255"),
    ]


def test_constants(tmp_path):
    """A constant is in every record, a default where the column is null, both in canonical form."""
    mapping = customer(
        {"country": {"constant": "no"}},
        attributes={
            "since": {
                "column": "since",
                "type": "Timestamp",
                "timezone": "Europe/Berlin",
                "default": "2026-01-01 01:00",
            },
            "on": {"constant": False, "type": "Boolean"},
            "note": {"column": "note", "type": "String", "too_long": "truncate"},
        },
        tags=["a", "b"],
    )

    made = builder(tmp_path, mapping, "id", "since", "note")
    assert bench.record(made, 1, None, "x" * 300).fields == {
        "country": "NO",
        "attributes.on": False,
        "tags": ("a", "b"),
        "attributes.since": "2026-01-01T00:00:00Z",
        "attributes.note": "x" * 255,
    }
    assert Typed(AttributeType.BOOLEAN, Origin.DECLARED) == made.contract.settle({})[0]["on"]


def test_columns_of_tags(tmp_path):
    """A column of tags is named: it becomes no attribute, it has to be there, and it has to be one that can be sent."""
    mapping = customer(tags=["a", {"column": "segments", "separator": ","}])
    assert list(builder(tmp_path, mapping, "id", "segments").contract.names()) == []
    assert misfits(tmp_path, mapping, "id", "segment") == [
        ("tags.1", "the query has no column 'segments'", "did you mean 'segment'?")
    ]
    array = Column("segments", None, unsendable="array")
    ((path, message, _),) = misfits(tmp_path, mapping, "id", array)
    assert path == "tags.1"
    assert message == "column 'segments' is of type array, which cannot be sent"


def test_keys_in_order(tmp_path):
    """The order in which a mapping names its keys does not matter."""
    mapping = contact()
    mapping["fields"] = dict(reversed(mapping["fields"].items()))

    record = bench.record(builder(tmp_path, mapping, "mail", "id", "account"), "a@b.de", "c1", 7)
    assert (record.key, record.customer) == ("c1", "7")


def test_the_run_started_now(tmp_path):
    """Dates are held against the start of the run, and trial dates like lead dates."""
    made = builder(tmp_path, customer({"free_trial_started_at": "trial"}), "id", "trial")

    assert "free_trial_started_at" in bench.record(made, 1, bench.NOW).fields
    late = bench.rejected(made, 2, datetime(2026, 1, 31, 10, 0, 1, tzinfo=UTC))
    assert bench.codes(late) == [("free_trial_started_at", "date_in_future")]


def test_value_maps_are_cast(tmp_path):
    """What a map makes of a text must fit its field or its attribute, and is told at its place; blank is null."""
    mapping = customer(
        {"country": {"column": "land", "map": {"UK": "England", "GER": "DE", "x": ""}}},
        attributes={"seats": {"column": "n", "type": "Integer", "map": {"few": 3, "many": "lots"}}},
    )
    hint = "declare the attribute as Decimal or String if it may hold such values"
    expected = [
        (
            "fields.country.map.UK",
            "this is no ISO 3166-1 alpha-2 country code",
            "write GB, in SQL or by map in the mapping",
        ),
        ("attributes.seats.map.many", "text is no whole number here", hint),
    ]
    assert misfits(tmp_path, mapping, "id", "land", "n") == expected
