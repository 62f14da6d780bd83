"""Whether a query names its records by other keys than before: a new prefix or another case makes no new customers."""

from collections import abc
from dataclasses import dataclass

from sync.errors import RailError

#: So many keys have to have left, and this share of those that were met before.
_LEAST, _SHARE = 20, 0.5
#: As many keys are shown of each.
SHOWN = 3


@dataclass(frozen=True, slots=True)
class ChangedKeys:
    """The keys of a whole reading against those of the last one.

    `left` of the `met` records are in the query no more, and `new` keys are unknown to the state; `gone` and `came` are
    some of each, as they may be shown. `marked` records were marked as left already, by earlier runs.
    """

    left: int
    met: int
    new: int
    marked: int
    gone: abc.Sequence[str] = ()
    came: abc.Sequence[str] = ()

    @property
    def are_many(self) -> bool:
        """Whether so many keys left, and came, that they look like the same records under other keys."""
        many = self.left >= _LEAST and self.left >= _SHARE * self.met
        return many and self.new >= _SHARE * self.left

    @property
    def shows_parts(self) -> bool:
        """Whether the query plainly shows parts of the records: as many were marked as left before."""
        return self.marked >= self.met

    def judge(self) -> str | None:
        """A warning, where the query shows only parts.

        Raises:
            RailError: the keys have changed.
        """
        if not self.are_many:
            return None
        counts = f"{self.left:,} of {self.met:,} keys left the query, and {self.new:,} are new"
        if self.shows_parts:
            return (
                f"{counts}; it seems to show only part of the records, such as those of a day:"
                " write source: {rows: some}, so that absence says nothing"
            )
        raise RailError(
            f"{counts} (left: {', '.join(self.gone)}; new: {', '.join(self.came)}{self._difference()}):"
            " the same records may come under other keys, and would be created a second time; nothing was written",
            "mend the key in the query; if the records really are others, lift this once with"
            " --override changed_keys, and if the query shows only part of them, write source: {rows: some}",
            "changed_keys",
        )

    def _difference(self) -> str:
        """In what the shown keys differ, where that is told at a glance."""
        gone, came = self.gone, self.came
        if {key.casefold() for key in gone} & {key.casefold() for key in came}:
            return "; they differ in case only"
        for one, other in ((gone, came), (came, gone)):
            if any(long.endswith(short) for long in one for short in other if short):
                return "; they differ in a prefix only"
        return ""
