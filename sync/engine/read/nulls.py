"""Nulls that would empty a field, counted while rows are read: how much a run may clear is judged by them."""

from collections import Counter, abc

from sync.engine.spool import Entry


def count_nulls(entries: abc.Collection[Entry], names: abc.Iterable[str]) -> Counter[str]:
    """In how many of these records each of these fields is to be emptied."""
    found: Counter[str] = Counter()
    for name in names:
        found[name] = sum(entry.record.fields.get(name, ...) is None for entry in entries)
    return found
