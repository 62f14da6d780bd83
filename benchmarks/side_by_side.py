"""Drains a query and asks a warehouse to compare it, in one process and in turn: what each costs once all is loaded."""

import json
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.drain import drain
from benchmarks.hashed import fetch

DRAIN = "drain"


def seconds(url: str, query: str, questions: dict[str, str], times: int) -> dict[str, float]:
    """Medians by the names of the questions (see `hashed.fetch`), and of the drain; a first round is not counted."""
    took: dict[str, list[float]] = {name: [] for name in (DRAIN, *questions)}
    for number in range(times + 1):
        for name in took:
            started = perf_counter()
            drain(url, query) if name == DRAIN else fetch(url, query, questions[name])
            if number:
                took[name].append(perf_counter() - started)
    return {name: median(found) for name, found in took.items()}


if __name__ == "__main__":
    url, query, place, times = sys.argv[1:]
    print(json.dumps(seconds(url, query, json.loads(Path(place).read_text()), int(times))))
