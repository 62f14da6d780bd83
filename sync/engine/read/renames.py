"""Rows whose records had other keys before: told from the rows that have those keys, and known by what they were."""

from collections import abc
from dataclasses import dataclass, field, replace
from typing import Protocol

from sync.domain.record import Record, Rejected, Stage
from sync.domain.renamed import two_records
from sync.domain.seen_rows import SeenRows
from sync.engine.read.decision import Local, StateDecision
from sync.engine.spool import Entry, Spool
from sync.state.memory import Memory


class Memories(Protocol):
    """The state, as it tells what keys were."""

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be written down."""
        ...

    def stored(self, key: str) -> str:
        """A key as the state holds it."""
        ...

    def recall(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        """What is known of these keys; unknown ones are missing in the answer."""
        ...

    def adopt(self, former: abc.Mapping[str, str]) -> None:
        """Records get other keys, each by the one before; what is known of them stays."""
        ...


def known_as(record: Record, memory: Memory | None, stored: abc.Callable[[str], str]) -> Record:
    """A record with the id that ChartMogul has for it, where the state knows the record.

    An id with an e-mail only the row can spell, where it is the key that it had just before: `stored` hashes a key.
    """
    if memory is None or memory.uuid is None:
        return record
    its_id = memory.external_id
    spelt = its_id is not None and record.was is not None and stored(record.was) == its_id
    return record if spelt or record.was == its_id else replace(record, was=its_id)


def known_before(
    state: Memories, built: abc.Iterable[Record | Rejected]
) -> abc.Mapping[str, Memory]:
    """What the state knows by the keys that records had before."""
    was = [item.was for item in built if item.was is not None]
    return state.recall(was) if was else {}


def are_two(record: Record, memory: Memory | None, former: Memory | None) -> Rejected | None:
    """The rejection of a row whose two keys the state knows as two customers."""
    if memory is None or former is None or None in (memory.uuid, former.uuid):
        return None
    if memory.uuid == former.uuid:
        return None
    return ambiguous(record, f"{memory.uuid} has its key, and {former.uuid} the one before")


def ambiguous(record: Record, why: str) -> Rejected:
    """The row of which two keys do not stand for one record."""
    return Rejected(record.row, record.key, Stage.PLAN, (two_records(why),))


@dataclass(slots=True)
class Renames:
    """Settles, once all is read, what the state knows of rows by the keys they had before.

    `decided` are rows that cannot be told from others, and those whose records were put back: another key alone is no
    change of a row.
    """

    spool: Spool
    state: Memories
    seen: SeenRows
    decision: StateDecision
    decided: list[Local] = field(default_factory=list, init=False)
    #: Keys under which the state did not know their records, or that they were deleted, or asked for.
    adopted: set[str] = field(default_factory=set, init=False)
    #: Those of them that it did not know at all.
    unknown: set[str] = field(default_factory=set, init=False)

    def settle(self) -> None:
        """Take over what is known of those keys, unless the query has them as well."""
        for entries in self.spool.renamed():
            former = {entry.record.key: entry.record.was or "" for entry in entries}
            known = self.state.recall([*former, *former.values()])
            claimed = self.spool.of_was(list(former.values()))
            rows = {key: first.row for key, first in self.spool.first([*former.values()]).items()}
            for entry in entries:
                self._judge(entry, known, claimed, rows)
            ours = {key: was for key, was in former.items() if key in self.adopted}
            if ours and not self.state.dry_run:
                self.state.adopt(ours)
        self._meet_unsent()

    def _meet_unsent(self) -> None:
        """Records whose rows are wrong in themselves have not left the query because they have other keys by now."""
        for rows in self.spool.unsent_renamed():
            for was, memory in self.state.recall(list(rows)).items():
                if memory.uuid is not None:
                    self.seen.meet(memory.record, rows[was])

    def _judge(
        self,
        entry: Entry,
        known: abc.Mapping[str, Memory],
        claimed: abc.Mapping[str, abc.Sequence[int]],
        rows: abc.Mapping[str, int],
    ) -> None:
        record, was = entry.record, entry.record.was or ""
        memory = known.get(was)
        its_row = rows.get(was) or (self.seen.row(memory.record) if memory else 0)
        others = [row for row in (its_row, *claimed.get(was, ())) if row not in (0, record.row)]
        if others:
            why = f"row {min(others)} has the key that it had before, or had it as well"
            self.decided.append(ambiguous(record, why))
            self.spool.drop([record.key])
        elif memory is not None and memory.uuid is not None:
            self.seen.mark(memory.record, record.row)
            self.adopted.add(record.key)
            if record.key not in known:
                self.unknown.add(record.key)
            undone = self.decision.as_undone(record, entry.fingerprint, memory)
            if undone is not None:
                self.decided.append(undone)
                self.spool.drop([record.key])
                return
            kept = replace(memory, external_id=memory.external_id or self.state.stored(was))
            its_id = known_as(record, kept, self.state.stored).was
            # Also where the state is trusted: with a dry run, which gives no key, that is the same in all mappings.
            self.spool.know([(memory.uuid, True, its_id or was, record.key)])
        elif memory is not None:  # deleted in ChartMogul, or asked for without an answer
            self.adopted.add(record.key)
