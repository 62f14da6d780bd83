"""The error that ended a command, for the person who has to do something about it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from sync.errors import ConfigError, ConfigProblem, SyncError
from sync.report.words import count, visible

#: Database and server messages may be long, yet cutting them must not hide the reason.
_LONGEST = 4_000


def errors_text(error: SyncError, *, paste: bool = True) -> str:
    """The message, then what to do; of a ConfigError every problem, gathered by file, and the lines to paste."""
    match error:
        case ConfigError(problems=problems) if problems:
            return "\n\n".join([*_gathered(problems), *(pasted(error) if paste else ())])
        case _:
            return "\n".join(_paragraph(error.message, error.hint))


def pasted(error: SyncError) -> Iterator[str]:
    """The lines that mend an error, as they are pasted: without any indent."""
    for problem in error.problems if isinstance(error, ConfigError) else ():
        if problem.paste:
            yield "\n".join(visible(line, None) for line in problem.paste.splitlines())


def _gathered(problems: Sequence[ConfigProblem]) -> Iterator[str]:
    by_file = attrgetter("file")
    for file, group in groupby(sorted(problems, key=by_file), by_file):
        found = sorted(group, key=attrgetter("line", "column"))
        yield "\n".join(_file(file, found) if file else _bare(found))


def _file(file: str, problems: Sequence[ConfigProblem]) -> Iterator[str]:
    yield f"{visible(file)}: {count(len(problems), 'problem')}"
    for problem in problems:
        place = ":".join([file, *(str(part) for part in (problem.line, problem.column) if part)])
        yield f"\n  {visible(place)}  {visible(problem.path)}".rstrip()
        yield from (f"      {line}" for line in _paragraph(problem.message, problem.hint))


def _bare(problems: Sequence[ConfigProblem]) -> Iterator[str]:
    for problem in problems:
        yield from _paragraph(problem.message, problem.hint)


def _paragraph(message: str, hint: str) -> Iterator[str]:
    yield from (visible(line, _LONGEST) for line in message.splitlines() or [""])
    if hint:
        yield from (visible(line, _LONGEST) for line in f"hint: {hint}".splitlines())
