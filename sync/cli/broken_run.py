"""A run that fails before its first row: it is a run all the same, in the state, and told as any other."""

import sys
import time
from contextlib import suppress

from sync.cli.config import Prepared
from sync.cli.outside import now
from sync.cli.say import say
from sync.domain.results import Run, Status
from sync.engine.session import failed_parts, run_id
from sync.errors import ConfigError, SyncError
from sync.report import logs
from sync.report.failure import errors_text
from sync.report.log import LogReporter
from sync.state.store import Store


def enter(prepared: Prepared, error: SyncError, *, dry_run: bool, whole: bool = True) -> Run:
    """The run as it failed; entered into the state, if that can be written and this is no dry run."""
    if not dry_run and prepared.state_is_known:
        with suppress(SyncError):
            store = Store.open(prepared.settings.state_url)
            try:
                run = _run(prepared, error, store, whole=whole)
                store.fail_run(run)
                return run
            finally:
                store.close()
    return _run(prepared, error, None, dry_run=dry_run, whole=whole)


def _run(
    prepared: Prepared,
    error: SyncError,
    store: Store | None,
    *,
    dry_run: bool = False,
    whole: bool = True,
) -> Run:
    at = now() if store is None else store.now()
    parts = failed_parts(prepared.survey.barred, store)
    return Run(
        run_id(at),
        dry_run,
        at,
        parts,
        at,
        Status.FAILED,
        error.exit_code,
        whole,
        prepared.settings.environment,
    )


def tell(prepared: Prepared, run: Run, error: SyncError) -> None:
    """Say why on stderr: as the log's lines for SYNC_LOG=json, else as text for people."""
    if prepared.settings.log == "json":
        environment = prepared.settings.environment
        logger = logs.logger("json", sys.stderr, environment=environment)
        log = LogReporter(logger, clock=time.monotonic, mask=str)
        log.started(run)
        log.failed(error)
        log.finished(run)
    else:
        show(prepared, error)


def show(prepared: Prepared, error: SyncError | None = None) -> None:
    """Everything that is wrong, as text on stderr, and what it holds back."""
    problems = prepared.survey.problems
    if problems:
        say(errors_text(ConfigError(*problems)), to=sys.stderr)
    if error is not None and not isinstance(error, ConfigError):
        say(errors_text(error), to=sys.stderr)
    for one in prepared.survey.barred:
        if one.held:
            say(f"{one.file}: {one.error}", to=sys.stderr)
