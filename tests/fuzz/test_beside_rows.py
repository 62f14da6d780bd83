"""By fingerprints, or all rows each time: random edits of the warehouse end in the same ChartMogul."""

import asyncio
import tempfile
from collections import abc
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.sandbox.sandbox import DATA_SOURCE
from tests.fuzz.effort import fuzz
from tests.support.contacts import Square
from tests.unit.engine.read.test_fingerprints import BY_FINGERPRINTS, World

#: Few keys and few values, so that rows go and come back, and are repeated; a row without a key is rejected.
rows = st.tuples(st.sampled_from([*"abcdef", None]), st.sampled_from(["A", "B", "C", "", None]))
tables = st.lists(rows, max_size=6)
#: Another table; or the last one, in which a row goes, comes or is another; a dry run first, now and then.
edits = st.tuples(st.integers(0, 7), st.none() | rows)
steps = st.lists(st.tuples(tables | edits, st.booleans()), min_size=1, max_size=4)


@contextmanager
def worlds(modulus: int) -> abc.Iterator[list[World]]:
    """Two worlds: in the first one the warehouse compares, with keys in so many buckets."""
    squares = [Square(), Square()]
    with tempfile.TemporaryDirectory() as name:
        made = list[World]()
        for square, source in zip(squares, (BY_FINGERPRINTS, {}), strict=True):
            folder = Path(name) / str(len(made))
            folder.mkdir()
            made.append(World(folder, square))
            made[-1].modulus, made[-1].source = modulus, dict(source)
            made[-1].mapping["limits"] = {"allow_empty": True}
        yield made
    for square in squares:
        asyncio.run(square.http.aclose())


def edited(table: list[Any], edit: Any) -> list[Any]:
    """The table after an edit."""
    if isinstance(edit, list):
        return edit
    place, row = edit
    return [*table[:place], *([row] if row else []), *table[place + 1 :]]


def company_by_key(world: World) -> dict[str, str | None]:
    """What ChartMogul has."""
    held = world.square.sandbox.world
    pairs = held.by_pair.items()
    return {
        key: held.customers[one].company for (source, key), one in pairs if source == DATA_SOURCE
    }


async def run(world: World, table: list[Any], dry_first: bool) -> Any:
    """How the rows of a run ended, which keys had left, and the company of each customer afterwards."""
    world.put(*table)
    foreseen = (await world.run(dry_run=True)).rows if dry_first else None
    ran = await world.run()
    return foreseen, ran.rows, sorted(ran.left), company_by_key(world)


@settings(fuzz, max_examples=fuzz.max_examples // 15)
@given(tables, steps, st.sampled_from([1, 2, 7, 65_536]))
def test_beside_rows(table, steps, modulus):
    """Each run ends as one that reads all rows does: the same counts, the same keys that left, the same customers."""

    async def play(two):
        now = table
        for edit, dry_first in [(table, False), *steps]:
            now = edited(now, edit)
            ended = [await run(world, now, dry_first) for world in two]
            assert ended[0] == ended[1]

    with worlds(modulus) as two:
        asyncio.run(play(two))
