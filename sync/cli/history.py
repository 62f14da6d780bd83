"""`runs` and `report`: what past runs did."""

import sys
from collections import abc
from pathlib import Path

from rich.console import Console

from sync.cli.config import settings_alone
from sync.cli.say import say_json
from sync.report import archive, history
from sync.report.summary import summary
from sync.report.terminal import write
from sync.state.store import Store


def runs(limit: int, *, as_json: bool) -> int:
    """List the latest runs of the state, the newest first; 0."""
    settings = settings_alone()
    store = Store.open_read_only(settings.state_url)
    try:
        summaries = [summary(run) for run in store.runs(limit)]
    finally:
        store.close()
    if as_json:
        say_json(summaries)
        return 0
    _show(history.runs(summaries))
    return 0


def report(name: str, reports: Path | None, *, as_json: bool) -> int:
    """Show one run's report; 0, or ConfigError where there is none."""
    settings = settings_alone()
    folder = archive.find(reports or settings.reports, name)
    if as_json:
        for piece in archive.as_json(folder):
            sys.stdout.write(piece)
        return 0
    _show(history.report(folder, Console().width))
    return 0


def _show(parts: abc.Iterable[object]) -> None:
    console = Console(highlight=False)
    for part in parts:
        write(console, part)  # type: ignore[arg-type]  # Text is a renderable
