"""Random rows: the warehouse's hashes are equal where the rows are, and only there."""

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.warehouse.warehouse import Warehouse
from tests.fuzz.effort import fuzz
from tests.support.fingerprinting import hashed, whole
from tests.support.needed import needed

needed("duckdb")
needed("duckdb_engine")

#: Few values, so that rows are often equal, or nearly so; then any.
texts = st.sampled_from(
    ["", "a", "b", "ab", "a;b", "NULL", "N", "-1", "1", "'", "\\", "é"]
) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
whole_numbers = st.sampled_from([0, 1, -1, 2**32, 2**32 - 1]) | st.integers(-(2**63) + 1, 2**63 - 1)
floats = st.sampled_from([0.0, 1.0, 0.1]) | st.floats(allow_nan=False)
decimals = st.sampled_from(["1", "-1", "1.0", "0.1"]) | st.decimals(
    allow_nan=False, allow_infinity=False, places=9, min_value=-(10**15), max_value=10**15
).map(str)
moments = st.datetimes().map(str)
columns = (
    st.none() | whole_numbers.map(lambda n: f"({n})::bigint"),
    st.none() | texts.map(lambda text: "'" + text.replace("'", "''") + "'::text"),
    st.none() | decimals.map(lambda number: f"'{number}'::numeric(38, 9)"),
    st.none() | floats.map(lambda number: f"'{_written(number)}'::float8"),
    st.none() | st.booleans().map(lambda truth: f"{truth}::boolean"),
    st.none() | moments.map(lambda moment: f"'{moment}'::timestamp"),
    st.none() | moments.map(lambda moment: f"'{moment}+00'::timestamptz"),
    st.none() | st.dates().map(lambda day: f"'{day}'::date"),
    st.none() | st.uuids().map(lambda uuid: f"'{uuid}'::uuid"),
    st.none() | texts.map(lambda text: "'" + text.replace("'", "''") + "'::text"),
)
TYPES = (
    "bigint", "text", "numeric(38, 9)", "float8", "boolean", "timestamp", "timestamptz", "date", "uuid", "text",
)  # fmt: skip
row = st.tuples(*columns)


def _written(number: float) -> str:
    return repr(number) if math.isfinite(number) else str(number).replace("inf", "Infinity")


@pytest.fixture(params=["duckdb", "postgresql"])
def source(request: pytest.FixtureRequest) -> Warehouse:
    if request.param == "duckdb":
        return Warehouse.open("duckdb://")
    return Warehouse.open(request.getfixturevalue("database"))


def query(rows: list[tuple[Any, ...]]) -> str:
    """A query with these rows; the first has only nulls, and says the types."""
    nulls = ", ".join(f"null::{sort}" for sort in TYPES)
    values = "".join(f", ({', '.join(value or 'null' for value in row)})" for row in rows)
    return f"values ({nulls}){values}"


def test_rows(source: Warehouse):
    """Two rows have one hash if, and only if, the worker gets the same values of them."""

    @settings(fuzz, max_examples=fuzz.max_examples // 6)
    @given(st.lists(row, min_size=1, max_size=15))
    def check(rows):
        found = hashed(source, query(rows), key=(0, 1))
        pairs = {(written, row_hash) for written, row_hash, _ in found}
        assert len({written for written, _ in pairs}) == len({h for _, h in pairs}) == len(pairs)
        assert len({(written, bucket) for written, _, bucket in found}) == len(pairs)

    check()


def test_exchanges(source: Warehouse):
    """Rows that exchange the values of a column add up to what they were only where they are the same rows."""

    @settings(fuzz, max_examples=fuzz.max_examples // 6)
    @given(st.lists(row, min_size=2, max_size=8), st.integers(0, len(TYPES) - 1), st.randoms())
    def check(rows, place, chance):
        values = [row[place] for row in rows]
        chance.shuffle(values)
        exchanged = [
            (*row[:place], value, *row[place + 1 :])
            for row, value in zip(rows, values, strict=True)
        ]
        before, after = query(rows), query(exchanged)
        same = Counter(told[0] for told in hashed(source, before)) == Counter(
            told[0] for told in hashed(source, after)
        )
        assert same == (whole(source, before) == whole(source, after))

    check()
