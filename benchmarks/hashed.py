"""Asks a warehouse for fingerprints of a query, and does nothing with them: what comparing costs at the least."""

import json
import sys
from time import perf_counter

from sync.warehouse.fingerprints import Fingerprints, ask
from sync.warehouse.warehouse import Warehouse

SALT = b"for benchmarks only"


def fingerprints(url: str, query: str) -> Fingerprints:
    """Those of a query, of which there must be some."""
    found = ask(Warehouse.open(url), query)
    assert isinstance(found, Fingerprints), found
    return found


def fetch(url: str, query: str, question: str) -> int:
    """How many rows were fetched; `question` is `whole`, `buckets`, or a list of buckets in JSON."""
    found = fingerprints(url, query)
    if question == "whole":
        return found.whole(SALT).count and 1
    if question == "buckets":
        return sum(1 for _ in found.buckets(SALT, [0]))
    with found.rows(SALT, [0], json.loads(question)) as result:
        return sum(len(batch.rows) for batch in result.raw())


if __name__ == "__main__":
    url, query, place = sys.argv[1:]
    started = perf_counter()
    with open(place) as file:
        print(fetch(url, query, file.read()), perf_counter() - started)
