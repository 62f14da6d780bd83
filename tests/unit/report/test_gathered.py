"""What the page shows is bounded, ordered, and counts everything."""

import pytest

from sync.report.by import listing, text
from sync.report.comment import _money
from sync.report.gathered import EXAMPLES, LEAST, MOST, VALUES, Gathered
from sync.report.overview import Look, rejected_rows, risks
from sync.report.summary import summary
from sync.report.terminal import rendered


def error(row=1, code="invalid_country", field="country", value="Germany", **more):
    """A line of errors.jsonl."""
    return {
        "mapping": "customers",
        "row": row,
        "key": f"cus_{row}",
        "code": code,
        "field": field,
        "value": value,
        "message": "no country",
        "hint": "write DE",
        "response": None,
        **more,
    }


def change(row=1, outcome="updated", changes=None, warnings=(), *, known=True):
    """A line of changes.jsonl."""
    return {
        "mapping": "customers",
        "row": row,
        "key": f"cus_{row}",
        "outcome": outcome,
        "before_known": known,
        "changes": changes or {},
        "warnings": list(warnings),
    }


def gathered(errors=(), changes=()):
    """All lines at once."""
    made = Gathered()
    for line in errors:
        made.add_error(line)
    for line in changes:
        made.add_change(line)
    return made


def test_causes_before_cascades_and_new_first():
    """A contact without its customer comes last, what was rejected before comes after what is new."""
    made = gathered(
        [
            error(1, "customer_not_found"),
            error(2, "refused", new=False),
            error(3, "refused", new=False),
            error(4, "null_value", new=True),
            error(5, "invalid_country", new=True),
            error(6, "invalid_country"),
        ]
    )
    assert [(group.code, group.count, group.new) for group in made.rejected()] == [
        ("invalid_country", 2, 1),
        ("null_value", 1, 1),
        ("refused", 2, 0),
        ("customer_not_found", 1, 0),
    ]


def test_rows_are_bounded_but_counted():
    """A reason that comes late still shows some of its rows."""
    made = gathered([error(row) for row in range(MOST + 5)])
    for row in range(LEAST + 5):
        made.add_error(error(row, "null_value"))
    many, few = sorted(made.rejected(), key=lambda group: -group.count)
    assert [many.count, len(many.rows)] == [MOST + 5, MOST]
    assert [few.count, len(few.rows)] == [LEAST + 5, LEAST]


def test_words_of_the_group_are_not_repeated():
    """A row has its message and hint only where they differ from the first row's."""
    made = gathered([error(1), error(2), error(3, message="other", hint="else")])
    (group,) = made.rejected()
    assert [row[5:7] for row in group.rows] == [[None, None], [None, None], ["other", "else"]]
    assert group.varied
    assert not gathered([error(1), error(2)]).rejected()[0].varied


def test_a_row_has_name_link_and_day():
    """As far as its line says."""
    line = error(name="Acme", url="https://x", since="2026-01-02T03:04:05Z", new=False)
    (group,) = gathered([line]).rejected()
    assert group.rows == [
        [1, "cus_1", "Acme", "https://x", "Germany", None, None, 0, "2026-01-02", ""]
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, None), ("x" * 400, "x" * 299 + "…"), (5, "5"), (["a", "b"], "a, b"), ([1], "[1]")],
)
def test_values_are_text(value, shown):
    """Long ones are cut, nothing stays nothing."""
    (group,) = gathered([error(value=value)]).rejected()
    assert group.rows[0][4] == shown


def test_changes_by_field():
    """What is emptied comes first; tags without any are empty, an unknown before is not."""
    made = gathered(
        changes=[
            change(1, changes={"city": [None, "Berlin"], "tags": [[], ["a"]]}),
            change(2, changes={"city": ["Bonn", "Berlin"], "country": ["DE", None]}),
            change(3, changes={"city": [None, "Ulm"]}, known=False),
        ]
    )
    assert [(g.about, g.filled, g.changed, g.cleared) for g in made.changes()] == [
        ("country", 0, 0, 1),
        ("city", 1, 2, 0),
        ("tags", 1, 0, 0),
    ]
    assert made.changes()[1].rows[2] == [3, "cus_3", None, "Ulm", False]


def test_tags_that_are_taken_off():
    """A row that loses a tag counts as emptied, whatever is added."""
    lines = [
        change(1, changes={"tags": [["a", "b"], ["b", "c"]]}),
        change(2, changes={"tags": [["a"], ["a", "c"]]}),
        change(3, changes={"tags": [[], ["c"]]}),
    ]
    (group,) = gathered(changes=lines).changes()
    assert (group.filled, group.changed, group.cleared) == (1, 1, 1)


