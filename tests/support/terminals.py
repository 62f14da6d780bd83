"""The program on a terminal of its own."""

import os
import pty
import subprocess
import sys
from collections import abc
from pathlib import Path


def on_a_terminal(
    arguments: abc.Sequence[str], environment: abc.Mapping[str, str], folder: Path | None = None
) -> str:
    """What the program prints on a terminal, with its colours; `COLUMNS` of the environment is the width."""
    ours, theirs = pty.openpty()
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
