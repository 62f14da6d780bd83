"""Which past runs are a mapping's own: those of its name in its data source, or of the name that it had before."""

from collections import abc
from dataclasses import dataclass
from datetime import timedelta

from sync.domain.record import Object
from sync.domain.results import Status
from sync.state.memory import LastRun

#: How a mapping ends that came to its end; rejected rows are counted beside it, and have an exit code.
COMPLETE = (Status.SUCCEEDED, Status.COMPLETED_WITH_ERRORS)
#: How a mapping ends that did not come to its end.
BROKEN = tuple(status for status in Status if status not in COMPLETE)
#: What clocks that agree may differ by: what is later than this is in the future, by a clock that was ahead.
AHEAD = timedelta(minutes=1)
#: Whether there is a file at this path.
Exists = abc.Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Whose:
    """The mapping whose history is asked for; what is None is not known, and told by nothing.

    `file` and `query` (a hash, see `Store.query_hash`) are what it is known by after it was renamed.
    """

    mapping: str
    data_source: str | None = None
    account: str | None = None
    object: Object | None = None
    file: str | None = None
    query: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The latest run of each mapping in each data source."""

    runs: abc.Sequence[LastRun] = ()

    def of(self, whose: Whose, exists: Exists) -> LastRun | None:
        """The latest run of a mapping.

        One without history takes over that of the mapping of the same object whose file, or whose query, it now has,
        and that is no longer there: a file holds one mapping, and a mapping whose file exists is there.
        """
        here = [run for run in self.runs if _is_of_place(run, whose)]
        own = [run for run in here if run.mapping == whose.mapping]
        return _latest(own or [run for run in here if _was(run, whose, exists)])

    def former(self, whose: Whose, exists: Exists, there: abc.Collection[str]) -> str | None:
        """The name that a mapping had before, by its file or query; None: it had no other, or that one is `there`."""
        others = [run for run in self.runs if run.mapping not in there]
        was = _latest(
            run for run in others if _is_of_place(run, whose) and _was(run, whose, exists)
        )
        return None if was is None else was.mapping

    def everybody(self) -> list[Whose]:
        """All mappings that have a history here."""
        found = {(run.mapping, run.data_source) for run in self.runs}
        return [Whose(mapping, data_source) for mapping, data_source in sorted(found)]


def _is_of_place(run: LastRun, whose: Whose) -> bool:
    """A run without an account, or a data source, failed before it knew it."""
    return (not whose.data_source or run.data_source in ("", whose.data_source)) and (
        None in (whose.account, run.account) or whose.account == run.account
    )


def _was(run: LastRun, whose: Whose, exists: Exists) -> bool:
    if whose.object is None or run.object is not whose.object:
        return False
    if whose.file is not None and run.file == whose.file:
        return True
    has_query = whose.query is not None and run.query == whose.query
    return has_query and not exists(run.file)


def _latest(runs: abc.Iterable[LastRun]) -> LastRun | None:
    return max(runs, key=lambda run: (run.started_at, run.run), default=None)
