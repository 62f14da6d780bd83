"""Bodies beyond all bounds, made piece by piece: nobody has to hold them."""

import zlib
from collections import abc

from sync.sandbox.answer import Flow

PIECE = 1 << 18
"""Bytes that are made at a time."""

LARGEST = 10_000_000_000
"""Bytes that a body may have once it is unpacked."""

_BEGIN, _END = b'{"entries": [', b'], "cursor": null, "has_more": false}'


def spaces(size: int) -> Flow:
    """A list without entries, in JSON, with so many bytes of white space in it."""

    def flow() -> abc.Iterator[bytes]:
        yield _BEGIN
        blank = b" " * PIECE
        for _ in range(size // PIECE):
            yield blank
        yield b" " * (size % PIECE) + _END

    return flow


def bomb(size: int) -> Flow:
    """The body as gzip: about a thousandth as long until somebody unpacks it."""

    def flow() -> abc.Iterator[bytes]:
        packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        for piece in spaces(size)():
            if packed := packer.compress(piece):
                yield packed
        yield packer.flush()

    return flow
