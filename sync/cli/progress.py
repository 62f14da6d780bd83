"""What is done while somebody waits, for commands that say what they have found once all is over."""

import sys
from collections import abc

from sync.cli.say import say_lines
from sync.domain.events import Estimate, Phase
from sync.domain.results import Left, MappingRun, Result, Run
from sync.report.words import count, sentence, visible


class Progress:
    """A `Reporter` for people who wait: what is being done, and warnings; the findings come once all is over."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def started(self, run: Run) -> None:
        """Nothing to say yet."""

    def phase(self, mapping: MappingRun, phase: Phase, total: int | None) -> None:
        """Reading the rows, then listing the records."""
        what = "reading rows" if phase is Phase.READ else "comparing with ChartMogul"
        self._say(f"{mapping.mapping}: {what}")

    def rows(self, mapping: MappingRun, results: abc.Sequence[Result]) -> None:
        """Nothing: they are counted."""

    def left(self, mapping: MappingRun, left: abc.Sequence[Left]) -> None:
        """They are in left.jsonl."""
        self._say(f"{mapping.mapping}: {count(len(left), 'key')} left the query, see left.jsonl")

    def warned(self, mapping: MappingRun | None, message: str) -> None:
        """At once."""
        about = f"{mapping.mapping}: " if mapping else ""
        self._say(sentence(f"Warning: {about}{message}"))

    def stalled(self, mapping: MappingRun, seconds: float) -> None:
        """The warehouse lets us wait."""
        self._say(f"{mapping.mapping}: waiting for the warehouse for {round(seconds / 60)} min")

    def noticed(self, mapping: MappingRun, message: str) -> None:
        """Nothing that changes what is found."""

    def estimated(self, mapping: MappingRun, estimate: Estimate) -> None:
        """Nothing will be sent."""

    def finished(self, run: Run) -> None:
        """Nothing more: the findings follow."""

    def close(self) -> None:
        """Nothing to let go of."""

    def _say(self, text: str) -> None:
        if not self._quiet:
            say_lines([visible(text)], to=sys.stderr)