def test_created_records_are_no_changes():
    """They stand together with all that they are created with."""
    made = gathered(changes=[change(outcome="created", changes={"city": [None, "Ulm"]})])
    assert made.changes() == []
    assert made.created()[0].rows == [[1, "cus_1", {"city": "Ulm"}]]


def test_warnings_and_keys_that_left():
    """By code and field; as many as the page can bear."""
    warning = {"field": "owner", "code": "dropped", "message": "not taken"}
    made = gathered(changes=[change(row, warnings=[warning]) for row in range(EXAMPLES + 1)])
    (group,) = made.warnings()
    assert (group.code, group.count, len(group.rows)) == ("dropped", EXAMPLES + 1, EXAMPLES)
    for row in range(EXAMPLES + 1):
        made.add_left({"mapping": "customers", "key": f"k{row}", "uuid": None})
    assert (made.left_count, len(made.left)) == (EXAMPLES + 1, EXAMPLES)


@pytest.mark.parametrize(
    ("errors", "changes", "worth"),
    [
        ([], [], False),
        ([error(new=False)], [], False),
        ([error(new=True)], [], True),
        ([error()], [], True),
        ([], [change(changes={"city": [None, "Ulm"]})], True),
    ],
)
def test_whether_a_run_is_worth_a_page(errors, changes, worth):
    """It is, where anything changed or was rejected that was not before."""
    assert gathered(errors, changes).is_worth_a_page is worth


def test_values_beyond_those_that_are_told_apart(run):
    """Of a reason with thousands of values the text says how many more there are at least, and never too few."""
    few, many = Gathered(), Gathered()
    for row in range(VALUES + 500):
        line = error(row, value=f"land {row}")
        many.add_error(line)
        if row < 9:
            few.add_error(line)
    told = [
        rendered(rejected_rows(summary(run)["mappings"], one, Look(120, values=True)))
        for one in (few, many)
    ]
    assert "1 × land 4, … and 4 other values\n" in told[0]
    assert "1 × land 4, … and at least 996 other values\n" in told[1]


#: Rows of one reason whose values need different cures.
SEVERAL = [
    *(error(row, value="UK", hint="write GB") for row in (1, 2, 3)),
    *(error(row, value="Germany") for row in (4, 5)),
    *(error(row, value=f"X{row}", hint="use two letters") for row in (6,)),
    error(7, value="Austria", hint="write AT"),
]


def test_no_hint_is_shown_as_that_of_all_rows_where_it_is_not():
    """On a terminal the commonest stand with the number of their rows."""
    found = gathered(SEVERAL)
    shown = "".join(rendered(rejected_rows([], found, Look(120)))).splitlines()
    assert shown[4:] == [
        "    hint for 3 rows: write GB",
        "    hint for 2 rows: write DE",
        "    hint for 1 row: use two letters",
        "    … and 1 other hint, see report --by reason",
    ]


def test_by_reason_each_value_has_its_own_hint():
    """In JSON and as text; a hint that is that of all rows stands above them, once."""
    run = {"run_id": "r1", "dry_run": False}
    found = listing(run, gathered(SEVERAL), "reason")
    assert found["groups"][0]["values"][0] == {"value": "UK", "rows": 3, "hint": "write GB"}
    told = [line.plain for line in text(found, 0)]
    assert told[1:3] == ["  3 × UK  write GB", "  2 × Germany  write DE"]
    same = listing(run, gathered(SEVERAL[:3]), "reason")
    assert [line.plain for line in text(same, 0)][1:] == ["  hint: write GB", "  3 × UK"]
    assert same["groups"][0]["values"] == [{"value": "UK", "rows": 3}]


@pytest.mark.parametrize(
    ("money", "said"),
    [
        (
            {"known": 2, "of": 3, "sum_cents": 123456, "largest": [["cus_1", 100000]]},
            [
                "c: MRR of the customers that change: 1,234.56 (known of 2 of 3; largest: cus_1 1,000.00)"
            ],
        ),
        (
            {"known": 2, "of": 2, "sum_cents": 500, "largest": []},
            ["c: MRR of the customers that change: 5.00"],
        ),
        ({"known": 2, "of": 2, "sum_cents": 0, "largest": []}, []),
        (None, []),
    ],
)
def test_money_is_a_risk_where_there_is_any(money, said):
    """Nobody is told of customers that pay nothing."""
    document = {"mappings": [{"mapping": "c", "mrr": money}]}
    assert [line.plain for line in risks(document, Gathered())] == said
    assert ["MRR" in line for line in _money(document["mappings"])] == [True] * len(said)
