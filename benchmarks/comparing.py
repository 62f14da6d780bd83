"""Fingerprints against the bare drain of the same rows: one number, buckets, and rows of the buckets that changed."""

import json
import tempfile
from collections import abc
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import hashed, warehouses
from benchmarks.measure import Cost, python
from benchmarks.side_by_side import DRAIN
from benchmarks.table import Line, at_most
from sync.domain.buckets import Reading

#: Every so manieth row is changed.
_EVERY = 1000
#: The same, from few to many.
_SHARES = (100_000, 10_000, 1000, 200, 50, 10)


@dataclass(frozen=True, slots=True)
class Asked:
    """A process that asked one question: what it cost, the rows that it fetched, the seconds of the question itself."""

    cost: Cost
    rows: int
    seconds: float

    @classmethod
    def of(cls, url: str, folder: Path, question: str) -> "Asked":
        """Ask in a process of its own."""
        file = folder / "question"
        file.write_text(question)
        cost = python("-m", "benchmarks.hashed", url, warehouses.QUERY, str(file))
        rows, seconds = cost.out.split()
        return cls(cost, int(rows), float(seconds))


def lines(postgres: str, rows: int, times: int = 3) -> abc.Iterator[Line]:
    """PostgreSQL, then DuckDB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warehouses.postgres(postgres, rows)
        yield from _of("PostgreSQL", 0.25, postgres, folder, rows, times)
        url = warehouses.duckdb(folder, rows)
        yield from _of("DuckDB", 0.1, url, folder, rows, times)


def _of(
    where: str, most: float, url: str, folder: Path, rows: int, times: int
) -> abc.Iterator[Line]:
    changed = _changed(url, _EVERY)
    drains, found = list[Cost](), dict[str, list[Asked]]()
    for _ in range(times):
        drains.append(python("-m", "benchmarks.drain", url, warehouses.QUERY))
        for question in ("whole", "buckets", changed):
            found.setdefault(question, []).append(Asked.of(url, folder, question))
    drain = median(cost.wall for cost in drains)
    alone = median(float(cost.out.split()[1]) for cost in drains)
    names = {
        "whole": "one number",
        "buckets": "65,536 buckets",
        changed: f"rows of the buckets in which one of {_EVERY:,} changed",
    }
    for question, asked in found.items():
        name = f"{rows:,} rows, {where}, {names[question]}: seconds ÷ drain"
        ratio = median(one.cost.wall for one in asked) / drain
        note = (
            f"{asked[0].rows:,} rows fetched; {median(one.seconds for one in asked):.2f} s for the question,"
            f" {drain:.2f} s the drain"
        )
        limited = question == "whole" and rows >= 1_000_000
        yield (
            at_most(name, ratio, "×", most, note) if limited else Line(name, ratio, "×", note=note)
        )
        share = median(one.seconds for one in asked) / alone
        name = (
            f"{rows:,} rows, {where}, {names[question]}: without what the start of a process costs"
        )
        yield at_most(name, share, "×", most) if limited else Line(name, share, "×")
    fetched = found[changed][0].rows / rows * 100
    yield at_most(f"{rows:,} rows, {where}, 0.1 % changed: fetched", fetched, "%", 2)
    yield from _side_by_side(
        f"{rows:,} rows, {where}, in one process", most, url, folder, changed, times
    )


def _side_by_side(
    name: str, most: float, url: str, folder: Path, changed: str, times: int
) -> abc.Iterator[Line]:
    """The same without what starting costs, which a run pays once; and where a hundredth of all rows changed."""
    file = folder / "questions"
    questions = {
        "whole": "whole",
        "buckets": "buckets",
        "few": changed,
        "many": _changed(url, _EVERY // 10),
    }
    file.write_text(json.dumps(questions))
    given = (url, warehouses.QUERY, str(file), str(times))
    took = json.loads(python("-m", "benchmarks.side_by_side", *given).out)

    def ratio(*asked: str) -> float:
        return float(sum(took[one] for one in asked) / took[DRAIN])

    yield at_most(f"{name}: one number ÷ drain", ratio("whole"), "×", most)
    yield at_most(
        f"{name}, 0.1 % changed: buckets and their rows ÷ drain", ratio("buckets", "few"), "×", 0.5
    )
    yield Line(
        f"{name}, 0.1 % changed: the one number as well", ratio("whole", "buckets", "few"), "×"
    )
    yield at_most(
        f"{name}, 1 % changed: buckets and their rows ÷ drain", ratio("buckets", "many"), "×", 1
    )


def shares(rows: int, times: int = 3) -> abc.Iterator[Line]:
    """What comparing costs on DuckDB against the share of rows that are changed, and that are rejected.

    Rows that are rejected are as they were: the one number says so, and their buckets are read all the same.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = warehouses.duckdb(folder, rows)
        drain = median(
            python("-m", "benchmarks.drain", url, warehouses.QUERY).wall for _ in range(times)
        )
        yield Line(f"{rows:,} rows, DuckDB, the drain: seconds", drain, "s")
        for every in (every for every in _SHARES if every <= rows):
            changed = _changed(url, every)
            for what, questions in (
                ("changed", ("whole", "buckets", changed)),
                ("rejected", ("whole", changed)),
            ):
                found = [[Asked.of(url, folder, one) for one in questions] for _ in range(times)]
                seconds = median(sum(one.seconds for one in asked) for asked in found)
                name = f"{rows:,} rows, DuckDB, {100 / every:g} % {what}"
                yield Line(f"{name}: seconds", seconds, "s")
                yield Line(f"{name}: rows fetched", found[0][-1].rows, "rows")


def _changed(url: str, every: int) -> str:
    """Change every so manieth row; the buckets that differ then, in JSON."""
    before = _buckets(url)
    warehouses.touch(url, every)
    after = _buckets(url)
    return json.dumps([bucket for bucket in after if after[bucket] != before.get(bucket)])


def _buckets(url: str) -> dict[int, Reading]:
    return dict(hashed.fingerprints(url, warehouses.QUERY).buckets(hashed.SALT, [0]))
