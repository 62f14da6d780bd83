"""The limits of a mapping, which stop a run before, or while, it does what nobody meant."""

from dataclasses import dataclass

from sync.errors import RailError
from sync.mapping.model import Limits, Share


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of one mapping in numbers, for one run."""

    max_rejected: int | None = None
    max_creates: int | None = None
    max_updates: int | None = None
    max_requests: int | None = None
    allow_empty: bool = False

    def judge_rejected(self, rejected: int) -> None:
        """Raise RailError where more rows are rejected than allowed."""
        if self.max_rejected is not None and rejected > self.max_rejected:
            raise RailError(
                f"{rejected:,} rows are rejected, and max_rejected allows {self.max_rejected:,}",
                "errors.csv says why; mend the rows, or raise limits.max_rejected in the mapping",
            )

    def judge_writes(self, creates: int, updates: int) -> None:
        """Raise RailError where more would be created or updated than allowed; nothing was written yet."""
        for name, verb, count, limit in (
            ("max_creates", "created", creates, self.max_creates),
            ("max_updates", "updated", updates, self.max_updates),
        ):
            if limit is not None and count > limit:
                raise RailError(
                    f"{count:,} rows would be {verb}, and {name} allows {limit:,}; nothing was written",
                    f"look at a dry run; if that is meant, raise limits.{name} in the mapping",
                )

    def judge_empty(self, rows: int, before: int) -> None:
        """Raise RailError where the query is empty and was not in the last run."""
        if rows == 0 and before > 0 and not self.allow_empty:
            raise RailError(
                f"the query returned no rows; the last run read {before:,}",
                "mend the query; if it may be empty, set limits.allow_empty: true in the mapping",
            )


def limits_for(limits: Limits, rows: int, *, whole: bool) -> RunLimits:
    """The limits for a query of `rows` rows; with a selection of rows (not `whole`) only numbers apply."""

    def limit(share: Share | None) -> int | None:
        if share is None or not (whole or share.absolute):
            return None
        return share.limit(rows)

    return RunLimits(
        limit(limits.max_rejected),
        limit(limits.max_creates),
        limit(limits.max_updates),
        limits.max_requests,
        limits.allow_empty or not whole,
    )
