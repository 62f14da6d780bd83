"""All rows of a query under scrutiny: nothing is kept of them but counts, numbers of rows, and hashes of keys."""

from collections import abc
from contextlib import closing
from typing import Any

from sync.engine.read.near_keys import NearKeys
from sync.mapping.loader import LoadedMapping
from sync.transform.build import RecordBuilder
from sync.transform.scrutiny import Concern, Scrutiny


def scrutinize(
    loaded: LoadedMapping, builder: RecordBuilder, rows: abc.Iterable[abc.Sequence[Any]]
) -> Scrutiny:
    """Read all rows; the builder's contract then knows what they tell of the attributes' types."""
    types = {key: spec.type for key, spec in loaded.mapping.attributes.items()}
    scrutiny, named = Scrutiny.of(builder, types), builder.keys[-1]
    with closing(NearKeys()) as keys:
        for number, row in enumerate(rows, 1):
            scrutiny.look(row)
            key = builder.build(number, row).key or row[named.index]
            if key is not None:
                keys.add(str(key), number)
        groups, first = keys.groups()
    if groups:
        scrutiny.note(named.column, Concern.NEAR_KEYS, first, groups)
    return scrutiny
