"""A stream that outlives its reader, so that `| head` ends nothing.

Apart from `say`, since every command goes through it, `--help` too, and it needs nothing of what words are made of.
"""

import io
import os
from typing import TextIO


class Lasting(io.TextIOWrapper):
    """A stream that outlives its reader: what is written after `| head` has seen enough goes nowhere, without an error.

    So a run is not broken off by whoever looks at it, and every command ends with the code that it has anyway. Where
    it cannot be written for another reason, such as a full disk, `trouble` says why.
    """

    #: Why what was written is not there; empty where it is, or nobody wants it.
    trouble = ""

    def write(self, text: str) -> int:
        """Write, or drop the text where that cannot be any more."""
        try:
            return super().write(text)
        except OSError as error:
            self._let_go(error)
            return len(text)

    def flush(self) -> None:
        """Flush, as far as that can be."""
        try:
            super().flush()
        except OSError as error:
            self._let_go(error)

    def _let_go(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self.trouble = error.strerror or "it cannot be written"
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def lasting(stream: TextIO) -> TextIO:
    """The stream in its lasting form, in which a character that its encoding lacks ends nothing either."""
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, Lasting):
        return stream
    encoding, line_buffering = stream.encoding, stream.line_buffering
    return Lasting(stream.detach(), encoding, "backslashreplace", line_buffering=line_buffering)
