"""What commands print: text without anything that a terminal obeys, to a reader who may have gone."""

import os
import sys
from collections import abc
from contextlib import suppress
from typing import TextIO

from sync.report.plain import indented
from sync.report.words import visible, wrapped


def say(text: str, *, to: TextIO | None = None) -> None:
    """Print lines of text, with whatever a terminal would obey made visible; on standard output, or `to`."""
    lines = (visible(line, None) for line in text.split("\n"))
    print("\n".join(lines), file=to or sys.stdout, flush=True)


def say_lines(lines: abc.Iterable[str], *, to: TextIO | None = None) -> None:
    """Print text as `say` does; on a terminal what is longer than a line is broken between words."""
    stream = to or sys.stdout
    width = columns(stream)
    shown = (visible(one, None) for line in lines for one in line.split("\n"))
    for line in shown:
        for piece in wrapped(line, width) if width else (line,):
            print(piece, file=stream)
    stream.flush()


def columns(stream: TextIO) -> int | None:
    """The columns of a terminal; None of what is none."""
    if not stream.isatty():
        return None
    if (told := os.environ.get("COLUMNS", "")).isdecimal():
        return max(int(told), 1)
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or None
    return None


def say_json(document: object) -> None:
    """Print a document as JSON over many lines."""
    print(indented(document), flush=True)


def say_pieces(pieces: abc.Iterable[str]) -> None:
    """Print the pieces of one JSON document, whose last line has its end."""
    for piece in pieces:
        print(piece, end="")
    sys.stdout.flush()
