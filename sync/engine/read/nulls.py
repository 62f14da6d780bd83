"""Rows that may empty a field, counted while they are read: how much a run may clear is judged by them."""

from collections import Counter, abc

from sync.domain.fingerprint import Hasher
from sync.domain.tags import TAGS, marks, texts
from sync.engine.spool import Entry
from sync.state.memory import Memory


def count_nulls(entries: abc.Collection[Entry], names: abc.Iterable[str]) -> Counter[str]:
    """In how many of these records each of these fields is to be emptied."""
    found: Counter[str] = Counter()
    for name in names:
        found[name] = sum(entry.record.fields.get(name, ...) is None for entry in entries)
    return found


def count_losses(
    entries: abc.Collection[Entry], memories: abc.Mapping[str, Memory], hasher: Hasher
) -> Counter[str]:
    """From how many of these records a tag may be taken off, by what is remembered of those that we added.

    Those that another mapping sets count: it may let go of them before this one is written.
    """
    found: Counter[str] = Counter()
    for entry in entries:
        memory = memories.get(entry.record.key)
        row = texts(entry.record.fields.get(TAGS))
        found[TAGS] += memory is not None and bool(memory.own_tags.ours - marks(hasher, row))
    return found
