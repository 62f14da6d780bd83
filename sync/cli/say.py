"""What commands print: text without anything that a terminal obeys, to a reader who may have gone."""

import sys
from collections import abc
from typing import TextIO

from sync.report.plain import indented
from sync.report.words import visible


def say(text: str, *, to: TextIO | None = None) -> None:
    """Print lines of text, with whatever a terminal would obey made visible; on standard output, or `to`."""
    lines = (visible(line, None) for line in text.split("\n"))
    print("\n".join(lines), file=to or sys.stdout, flush=True)


def say_json(document: object) -> None:
    """Print a document as JSON over many lines."""
    print(indented(document), flush=True)


def say_pieces(pieces: abc.Iterable[str]) -> None:
    """Print the pieces of one JSON document, whose last line has its end."""
    for piece in pieces:
        print(piece, end="")
    sys.stdout.flush()
