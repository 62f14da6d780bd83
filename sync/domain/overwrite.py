"""Whose value wins: which differences are sent, which stay because of somebody's edit, and what is told of it."""

from collections import abc
from dataclasses import dataclass

from sync.domain.objects import Field, Kind
from sync.domain.own import Own, Owner
from sync.domain.policy import Overwrite, Overwrites
from sync.domain.record import Fields, Problem, Value
from sync.domain.tags import TAGS, TagTerms

#: The code of a row that is rejected for somebody's edit.
EDITED = "edited"
#: By field, what ChartMogul shows and what the row says.
Differences = dict[str, tuple[Value, Value]]


@dataclass(frozen=True, slots=True)
class Edits:
    """The fields in which ChartMogul holds somebody else's value, by what becomes of it.

    `overwritten`: changed since the mapping last wrote it, and sent all the same; `rewritten`: the same, for the value
    that was overwritten the last time. `kept`: it stays as it was edited. `filled`: it stays because it is not empty,
    or is part of a value that stays.
    """

    overwritten: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()

    @property
    def stay(self) -> tuple[str, ...]:
        """The fields whose values are not the row's, and stay."""
        return self.kept + self.filled

    def among(self, sent: abc.Set[str]) -> "Edits":
        """These, where only these fields are sent: others are not overwritten."""
        over, again = (
            tuple(name for name in names if name in sent)
            for names in (self.overwritten, self.rewritten)
        )
        return Edits(over, again, self.kept, self.filled)

    def only_kept(self) -> "Edits":
        """These, where nothing is overwritten after all."""
        return Edits(kept=self.kept, filled=self.filled)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What of the differences is sent, what is told of the others, and the edits for which the row is rejected."""

    changes: Differences
    edits: Edits = Edits()
    rejected: tuple[str, ...] = ()

    def problems(self) -> tuple[Problem, ...]:
        """Why the row is rejected: one problem for each edited field."""
        return tuple(
            Problem(
                EDITED,
                f"ChartMogul holds a value of {name} that this mapping did not write, and nothing of the row is sent",
                name,
                hint="take the value into the warehouse, or empty it in ChartMogul; overwrite: always lets the row win,"
                " unless_edited the edit",
            )
            for name in self.rejected
        )


def rule(
    differences: Differences,
    wanted: Fields,
    seen: Fields,
    own: Own,
    terms: tuple[Owner, Overwrites, TagTerms],
) -> Ruling:
    """What becomes of each difference between a row and what ChartMogul shows.

    Tags overwrite nothing: they are added, and those that we have added ourselves are taken off.
    """
    return _Judge(*terms, wanted, seen, own).rule(differences)


@dataclass(frozen=True, slots=True)
class _Judge:
    owner: Owner
    overwrites: Overwrites
    tags: TagTerms
    wanted: Fields
    seen: Fields
    own: Own

    def rule(self, differences: Differences) -> Ruling:
        found: dict[str, list[str]] = {"kept": [], "filled": [], "rejected": [], "always": []}
        sent: Differences = {}
        fates = {name: self._fate(name, before) for name, (before, _) in differences.items()}
        for name, change in differences.items():
            what = self._within(name, fates)
            if what in ("kept", "filled", "rejected"):
                found[what].append(name)
                continue
            sent[name] = change
            if what == "always":
                found["always"].append(name)
        edited = self._changed_since(found["always"])
        again = tuple(name for name in edited if self._is_rewritten(name))
        edits = Edits(
            tuple(name for name in edited if name not in again),
            again,
            tuple(found["kept"]),
            tuple(found["filled"]),
        )
        return Ruling(sent, edits, tuple(found["rejected"]))

    def _fate(self, name: str, before: Value) -> str:
        """Whether a value stays (and why), the row is rejected for it, or it is sent."""
        if name == TAGS:
            return "sent"
        how = self._policy(name)
        if how is Overwrite.ALWAYS:
            return "sent" if self._owns(name, before) else "always"
        if before is None:
            return "sent"
        if how is Overwrite.IF_EMPTY:
            return "filled"
        if self._owns(name, before) or self._is_nobodys(name, before):
            return "sent"
        return "rejected" if how is Overwrite.REJECT_EDITED else "kept"

    def _within(self, name: str, fates: abc.Mapping[str, str]) -> str:
        """What becomes of a value; as part of one that stays it does not go with that, and stays out, too."""
        shape = self.owner.shape(name)
        whole = shape.part_of if isinstance(shape, Field) else None
        return "filled" if whole and fates.get(whole) in ("kept", "filled") else fates[name]

    def _policy(self, name: str) -> Overwrite:
        """What names a record is the row's own business."""
        shape = self.owner.shape(name)
        if isinstance(shape, Field) and shape.kind is Kind.KEY:
            return Overwrite.ALWAYS
        return self.overwrites.of(name)

    def _is_nobodys(self, name: str, value: Value) -> bool:
        """Whether it is what ChartMogul shows where nobody has set a value, and the mapping has not set one."""
        shape = self.owner.shape(name)
        initial = isinstance(shape, Field) and shape.is_initial(value)
        return initial and not self._changed_since([name])

    def _owns(self, name: str, value: Value) -> bool:
        return self.owner.owns(self.own, name, value)

    def _changed_since(self, foreign: abc.Sequence[str]) -> tuple[str, ...]:
        """Those of these fields that the mapping has written: what it wrote is there no longer.

        A field whose row is as it was has surely been written. Of the others nobody knows, as hashes do not tell their
        fields: they were where there are own values that no field accounts for; what is empty was not, where others
        account for them all, as a row that has a value for the first time is no edit.
        """
        # Nearly every row has none; to account for all own values takes longer than all the rest.
        if not foreign:
            return ()
        surely = {name for name in foreign if self._was_sent(name) or self._was_shown(name)}
        rest = len(self.own.sent) - sum(map(self._accounts, self.wanted.keys() | self.seen.keys()))
        others = [name for name in foreign if name not in surely]
        filled = [name for name in others if self.seen.get(name) is not None]
        written = surely.union(others if rest > len(filled) else filled if rest > 0 else ())
        return tuple(name for name in foreign if name in written)

    def _was_sent(self, name: str) -> bool:
        return self.owner.hasher.field(name, self.wanted.get(name)) in self.own.sent

    def _was_shown(self, name: str) -> bool:
        """Whether the row's value is an own one that stood aside: for an edit that stays, or a null that is kept."""
        return self.owner.hasher.field(name, self.wanted.get(name)) in self.own.shown

    def _accounts(self, name: str) -> bool:
        """Whether the own value of this field is known."""
        if name == TAGS and self._had_tags():
            return True
        return (name in self.wanted and self._was_sent(name)) or self._owns(
            name, self.seen.get(name)
        )

    def _had_tags(self) -> bool:
        """Whether tags were sent, other ones perhaps: they are own values of no other field."""
        alone = (self.owner.hasher.field(TAGS, tags) for tags in ((), self.tags.constants))
        return bool(self.own.tags.had) or any(one in self.own.sent for one in alone)

    def _is_rewritten(self, name: str) -> bool:
        return self.owner.foreign(name, self.seen.get(name)) in self.own.shown
