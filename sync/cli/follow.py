"""What follows a run of `run` or `schedule`; what goes wrong with it is a warning, and the run is what it was."""

import os
import sys
from collections import abc

import click

from sync.domain.results import Run
from sync.errors import SyncError, told
from sync.report import logs
from sync.settings import Settings

Warn = abc.Callable[[str], None]


def follow(settings: Settings, run: Run) -> None:
    """Leave the metrics of a one-shot run; a dry run leaves nothing."""
    if not run.dry_run and settings.metrics_file is not None:
        leave_metrics(settings, run, warner(settings))


def warner(settings: Settings) -> Warn:
    """Warns as the run itself does: by a line of the log, or by a sentence for people."""
    style = logs.style(settings.log, sys.stderr)
    if style == "text":
        return lambda message: click.echo(f"Warning: {message}", err=True)
    log = logs.logger(style, sys.stderr, environment=settings.environment)
    return lambda message: log.warning("warning", message=message)


def leave_metrics(settings: Settings, run: Run, warn: Warn) -> None:
    """Add a run to SYNC_METRICS_FILE; mappings whose file is gone leave it."""
    from sync.aftermath.textfile import Textfile
    from sync.service.freshness import last_runs
    from sync.service.metrics import Metrics

    assert settings.metrics_file is not None
    metrics, names = Metrics(settings.environment), {part.mapping for part in run.mappings}
    metrics.ended(run)
    try:
        known = last_runs(settings.state_url)
    except SyncError as error:
        warn(f"SYNC_METRICS_FILE shows no last success: {told(error)}")
        there = None
    else:
        there = names | {one.mapping for one in known.latest() if os.path.exists(one.file)}
        for one in known.of():
            if one.mapping in names:
                metrics.succeeded(one)

    def stays(labels: abc.Mapping[str, str]) -> bool:
        here = labels.get("environment") == settings.environment
        return here and (there is None or labels.get("mapping") in {*there, None})

    try:
        Textfile(settings.metrics_file, stays).add(metrics.families())
    except OSError as error:
        warn(f"SYNC_METRICS_FILE cannot be written: {error.strerror or error}")
