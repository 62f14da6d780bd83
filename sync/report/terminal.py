"""Shows a run to the person who started it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.text import Text

from sync.domain.events import Estimate, Phase
from sync.domain.results import Left, MappingRun, Result, Run
from sync.report.closing import closing
from sync.report.groups import Groups
from sync.report.preview import Preview
from sync.report.progress import Meter, announce, describe_all
from sync.report.words import Mask, sentence, visible

#: Rows of a mapping that a dry run shows.
ROWS = 50


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
        rows: int = ROWS,
    ) -> None:
        self._talk = talk
        self._out = out
        self._clock = clock
        self._allowance = allowance
        self._mask = mask
        self._reports = reports
        self._longest = rows
        self._groups = Groups()
        self._previews: dict[str, Preview] = {}
        self._spinner = Spinner("dots")
        #: Of the mappings that are under way; several only while they are written.
        self._meters: list[Meter] = []
        self._live: Live | None = None

    def started(self, run: Run) -> None:
        """Begin the progress line."""
        if run.dry_run and self._out is not None:
            self._previews = {
                mapping.mapping: Preview(mapping, self._longest) for mapping in run.mappings
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
        self._groups.add(mapping.mapping, results)
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

    def estimated(self, mapping: MappingRun, estimate: Estimate) -> None:
        """Keep it for the end of the preview."""
        if mapping.mapping in self._previews:
            self._previews[mapping.mapping].estimate = estimate

    def finished(self, run: Run) -> None:
        """Show what a dry run found, then the summary, then where the files are."""
        self.close()
        folder = self._reports / run.id if self._reports else None
        if self._out is not None:
            self._show_previews(self._out, str((folder or Path()) / "changes.jsonl"))
        for part in closing(run, self._groups, self._mask, self._talk.width):
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
            for text in preview.render(changes):
                write(out, text)
            out.print()

    def _say(self, part: RenderableType) -> None:
        write(self._talk, part)


def write(console: Console, part: RenderableType) -> None:
    """Print; long lines keep their indent on a terminal, and stay whole in a file or pipe."""
    if not isinstance(part, Text):
        console.print(part)
    elif console.is_terminal and part.plain.startswith(" "):
        indent = len(part.plain) - len(part.plain.lstrip(" "))
        console.print(Padding(part[indent:], (0, 0, 0, indent), expand=False))
    else:
        console.print(part, soft_wrap=not console.is_terminal)
