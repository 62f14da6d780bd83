"""The environment of a command, and the warnings about it."""

import re
import sys
from collections import abc
from datetime import UTC, datetime
from pathlib import Path

import click

from sync.cli.say import say
from sync.cli.slips import near_misses
from sync.domain.instant import canonical
from sync.mapping.environment import STATE_URL
from sync.mapping.loader import names
from sync.mapping.variables import Variables, is_quoted
from sync.report.plain import dumps
from sync.report.words import visible
from sync.settings import VARIABLES, environment

#: Where click keeps the file that --env-file names.
ENV_FILE = "sync.env_file"
#: Commands that log: without a terminal they do so in JSON.
_LOGGING = ("run", "schedule")
_FOLDER = Path("mappings")
#: SQLite without a file. Whoever opens a state asks its URL; that would load SQLAlchemy, which `validate` does without.
_IN_MEMORY = re.compile(
    r"\s*sqlite(?:\+\w+)?://(?:/?\s*\Z|/?(?:file:)?:memory:|/.*[?&]mode=memory\b)"
)


def variables() -> Variables:
    """The environment over `.env`, or over the file that --env-file names; ConfigError as `environment`."""
    context = click.get_current_context(silent=True)
    return variables_of(context.meta.get(ENV_FILE) if context else None)


def variables_of(file: Path | None) -> Variables:
    """The environment over this file, else over `.env`: what still holds when a command has ended."""
    return environment(Path.cwd(), file=file)


def warnings(found: Variables, paths: abc.Sequence[Path] = ()) -> list[str]:
    """What is odd about the environment, for mappings in these files, which may be broken."""
    files = paths or ([_FOLDER] if _FOLDER.is_dir() else [])
    named = names(files)
    told = [
        f"{name} means nothing here; {meant} is meant?" for name, meant in near_misses(found, named)
    ]
    told += [
        f"{name} has its value in quotes, and they are a part of it: Docker's --env-file keeps quotes, unlike .env"
        for name in sorted({*VARIABLES, *named} - found.held)
        if is_quoted(found.own.get(name, ""))
    ]
    if _IN_MEMORY.match(found.own.get(STATE_URL, "")):
        told.append(
            f"{STATE_URL} names a database in memory: what this process learns is gone when it ends, and every run"
            " begins anew; name a file, as in sqlite:////data/state.db"
        )
    return [*found.warnings(), *told]


def tell(messages: abc.Iterable[str], found: Variables) -> None:
    """Put warnings on standard error, as lines of the log where that is JSON, with the name of the environment."""
    style, place = found.own.get("SYNC_LOG"), found.own.get("SYNC_ENVIRONMENT")
    named = {"environment": place} if place else {}
    context = click.get_current_context(silent=True)
    logs = context is not None and context.info_name in _LOGGING and not sys.stderr.isatty()
    for message in messages:
        if style == "json" or (logs and style != "text"):
            line = {"level": "warning", "event": "warning", **named, "message": message}
            say(dumps({"timestamp": canonical(datetime.now(UTC)), **line}), to=sys.stderr)
        else:
            say(visible(f"Warning: {message}"), to=sys.stderr)
