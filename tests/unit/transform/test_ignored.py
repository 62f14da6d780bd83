"""Columns that are left out, and names under ignore_columns that leave out nothing."""

import pytest

from sync.transform.ignored import idle
from sync.warehouse.column import Column

NAMES = ("id", "password_hash", "_synced_at", "Plan")


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("password_hash", None),
        ("*_hash", None),
        ("[_]*", None),
        ("*_later", None),
        (
            "password_hsh",
            "'password_hsh' is no column of the query: did you mean 'password_hash'?",
        ),
        (
            "secret",
            "'secret' is no column of the query: it has: id, password_hash, _synced_at, Plan",
        ),
        (
            "plan",
            "'plan' leaves out nothing: names are compared with their case, and the query has 'Plan'",
        ),
        (
            "PASS*",
            "'PASS*' leaves out nothing: names are compared with their case, and the query has 'password_hash'",
        ),
    ],
)
def test_idle_names(glob, expected):
    """A slip of the key is told with the nearest name; a pattern for columns to come is none."""
    found = list(idle([glob, "id"], [Column(name) for name in NAMES]))
    assert found == ([] if expected is None else [f"ignore_columns: {expected}"])


def test_either_case():
    """Where the database folds case, so does this."""
    columns = [Column(name, folds=True) for name in NAMES]
    assert list(idle(["PLAN", "PASS*"], columns)) == []
    assert len(list(idle(["PLANS"], columns))) == 1
