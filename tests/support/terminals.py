"""The program on a terminal of its own."""

import os
import pty
import subprocess
import sys
import termios
from collections import abc
from pathlib import Path


def on_a_terminal(
    arguments: abc.Sequence[str],
    environment: abc.Mapping[str, str],
    folder: Path | None = None,
    *,
    columns: int | None = None,
) -> str:
    """What the program prints on a terminal, with its colours.

    `columns` is the width that the terminal itself tells; that of `COLUMNS` in the environment goes first.
    """
    ours, theirs = pty.openpty()
    if columns is not None:
        termios.tcsetwinsize(theirs, (50, columns))
    with subprocess.Popen(
        [sys.executable, "-m", "sync", *arguments],
        cwd=folder,
        env=environment,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        pieces = []
        try:
            while piece := os.read(ours, 1 << 16):
                pieces.append(piece)
        except OSError:  # how a terminal ends on Linux
            pass
    os.close(ours)
    return b"".join(pieces).decode()
