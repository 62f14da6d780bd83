"""How a command prints what it has found: text, JSON, Markdown, annotations of GitHub or JUnit; on stdout or a file."""

import os
from collections import abc
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.cli.say import say_lines, say_pieces
from sync.errors import ConfigError, ConfigProblem, SyncError
from sync.report.words import visible

if TYPE_CHECKING:
    from sync.report.findings import Suite

#: Where GitHub wants the Markdown of a step.
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


class Format(StrEnum):
    """What `--format` takes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"
    JUNIT = "junit"


_FOR_PROGRAMS = (Format.MARKDOWN, Format.GITHUB, Format.JUNIT)


@dataclass(frozen=True, slots=True)
class Output:
    """What was asked for: the format (None: as people are used to), the file, and whether values of rows are shown."""

    format: Format | None = None
    file: Path | None = None
    values: bool = False

    @property
    def as_json(self) -> bool:
        """Whether JSON alone is wanted."""
        return self.format is Format.JSON

    @property
    def given(self) -> bool:
        """Whether the result is printed in a form of its own, and not while the command goes on."""
        return self.format is not None or self.file is not None

    def check(self) -> None:
        """Raise ConfigError where the file could not be written; nothing that is there is touched."""
        if self.file is None:
            return
        try:
            if self.file.is_dir():
                raise IsADirectoryError(0, "it is a folder")
            if self.file.exists() and not os.access(self.file, os.W_OK):
                raise PermissionError(0, "it may not be written")
            import tempfile  # which loads what status and validate do without

            with tempfile.NamedTemporaryFile(dir=self.file.parent, prefix=".chartmogul-sync-"):
                pass
        except OSError as error:
            raise self._unwritable(error) from error

    def write(self, text: str) -> None:
        """Print the text, or put it into the file, in one step; ConfigError where that fails."""
        if self.file is None:
            say_pieces([text])
            return
        try:
            _replace(self.file, text)
        except OSError as error:
            raise self._unwritable(error) from error

    def write_lines(self, lines: abc.Iterable[str]) -> None:
        """Print lines of text, or put them into the file, with whatever a terminal would obey made visible."""
        if self.file is None:
            say_lines(lines)
            return
        shown = (visible(one, None) for line in lines for one in line.split("\n"))
        self.write("".join(f"{line}\n" for line in shown))

    def _unwritable(self, error: OSError) -> ConfigError:
        message = f"cannot write {self.file}: {error.strerror or error}"
        hint = "name a file that can be written, with --output FILE"
        return ConfigError(ConfigProblem(message, hint))


def _replace(file: Path, text: str) -> None:
    """A pipe or a device is written to as it is."""
    if file.exists() and not file.is_file():
        file.write_text(text, encoding="utf-8")
        return
    import tempfile

    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".chartmogul-sync-")
    try:
        with open(handle, "w", encoding="utf-8") as made:
            made.write(text)
        os.replace(name, file.resolve())
    except BaseException:
        os.unlink(name)
        raise


def told(
    output: Output, title: str, suites: "abc.Sequence[Suite]", document: Any, text: str = ""
) -> str:
    """What was found in the format that was asked for; for GitHub the Markdown goes to its summary as well."""
    from sync.report import findings
    from sync.report.plain import indented

    match output.format:
        case Format.JSON:
            return indented(document) + "\n"
        case Format.MARKDOWN:
            return findings.markdown(title, suites)
        case Format.GITHUB:
            summarize(findings.markdown(title, suites))
            return findings.github(suites)
        case Format.JUNIT:
            return findings.junit(title, suites)
    return text


def nothing(output: Output, title: str, document: Any, text: str) -> None:
    """Say that there is nothing to do, in the format and at the place that were asked for."""
    from sync.report.findings import Suite

    output.write(told(output, title, [Suite(title)], document, f"{visible(text, None)}\n"))


def summarize(text: str) -> None:
    """Add Markdown to the summary of GitHub's step, where there is one; it is no reason to fail."""
    if file := os.environ.get(STEP_SUMMARY):
        with suppress(OSError), open(file, "a", encoding="utf-8") as summary:
            summary.write(text)


def problem_suites(error: SyncError, files: abc.Iterable[str] = ()) -> "list[Suite]":
    """The problems of an error by their files; `files` are those that were looked at and are well."""
    from sync.report.findings import Finding, Level, Suite

    problems = error.problems if isinstance(error, ConfigError) else ()
    found = problems or (ConfigProblem(error.message, error.hint),)
    by_file: dict[str, list[Finding]] = {file: [] for file in files}
    for one in found:
        text = f"{one.message}\nhint: {one.hint}" if one.hint else one.message
        place = one.file, one.line, one.column
        title = one.path or "does not fit"
        by_file.setdefault(one.file, []).append(Finding(title, text, Level.ERROR, *place))
    return [Suite(file or "settings", made) for file, made in by_file.items()]


def fail(output: Output, title: str, error: SyncError, document: Any) -> None:
    """Print an error that is a command's result, where its form is one for programs; people read it on stderr."""
    if output.format in _FOR_PROGRAMS or (output.as_json and output.file is not None):
        output.write(told(output, title, problem_suites(error), document))
