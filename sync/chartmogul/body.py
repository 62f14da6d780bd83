"""The body of an answer: taken piece by piece, unpacked here, and never more of it than ChartMogul has to say."""

import zlib
from dataclasses import dataclass

import httpx

from sync.chartmogul.wire import Misread

#: The most of a body that is no good answer: all shapes of errors fit many times, pages of HTML are shown in part.
LARGEST_ERROR = 64 * 1024
#: Encodings that zlib unpacks, with the window that tells it which; nobody is asked for another one than gzip.
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True, slots=True)
class Body:
    """What was taken of a body; `cut` where there was more than anybody may send."""

    content: bytes
    cut: bool = False


async def take(answer: httpx.Response, most: int) -> Body:
    """Take a body of at most so many bytes, as received and as unpacked; the rest is never read.

    httpx would unpack a piece whatever comes of it, and a thousandth of a bomb is enough to fill the memory.

    Raises:
        Misread: it cannot be unpacked.
    """
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    unpacked, received, packed = bytearray(), 0, _unpacker(answer.headers)
    try:
        async for piece in answer.stream:
            received += len(piece)
            room = most + 1 - len(unpacked)
            unpacked += piece[:room] if packed is None else packed.decompress(piece, room)
            if max(received, len(unpacked)) > most:
                return Body(bytes(unpacked[:most]), cut=True)
    except zlib.error as error:
        raise Misread("the answer cannot be unpacked") from error
    finally:
        await answer.aclose()
    if packed is not None and received and not packed.eof:
        raise Misread("the answer was cut off")
    return Body(bytes(unpacked))


def _unpacker(headers: httpx.Headers) -> "zlib._Decompress | None":
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding not in _WINDOWS:
        raise Misread(f"nobody asked for an answer in {encoding[:20]}")
    return zlib.decompressobj(_WINDOWS[encoding])
