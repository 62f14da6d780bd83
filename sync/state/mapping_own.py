"""Whose the values and tags of records are, as one mapping of a run sees it: its own ones, and the tags of others."""

from collections import abc
from dataclasses import dataclass, replace
from typing import Protocol

from sync.domain.fingerprint import Hasher, join
from sync.domain.tags import OwnTags, marks
from sync.state.memory import Memory, Scope
from sync.state.own_tags import NONE_TO_COME, NotesToCome
from sync.state.store import Store


class Foretold(Protocol):
    """What mappings that come first in a dry run would note of tags."""

    def of(self, records: abc.Sequence[int]) -> NotesToCome:
        """What would be noted of these records by now."""
        ...


@dataclass(slots=True)
class MappingOwn:
    """What the state knows of a mapping's own values, and of other mappings' tags.

    `by_row`: columns bring the mapping's rows tags, so that this counts. `around` are those that other mappings of the
    run (`named`) give to every record: a run notes them before it writes, a dry run knows them so, and takes no notice
    of what earlier runs have noted. `foretold` is what it knows of those that the rows of others would have brought by
    then.
    """

    store: Store
    scope: Scope
    mapping: str
    by_row: bool = False
    around: frozenset[bytes] = frozenset()
    named: frozenset[str] = frozenset()
    foretold: Foretold | None = None

    def note_constants(self, tags: abc.Sequence[str]) -> None:
        """Note the tags of every row, so that no other mapping removes them."""
        told = join(self._marks(tags)) or None
        self.store.note_constant_tags(self.scope, self.mapping, told)

    def know_constants(self, tags: abc.Sequence[str], mappings: abc.Iterable[str]) -> None:
        """Know the tags that these other mappings of this run give to every record, noted or not."""
        self.around, self.named = self._marks(tags), frozenset(mappings)

    def _marks(self, tags: abc.Sequence[str]) -> frozenset[bytes]:
        return marks(Hasher(self.store.salt), tags)

    def told(self, found: abc.Mapping[str, Memory]) -> abc.Mapping[str, Memory]:
        """These memories with all own values, and with the tags that others set where those count."""
        met = [memory.record for memory in found.values()]
        if not met:
            return found
        own = self.store.own_values(self.mapping, met)
        mine = {
            key: replace(memory, noted=own[memory.record]) if memory.record in own else memory
            for key, memory in found.items()
        }
        return self._with_others(mine, met) if self.by_row else mine

    def _with_others(
        self, found: abc.Mapping[str, Memory], met: abc.Sequence[int]
    ) -> abc.Mapping[str, Memory]:
        to_come = self.foretold.of(met) if self.foretold else NONE_TO_COME
        known = self.store.tags_of_others(self.scope, self.mapping, met, to_come, self.named)
        if not known and not self.around:
            return found
        return {
            key: replace(memory, others=self._with_around(known.get(memory.record, OwnTags())))
            for key, memory in found.items()
        }

    def _with_around(self, others: OwnTags) -> OwnTags:
        return replace(others, of_others=others.of_others | self.around) if self.around else others
