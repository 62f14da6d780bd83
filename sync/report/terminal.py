"""Shows a run to the person who started it."""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from sync.domain.events import Estimate, Phase
from sync.domain.results import Left, MappingRun, Result, Run
from sync.report.gathered import Gathered
from sync.report.overview import Look, keep, overview, risks
from sync.report.preview import ROWS, Preview
from sync.report.progress import Meter, announce, describe_all
from sync.report.summary import summary
from sync.report.words import Mask, sentence, visible

_WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown at the end: rows of a dry run, what others have gathered (None: it is gathered here), values."""

    rows: int | None = None
    gathered: Gathered | None = None
    values: bool = False


class TerminalReporter:
    """A `Reporter` for people: progress and summary on `talk`, a dry run's findings on `out`.

    `talk` is standard error, `out` standard output or None where something else is printed there.
    `clock` gives seconds that only grow, `allowance` the requests a second that may be sent, `mask`
    the hash of a key with an e-mail address, `reports` the folder of all reports. Without a
    terminal the progress is a line for each phase.
    """

    def __init__(
        self,
        talk: Console,
        out: Console | None,
        *,
        clock: Callable[[], float],
        allowance: float,
        mask: Mask,
        reports: Path | None = None,
        shown: Shown | None = None,
    ) -> None:
        self._talk = talk
        self._out = out
        self._clock = clock
        self._allowance = allowance
        self._mask = mask
        self._reports = reports
        self._shown, self._own = shown or Shown(), Gathered()
        self._started_at: datetime | None = None
        self._previews: dict[str, Preview] = {}
        self._spinner = Spinner("dots")
        #: Of the mappings that are under way; several only while they are written.
        self._meters: list[Meter] = []
        self._live: Live | None = None

    def started(self, run: Run) -> None:
        """Begin the progress line."""
        self._started_at = run.started_at
        rows = ROWS if self._shown.rows is None else self._shown.rows
        if run.dry_run and self._out is not None:
            self._previews = {
                mapping.mapping: Preview(mapping.mapping, rows) for mapping in run.mappings
            }
        if self._talk.is_terminal:
            self._live = Live(
                console=self._talk,
                get_renderable=self._progress,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def phase(self, mapping: MappingRun, phase: Phase, total: int | None) -> None:
        """Show what the mapping does now."""
        beside = [
            meter
            for meter in self._running()
            if meter.mapping is not mapping and Phase.READ not in (phase, meter.phase)
        ]
        self._meters = [*beside, Meter(mapping, phase, total, self._clock)]
        if self._live is None:
            self._say(Text(visible(announce(mapping, phase, total))))

    def rows(self, mapping: MappingRun, results: Sequence[Result]) -> None:
        """Count what is wrong; a dry run keeps the first rows for its end."""
        if self._shown.gathered is None and self._started_at is not None:
            self._own.add(mapping.mapping, results, self._started_at)
        if mapping.mapping in self._previews:
            self._previews[mapping.mapping].add(results)

    def left(self, mapping: MappingRun, left: Sequence[Left]) -> None:
        """Nothing to show yet: the closing summary has the number."""

    def warned(self, mapping: MappingRun | None, message: str) -> None:
        """Show the warning at once, above the progress line."""
        about = f"{mapping.mapping}: " if mapping else ""
        self._say(Text(sentence(f"Warning: {about}{message}"), style="bold yellow"))

    def stalled(self, mapping: MappingRun, seconds: float) -> None:
        """Say it above the progress line."""
        minutes = max(1, round(seconds / 60))
        self._say(Text(f"{mapping.mapping}: waiting for the warehouse for {minutes} min"))

    def noticed(self, mapping: MappingRun, message: str) -> None:
        """Say it above the progress line."""
        self._say(Text(sentence(f"{mapping.mapping}: {message}")))

    def estimated(self, mapping: MappingRun, estimate: Estimate) -> None:
        """Keep it for the end of the preview."""
        if mapping.mapping in self._previews:
            self._previews[mapping.mapping].estimate = estimate

    def finished(self, run: Run) -> None:
        """Show what a dry run found, then the summary, then where the files are."""
        self.close()
        folder = self._reports / run.id if self._reports else None
        document, values = summary(run), self._shown.values
        gathered = self._own if self._shown.gathered is None else self._shown.gathered
        if self._out is not None and self._previews:
            for text in risks(document, gathered):
                write(self._out, text)
            for mapping in run.mappings:
                self._previews[mapping.mapping].broke_off = mapping.error is not None
            self._show_previews(self._out, str((folder or Path()) / "changes.jsonl"))
        look = Look(self._talk.width, values, keep if values else self._mask)
        for part in overview(document, gathered, look):
            self._say(part)
        if folder and folder.is_dir():
            self._say(Text(visible(f"Reports: {folder}", None)))

    def close(self) -> None:
        """Take the progress line away and give the cursor back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _progress(self) -> RenderableType:
        if meters := self._running() or self._meters[-1:]:
            words = describe_all(meters, self._allowance)
            self._spinner.update(text=Text(visible(words), no_wrap=True, overflow="ellipsis"))
        return self._spinner

    def _running(self) -> list[Meter]:
        return [meter for meter in self._meters if meter.mapping.status is None]

    def _show_previews(self, out: Console, changes: str) -> None:
        for preview in self._previews.values():
            for text in preview.render(changes, out.width if out.is_terminal else None):
                write(out, text)
            out.print()

    def _say(self, part: RenderableType) -> None:
        write(self._talk, part)


def write(console: Console, part: RenderableType) -> None:
    """Print; long lines keep their indent on a terminal, and stay whole in a file or pipe.

    A word that is longer than a line stays whole, so that an address can still be opened and copied.
    """
    if not isinstance(part, Text):
        console.print(part)
    elif console.is_terminal and not part.no_wrap:
        indent = len(part.plain) - len(part.plain.lstrip(" "))
        room = max(console.width - indent, 1)
        said = part[indent:]
        for line in said.divide(_breaks(said.plain, room)):
            line.rstrip()
            console.print(Text(" " * indent) + line, soft_wrap=True)
    else:
        console.print(part, soft_wrap=not console.is_terminal)


def _breaks(text: str, room: int) -> Iterator[int]:
    """Where lines of so many cells begin: between words alone."""
    place = used = 0
    for word in _WORD.findall(text):
        if used and used + cell_len(word.rstrip()) > room:
            yield place
            used = 0
        place, used = place + len(word), used + cell_len(word)


def rendered(parts: Iterable[RenderableType]) -> str:
    """What a console of 120 columns would show, as plain text for a file."""
    file = io.StringIO()
    console = Console(file=file, highlight=False, width=120)
    for part in parts:
        write(console, part)
    return file.getvalue()
