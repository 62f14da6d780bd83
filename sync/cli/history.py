"""`runs` and `report`: what past runs did."""

import webbrowser
from collections import abc
from pathlib import Path

from rich.console import Console

from sync.cli.config import settings_alone
from sync.cli.say import say, say_json, say_pieces
from sync.errors import ConfigError, ConfigProblem
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


def report(name: str, reports: Path | None, *, as_json: bool, in_browser: bool = False) -> int:
    """Show one run's report, or open its page; 0, or ConfigError where there is none."""
    settings = settings_alone()
    folder = archive.find(reports or settings.reports, name)
    if as_json:
        say_pieces(archive.as_json(folder))
        return 0
    page = _page(folder, needed=in_browser)
    if in_browser:
        say(str(page))
        webbrowser.open(page.absolute().as_uri())
        return 0
    _show(history.report(folder, Console().width))
    return 0


def _page(folder: Path, *, needed: bool) -> Path:
    """Where the run's page is; a run that wrote none gets it now."""
    try:
        return archive.page(folder)
    except OSError as error:
        if needed:
            message = f"cannot write the page in {folder}: {error.strerror or error}"
            hint = "report without --open shows the run here"
            raise ConfigError(ConfigProblem(message, hint)) from error
        return folder


def _show(parts: abc.Iterable[object]) -> None:
    console = Console(highlight=False)
    for part in parts:
        write(console, part)  # type: ignore[arg-type]  # Text is a renderable
