"""check --all-rows, as people and programs read it."""

from tests.support.program import MAPPING


def test_what_all_rows_show(desk):
    """Counts by column, with the first row of each; no value is shown, and nothing is written."""
    desk.mapping(
        MAPPING.replace(
            "  seats: {column: seats, type: Integer}", "  seats: {column: seats, type: Decimal}"
        )
    )
    rows = [
        {"id": "c1", "company": "x" * 300},
        {"id": "C1 ", "country": "Germany", "seats": 2.5},
        {"id": "c3", "lead": "2024-05-01 10:00:00", "seats": 2**60},
        {"id": "c4", "company": "y" * 256, "lead": "2024-05-01T10:00:00Z"},
    ]
    desk.rows(*rows)
    ended = desk("check", "--all-rows", "--json")
    assert ended.code == 0
    assert ended.json[0]["all_rows"] == {
        "rows": 4,
        "columns": {
            "company": {"too_long": {"count": 2, "row": 1}},
            "country": {"unknown_country": {"count": 1, "row": 2}},
            "id": {
                "near_keys": {"count": 1, "row": 1},
                "unseen_characters": {"count": 1, "row": 2},
            },
            "lead": {"no_zone": {"count": 1, "row": 3}},
            "seats": {"float": {"count": 1, "row": 2}, "loses_digits": {"count": 1, "row": 3}},
        },
    }
    text = desk("check", "--all-rows").out
    assert "company: 2 longer than 255 characters, first in row 1" in text
    assert "Germany" not in text
    assert desk("check", "--json").json[0]["all_rows"] is None


def test_suggested_types(desk):
    """An attribute whose type nothing but its values tells is named with how many there are."""
    desk.mapping(
        MAPPING.replace(
            "attributes:\n  seats: {column: seats, type: Integer}\nextra_columns: ignore\n", ""
        )
    )
    desk.rows({"id": "c1", "seats": None}, {"id": "c2"})
    ended = desk("check", "--all-rows", "--json")
    found = ended.json[0]["all_rows"]["columns"]["seats"]
    assert (ended.code, found) == (2, {"suggested_type": {"count": 1, "row": 2}})
