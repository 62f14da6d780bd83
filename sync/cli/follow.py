"""What follows a run of `run` or `schedule`; what goes wrong with it is a warning, and the run is what it was."""

import os
import sys
from collections import abc
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sync.cli.outside import now
from sync.cli.say import say
from sync.domain.results import Run
from sync.errors import SyncError, told
from sync.report import logs
from sync.report.files import ERRORS
from sync.service.freshness import Freshness
from sync.settings import Settings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from sync.publish.notifier import Notifier

Warn = abc.Callable[[str], None]
Moment = abc.Callable[[], datetime]
Stopped = abc.Callable[[], bool]
#: Characters of a database's own words: a long message repeats the statement.
_WORDS = 200


def follow(
    settings: Settings,
    run: Run,
    reports: Path | None = None,
    stopped: Stopped = lambda: False,
    warn: Warn | None = None,
    clock: Moment | None = None,
) -> None:
    """Tell of a run whom it concerns; a dry run tells nobody.

    `reports` is where its report is, else the setting. `stopped` says that the program was asked to end, `warn` is
    how it warns, else as the run itself. `clock` takes the place of the state's.
    """
    if run.dry_run:
        return
    warn = warn or warner(settings)
    if settings.notify is not None:
        tell(settings, run, reports or settings.reports, warn, clock)
    if settings.results_url is not None:
        write_results(settings, run, reports or settings.reports, warn, stopped)
    if settings.heartbeat is not None:
        _beat(settings.heartbeat.get_secret_value(), run, warn)


def warner(settings: Settings, own: "FilteringBoundLogger | None" = None) -> Warn:
    """Warns as the run itself does: by a line of the log, its `own` if it has one, or by a sentence for people."""
    if own is not None:
        return lambda message: own.warning("warning", message=message)
    style = logs.style(settings.log, sys.stderr)
    if style == "text":
        return lambda message: say(f"Warning: {message}", to=sys.stderr)
    log = logs.logger(style, sys.stderr, environment=settings.environment)
    return lambda message: log.warning("warning", message=message)


def leave_metrics(
    settings: Settings, run: Run, warn: Warn | None = None, clock: Moment = now
) -> None:
    """Add a one-shot run to SYNC_METRICS_FILE, unless it is a dry one; mappings whose file is gone leave it."""
    if run.dry_run or settings.metrics_file is None:
        return
    from sync.publish.textfile import Textfile
    from sync.service.freshness import describe, last_runs
    from sync.service.metrics import Metrics

    warn = warn or warner(settings)
    metrics, names = Metrics(settings.environment), {part.mapping for part in run.mappings}
    metrics.ended(run)
    try:
        known = last_runs(settings.state_url)
    except SyncError as error:
        warn(f"SYNC_METRICS_FILE shows no last success: {told(error)}")
        there = None
    else:
        there = names | {one.mapping for one in known.latest() if os.path.exists(one.file)}
        mine = [one for one in known.of() if one.mapping in names]
        moment = clock() + known.ahead
        metrics.show(describe(one, moment, None) for one in mine)
        for one in mine:
            metrics.succeeded(one)  # to the microsecond

    def stays(labels: abc.Mapping[str, str]) -> bool:
        here = labels.get("environment") == settings.environment
        return here and (there is None or labels.get("mapping") in {*there, None})

    try:
        Textfile(settings.metrics_file, stays).add(metrics.families())
    except OSError as error:
        warn(f"SYNC_METRICS_FILE cannot be written: {error.strerror or error}")


def tell(
    settings: Settings, run: Run, reports: Path, warn: Warn, clock: Moment | None = None
) -> None:
    """Tell SYNC_NOTIFY of what a run has changed."""
    from sync.publish.reasons import commonest

    errors = reports / run.id / ERRORS
    _notify(
        settings,
        warn,
        lambda notifier: notifier.run_ended(run, lambda mapping: commonest(errors, mapping)),
        clock,
    )


def tell_stale(
    settings: Settings,
    late: abc.Sequence[Freshness],
    max_age: float,
    clock: Moment | None = None,
) -> None:
    """Tell SYNC_NOTIFY of mappings whose last success is longer ago than `max_age` seconds."""
    if settings.notify is None:
        return
    from sync.state.told import Place

    def tell_of_all(notifier: "Notifier") -> None:
        for one in late:
            last = one.success(notifier.store.now())
            place = Place(one.mapping, one.data_source)
            notifier.is_stale(place, None if last is None else last.finished_at, max_age)

    _notify(settings, warner(settings), tell_of_all, clock)


def _notify(
    settings: Settings,
    warn: Warn,
    what: "abc.Callable[[Notifier], None]",
    clock: Moment | None = None,
) -> None:
    """Tell by SYNC_NOTIFY; without the state nobody knows what was told."""
    from sync.publish.notifier import Notifier
    from sync.publish.outlets import outlets
    from sync.state.store import Store

    assert settings.notify is not None
    ways_out = outlets(settings.notify.get_secret_value().split(), warn)
    try:
        with closing(Store.open(settings.state_url, clock=clock)) as store:
            what(Notifier(store, ways_out, settings.notify_on, settings.environment, warn))
    except SyncError as error:
        warn(f"SYNC_NOTIFY: nobody was told, the state does not say of what: {told(error)}")


def write_results(
    settings: Settings, run: Run, reports: Path, warn: Warn, stopped: Stopped
) -> None:
    """Write a run into the tables of SYNC_RESULTS_URL."""
    from sync.database import engines, urls
    from sync.publish.results import Results
    from sync.state.store import Store

    assert settings.results_url is not None
    try:
        url = urls.parse(settings.results_url.get_secret_value())
        engine = engines.connect(url)
    except SyncError as error:
        warn(f"SYNC_RESULTS_URL: {told(error)}")
        return
    try:
        with closing(Store.open(settings.state_url)) as store:
            results = Results(engine, settings.results_schema, stopped, settings.keeping)
            results.write(run, store, reports / run.id)
    except SyncError as error:
        warn(f"SYNC_RESULTS_URL: results were not written: {told(error)}")
    except Exception as error:  # drivers have errors of their own
        words = engines.words(error, url)[:_WORDS]
        warn(f"SYNC_RESULTS_URL: results were not written to {urls.mask(url)}: {words}")
    finally:
        engine.dispose()


def _beat(url: str, run: Run, warn: Warn) -> None:
    from sync.publish.events import is_good
    from sync.publish.outlets import Unsent, beat

    if is_good(run):
        try:
            beat(url)
        except Unsent as error:
            warn(f"SYNC_HEARTBEAT was not told of a good run: {error}")
