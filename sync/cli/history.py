"""`runs` and `report`: what past runs did."""

import webbrowser
from collections import abc
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from sync.cli import audit_formats
from sync.cli.config import settings_alone
from sync.cli.formats import Format, Output
from sync.cli.run_formats import from_folder
from sync.cli.say import say, say_pieces
from sync.errors import ConfigError, ConfigProblem
from sync.report import archive, by, history
from sync.report.folder import LATEST
from sync.report.overview import Look
from sync.report.plain import indented
from sync.report.preview import ROWS
from sync.report.summary import summary
from sync.report.terminal import rendered, write
from sync.state.store import Store


def runs(limit: int, output: Output) -> int:
    """List the latest runs of the state, the newest first; 0."""
    settings = settings_alone()
    store = Store.open_read_only(settings.state_url)
    try:
        summaries = [summary(run) for run in store.runs(limit)]
    finally:
        store.close()
    if output.as_json:
        output.write(indented(summaries) + "\n")
    elif output.file is not None:
        output.write(rendered(history.runs(summaries)))
    else:
        _show(history.runs(summaries))
    return 0


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a report: `whole` as one document, its page `in_browser`, the latest dry one, by what, how many rows."""

    whole: bool = False
    in_browser: bool = False
    dry: bool = False
    by: str | None = None
    rows: int | None = None


def report(name: str | None, reports: Path | None, output: Output, shown: Shown) -> int:
    """Show one run's report, or open its page; 0, or ConfigError where there is none."""
    settings = settings_alone()
    wanted = archive.LATEST_DRY_RUN if shown.dry else (LATEST if name is None else name)
    folder = archive.find(reports or settings.reports, wanted)
    if shown.whole:
        _print_whole(folder, output)
        return 0
    page = _page(folder, needed=shown.in_browser)
    if shown.in_browser:
        say(str(page))
        webbrowser.open(page.absolute().as_uri())
    elif shown.by is not None:
        _print_by(folder, output, shown)
    elif output.file is not None or output.format not in (None, Format.TEXT):
        output.write(_printed(folder, output, shown))
    else:
        console = Console()
        look = Look(console.width, values=True, cut=console.is_terminal)
        _show(history.report(folder, look, _rows(shown)))
    return 0


def _printed(folder: Path, output: Output, shown: Shown) -> str:
    """A run in its format; an audit in its own."""
    if (found := archive.read_audit(folder)) is not None:
        return audit_formats.from_folder(output, folder, found)
    return from_folder(output, folder, _rows(shown))


def _rows(shown: Shown) -> int:
    return ROWS if shown.rows is None else shown.rows


def _print_whole(folder: Path, output: Output) -> None:
    if output.file is None:
        say_pieces(archive.as_json(folder))
    else:
        output.write("".join(archive.as_json(folder)))


def _print_by(folder: Path, output: Output, shown: Shown) -> None:
    """All reasons, or all fields: as text, or as one JSON document."""
    if output.format not in (None, Format.TEXT, Format.JSON):
        message = f"--by is for text and JSON, not for {output.format.value}"
        raise ConfigError(ConfigProblem(message, "leave --by out: Markdown has all reasons"))
    listing = by.listing(archive.read_summary(folder), archive.gather(folder), str(shown.by))
    if output.as_json:
        output.write(indented(listing) + "\n")
        return
    parts = by.text(listing, 1 if shown.rows is None else shown.rows)
    if output.file is None:
        _show(parts)
    else:
        output.write(rendered(parts))


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
