"""`status`: when each mapping last succeeded and what broke off since, for people and for whoever watches."""

from collections import Counter, abc
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sync.cli.config import whose
from sync.cli.environ import tell as warn
from sync.cli.environ import variables, warnings
from sync.cli.failure import problems
from sync.cli.formats import Output
from sync.domain.health import MostRejected
from sync.domain.instant import canonical
from sync.domain.results import Run
from sync.domain.timetable import read_duration
from sync.errors import EXIT_CONFIG, EXIT_OK, EXIT_REJECTED, ConfigError
from sync.mapping.interpolation import Open
from sync.mapping.survey import survey
from sync.report.plain import indented
from sync.report.words import count, duration, visible
from sync.service import freshness
from sync.service.freshness import Freshness, last_runs, read_most
from sync.settings import Settings
from sync.state.memory import LastRun

_FOLDER = Path("mappings")


def _now() -> datetime:
    return datetime.now(UTC)  # sync.cli.outside has it, and loads what only runs need


def status(
    paths: abc.Sequence[Path],
    max_age: str | None,
    max_rejected: str | None = None,
    output: Output | None = None,
    *,
    clock: abc.Callable[[], datetime] = _now,
) -> int:
    """Show how mappings are; 0, or 1 if one is unhealthy, or 2 if a file is broken.

    Unhealthy is one whose last success is older than `max_age`, or never was, or rejected more than `max_rejected`.

    Without `paths` these are the mappings in mappings/, and without that folder all that the state knows.

    Raises:
        ConfigError: arguments or settings are wrong; or files, once the text is shown.
        StateError: the state cannot be read.
    """
    output = output or Output()
    limit = None if max_age is None else read_duration(max_age)
    found_here = variables()
    warn(warnings(found_here, paths), found_here)
    settings = Settings.load(found_here)
    most = read_most(max_rejected)
    known = last_runs(settings.state_url, most)
    files = paths or ([_FOLDER] if _FOLDER.is_dir() else [])
    surveyed = survey(files, Open(found_here), frozenset())
    mappings = [whose(one, known, found_here) for one in surveyed.everybody]
    found = known.of(mappings if files else None)
    moment = clock() + known.ahead
    if output.as_json:
        document = _document(found, moment, limit, most)
        document |= {"failed": _failed(known.failed), "problems": problems(surveyed.problems)}
        output.write(indented(document) + "\n")
    else:
        output.write_lines([*_text(found, moment, limit, most), *_told_of(known.failed)])
    if surveyed.problems:
        if output.as_json:
            return EXIT_CONFIG
        raise ConfigError(*surveyed.problems)
    told = [freshness.describe(one, moment, limit, most=most) for one in found]
    healthy = all(one["healthy"] for one in told) and (found or limit is None)
    return EXIT_OK if healthy else EXIT_REJECTED


def _document(
    found: abc.Sequence[Freshness], moment: datetime, limit: timedelta | None, most: MostRejected
) -> dict[str, object]:
    return {
        "format": 1,
        "max_age_seconds": limit and round(limit.total_seconds()),
        "mappings": [freshness.describe(one, moment, limit, most=most) for one in found],
    }


def _text(
    found: abc.Sequence[Freshness], moment: datetime, limit: timedelta | None, most: MostRejected
) -> abc.Iterator[str]:
    names = Counter(one.mapping for one in found)
    for one in found:
        where = f" ({visible(one.data_source or '')})" if names[one.mapping] > 1 else ""
        late = "  TOO OLD" if limit is not None and one.is_too_old(moment, limit) else ""
        ill = "  TOO MANY REJECTED" if one.is_ill(moment, most) else ""
        yield f"{visible(one.mapping)}{where}: {_told(one, moment)}{late}{ill}"
        if one.broken is not None:
            yield f"  {'since then' if one.last else 'last run'} {_ended(one.broken)}"
    if not found:
        yield "No runs yet."


def _failed(run: Run | None) -> dict[str, object] | None:
    """The last run, where it failed before it came to any mapping, as JSON."""
    if run is None:
        return None
    return {"at": canonical(run.started_at), "run_id": run.id, "exit_code": run.exit_code}


def _told_of(run: Run | None) -> abc.Iterator[str]:
    if run is not None:
        yield f"The last run failed before it came to any mapping: {_minute(run.started_at)}  {run.id}"


def _told(one: Freshness, moment: datetime) -> str:
    age = one.age(moment)
    if one.last is None or age is None:
        return "never succeeded"
    rejected = f", {count(one.last.rejected, 'row')} rejected" if one.last.rejected else ""
    undone = f", {count(one.last.undone, 'row')} undone" if one.last.undone else ""
    ago = duration(age.total_seconds())
    return f"{_minute(one.last.finished_at)}, {ago} ago{rejected}{undone}  {one.last.run}"


def _ended(run: LastRun) -> str:
    return f"{run.status.value}: {_minute(run.finished_at)}  {run.run}"


def _minute(moment: datetime) -> str:
    return f"{canonical(moment)[:16].replace('T', ' ')} UTC"
