"""The error that ended a command before it had anything to show, as whoever asked wants it: JSON or text."""

import os
import sys
from collections import abc
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from sync.cli.environ import variables_of
from sync.cli.say import say, say_json, say_lines
from sync.errors import ConfigError, ConfigProblem, SyncError, told
from sync.report import logs
from sync.report.failure import errors_text, pasted


def tell(error: SyncError, *, as_json: bool, env_file: Path | None = None) -> None:
    """A document on stdout for --json; on stderr a line of the log for SYNC_LOG=json, else text for people.

    `env_file` is what --env-file named.
    """
    if as_json:
        say_json(document(error))
    own = _own(env_file)
    if own.get("SYNC_LOG") == "json":
        logger = logs.logger("json", sys.stderr, environment=own.get("SYNC_ENVIRONMENT") or None)
        logger.error("command_failed", exit_code=error.exit_code, error=told(error))
    else:
        say_lines(errors_text(error, paste=False).split("\n"), to=sys.stderr)
        for lines in pasted(error):
            say(f"\n{lines}", to=sys.stderr)


def document(error: SyncError) -> dict[str, object]:
    """An error as plain values."""
    found = error.problems if isinstance(error, ConfigError) else ()
    return {
        "format": 1,
        "exit_code": error.exit_code,
        "error": told(error),
        "problems": problems(found or (ConfigProblem(error.message, error.hint),)),
    }


def problems(found: tuple[ConfigProblem, ...]) -> list[dict[str, object]]:
    """Problems as plain values."""
    return [asdict(problem) for problem in found]


def _own(env_file: Path | None) -> abc.Mapping[str, str]:
    """The variables, but for those of a file that cannot be read."""
    with suppress(SyncError):
        return variables_of(env_file).own
    return os.environ
