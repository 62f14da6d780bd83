"""The limits of a mapping, which stop a run before, or while, it does what nobody meant."""

from collections import abc
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches

from sync.domain.tags import TAGS
from sync.errors import ConfigError, ConfigProblem, RailError
from sync.mapping.model import SAME_REFUSALS, Limits, Share

#: Of one field so many values may be emptied, and at least so many, where a mapping says nothing else.
CLEARS, CLEARS_AT_LEAST = Share(percent=Decimal(10)), 20
_UNWRITTEN = "nothing was written"


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The limits of one mapping in numbers, for one run."""

    max_rejected: int | None = None
    max_creates: int | None = None
    max_updates: int | None = None
    max_requests: int | None = None
    allow_empty: bool = False
    max_same_refusals: int | None = SAME_REFUSALS
    #: Of one field.
    max_clears: int | None = None

    def may_clear_too_many(self, nulls: abc.Mapping[str, int]) -> bool:
        """Whether so many nulls, by field, could empty more values than allowed."""
        return self.max_clears is not None and max(nulls.values(), default=0) > self.max_clears

    def judge_clears(self, clears: abc.Mapping[str, int]) -> None:
        """Raise RailError where a field of more rows would be emptied than allowed; nothing was written yet."""
        if self.max_clears is None or not self.may_clear_too_many(clears):
            return
        name = max(clears, key=lambda one: clears[one])
        what = "tags would be removed" if name == TAGS else f"{name} would be emptied"
        raise RailError(
            f"{what} in {clears[name]:,} rows, and max_clears allows {self.max_clears:,};"
            f" {_UNWRITTEN}",
            "a dry run with --override max_clears lists them; if that is meant, raise limits.max_clears in the mapping,"
            " or lift it once with --override max_clears",
            "max_clears",
        )

    def judge_rejected(self, rejected: int, *, sending: bool = False) -> None:
        """Raise RailError where more rows are rejected than allowed; `sending`: others may have been sent by now."""
        if self.max_rejected is not None and rejected > self.max_rejected:
            end = "the others are not sent, and what was is recorded" if sending else _UNWRITTEN
            raise RailError(
                f"{rejected:,} rows are rejected, and max_rejected allows {self.max_rejected:,}; {end}",
                "errors.csv says why; mend the rows, raise limits.max_rejected in the mapping,"
                " or lift it once with --override max_rejected",
                "max_rejected",
            )

    def judge_writes(self, creates: int, updates: int) -> None:
        """Raise RailError where more would be created or updated than allowed; nothing was written yet."""
        for name, verb, count, limit in (
            ("max_creates", "created", creates, self.max_creates),
            ("max_updates", "updated", updates, self.max_updates),
        ):
            if limit is not None and count > limit:
                raise RailError(
                    f"{count:,} rows would be {verb}, and {name} allows {limit:,}; {_UNWRITTEN}",
                    f"a dry run with --override {name} lists them; if that is meant, raise limits.{name} in the"
                    f" mapping, or lift it once with --override {name}",
                    name,
                )

    def judge_more_updates(self, updates: int) -> None:
        """Raise RailError where rows whose dropped values would follow others make too many updates."""
        if self.max_updates is not None and updates > self.max_updates:
            raise RailError(
                f"with values that ChartMogul takes by now {updates:,} rows would be updated, and max_updates allows"
                f" {self.max_updates:,}; those that tried them first are written",
                "raise limits.max_updates in the mapping, or lift it once with --override max_updates",
                "max_updates",
            )

    def judge_requests(self, made: int, more: int) -> None:
        """Raise RailError where the run would take more requests than allowed; nothing was written yet."""
        if self.max_requests is not None and made + more > self.max_requests:
            raise RailError(
                f"about {made + more:,} requests would be made, and max_requests allows {self.max_requests:,};"
                f" {_UNWRITTEN}",
                "raise limits.max_requests in the mapping, or lift it once with --override max_requests",
                "max_requests",
            )

    def judge_empty(self, rows: int, before: int, at: datetime | None = None) -> None:
        """Raise RailError where the query is empty and was not in the last run, which ended `at` this moment."""
        if rows == 0 and before > 0 and not self.allow_empty:
            ended = f", at {at:%Y-%m-%d %H:%M} UTC" if at is not None else ""
            raise RailError(
                f"the query returned no rows; the last run read {before:,}{ended}; {_UNWRITTEN}",
                "mend the query; if it may be empty, set limits.allow_empty: true in the mapping,"
                " or lift it once with --override allow_empty",
                "allow_empty",
            )


#: The rails that `--override` lifts for one run.
RAILS = (
    "max_rejected",
    "max_creates",
    "max_updates",
    "max_clears",
    "max_requests",
    "max_same_refusals",
    "changed_keys",
    "allow_empty",
    "dbt",
)


def read_rails(names: abc.Iterable[str]) -> frozenset[str]:
    """The rails of these names.

    Raises:
        ConfigError: there is no such rail; the message names the nearest.
    """
    problems = []
    for name in names:
        if name not in RAILS:
            near = get_close_matches(name, RAILS, n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(RAILS)}"
            problems.append(ConfigProblem(f"--override: there is no rail {name!r}", meant))
    if problems:
        raise ConfigError(*problems)
    return frozenset(names)


def limits_for(
    limits: Limits, rows: int, *, whole: bool, lifted: abc.Set[str] = frozenset()
) -> RunLimits:
    """The limits for a query of `rows` rows; with a selection of rows (not `whole`) only numbers apply.

    `lifted` are rails that do not hold in this run.
    """

    def limit(name: str) -> int | None:
        share: Share | None = getattr(limits, name)
        if share is None or name in lifted or not (whole or share.absolute):
            return None
        return share.limit(rows)

    guarded = whole and "max_clears" not in lifted
    clears = max(CLEARS_AT_LEAST, CLEARS.limit(rows)) if guarded else None
    return RunLimits(
        limit("max_rejected"),
        limit("max_creates"),
        limit("max_updates"),
        None if "max_requests" in lifted else limits.max_requests,
        limits.allow_empty or not whole or "allow_empty" in lifted,
        None if "max_same_refusals" in lifted else limits.max_same_refusals,
        clears if limits.max_clears is None else limit("max_clears"),
    )
