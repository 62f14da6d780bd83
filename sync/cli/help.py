"""`help`: what a code of a rejected row, a warning or a rail means, and what to do about it."""

import sys
from collections import abc
from textwrap import fill

from sync.cli.say import columns, say_lines
from sync.errors import ConfigError, ConfigProblem
from sync.report.codes import CODES, Code, Kind, find, nearest, of_kind

_TITLES = {
    Kind.ROW: "Rejected rows",
    Kind.WARNING: "Warnings of rows",
    Kind.RAIL: "Rails, which stop a mapping",
}
#: Longer lines are hard to read; in a pipe nobody tells the width.
_WIDEST, _PIPED = 100, 80


def help_(name: str | None) -> int:
    """Explain a code, or list them all; 0, or ConfigError where there is no such code."""
    if name is None:
        say_lines(_listed())
        return 0
    code = find(name)
    if code is None:
        near = nearest(name)
        hint = f"did you mean {near}?" if near else "`chartmogul-sync help` lists them"
        raise ConfigError(ConfigProblem(f"there is no code {name!r}", hint))
    say_lines(_explained(code))
    return 0


def _listed() -> abc.Iterator[str]:
    widest = max(len(code.name) for code in CODES)
    for kind, title in _TITLES.items():
        yield f"{title}:"
        yield from (f"  {code.name:<{widest}}  {code.means}" for code in of_kind(kind))
        yield ""
    yield "`chartmogul-sync help CODE` tells cause, cure and what the next run does."


def _explained(code: Code) -> abc.Iterator[str]:
    yield f"{code.name}: {code.kind.value}; {code.means}"
    for title, text in (("Cause", code.cause), ("Cure", code.cure), ("Next run", code.next_run)):
        yield ""
        yield _paragraph(title, text)


def _paragraph(title: str, text: str) -> str:
    indent = " " * 12
    width = min(_WIDEST, columns(sys.stdout) or _PIPED)
    return fill(text, width, initial_indent=f"  {title:<10}", subsequent_indent=indent)
