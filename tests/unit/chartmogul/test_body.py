"""Answers are bounded: bytes received, bytes unpacked, pages, and time."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest

from sync.chartmogul.body import LARGEST_ERROR, take
from sync.chartmogul.progress import FRUITLESS, MOST, Progress
from sync.chartmogul.wire import LARGEST, LARGEST_PAGE, Misread, Page
from sync.domain.plan import Seen
from sync.errors import Denied, Refused, Unavailable
from tests.unit.chartmogul.scene import answer, scene

JSON = b'{"name": "Example", "currency": "EUR"}'
PACKED = gzip.compress(JSON, mtime=0)
ALIVE = answer(200, JSON)
PIECE = b" " * 65_536


class Flood(httpx.AsyncByteStream):
    """A body of the same piece again and again; `read` counts, `closed` once nobody wants any more."""

    def __init__(self, piece: bytes, pieces: int, wait: float = 0.0) -> None:
        self.piece, self.pieces, self.wait = piece, pieces, wait
        self.read, self.closed = 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.pieces):
            await asyncio.sleep(self.wait)
            self.read += 1
            yield self.piece

    async def aclose(self) -> None:
        self.closed = True


def bomb(unpacked):
    """So many spaces in gzip: a thousandth of them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join(packer.compress(PIECE) for _ in range(unpacked // len(PIECE))) + packer.flush()


def answered(stream, status=200, **headers):
    """An answer with this body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, stream=stream)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "deflate", "identity", ""])
async def test_a_body_is_unpacked(encoding):
    """As the header says it is packed."""
    packed = {"deflate": zlib.compress(JSON), "identity": JSON, "": JSON}
    stream = Flood(packed.get(encoding, PACKED), 1)
    body = await take(answered(stream, Content_Encoding=encoding), 100)

    assert (body.content, body.cut, stream.closed) == (JSON, False, True)


@pytest.mark.parametrize("most", [len(JSON) - 1, len(JSON), len(JSON) + 1])
@pytest.mark.parametrize("encoding", ["gzip", ""])
async def test_the_limit_is_the_most(encoding, most):
    """As many bytes are taken, and one more is one too many; so it is for bytes as they are received."""
    piece = PACKED if encoding else JSON
    body = await take(answered(Flood(piece, 1), Content_Encoding=encoding), most)

    cut = most < len(piece)  # so short a text becomes longer in gzip
    assert (body.content, body.cut) == (JSON[:most], cut)


@pytest.mark.parametrize(
    ("piece", "encoding"),
    [
        (b"no gzip", "gzip"),
        (PACKED[:-9], "gzip"),
        (PACKED[:4], "gzip"),
        (JSON, "br"),
        (JSON, "gzip, gzip"),
    ],
)
async def test_what_cannot_be_unpacked_is_no_answer(piece, encoding):
    """Broken, cut off, or packed as nobody has asked for: it does not count as an answer without a body."""
    stream = Flood(piece, 1)
    with pytest.raises(Misread):
        await take(answered(stream, Content_Encoding=encoding), 1000)
    s = scene(answered(Flood(piece, 1), Content_Encoding=encoding), answer(200, {"tags": ["a"]}))
    await s.client.update_customer("cus_1", {"tags": ("a",)}, {}, frozenset())
    assert s.requests.retried == 1


FLOODS = {
    "plain": lambda: (Flood(PIECE, 5_000), {}),
    "bomb": lambda: (Flood(bomb(300_000_000), 1), {"Content_Encoding": "gzip"}),
    "empty blocks": lambda: (
        Flood(b"\x00\x00\x00\xff\xff" * 10_000, 5_000),
        {"Content_Encoding": "deflate"},
    ),
}


@pytest.mark.parametrize("kind", FLOODS)
@pytest.mark.parametrize("status", [200, 201, 400, 401, 404, 502])
async def test_a_flood_is_left_at_once(kind, status):
    """300 MB on any call: no more than the limit is read, it is no answer, and memory stays as it was."""
    flood, headers = FLOODS[kind]()
    s = scene(answered(flood, status, **headers))
    tracemalloc.start()
    try:
        with pytest.raises((Unavailable, Denied)) as caught:
            await s.client.create_contact("ds_1", "cus_1", {})
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert (status == 401) is isinstance(caught.value, Denied)
    assert not isinstance(caught.value, Refused)
    assert flood.closed
    assert flood.read * len(flood.piece) <= LARGEST + len(flood.piece)


async def test_the_limits():
    """A page holds 200 records, an error some words: each call has its own limit, and a good answer just fits."""
    assert (LARGEST_ERROR, LARGEST, LARGEST_PAGE) == (65_536, 1_048_576, 8_388_608)
    page = b'{"entries": [], "has_more": false}'
    s = scene(answer(200, page.ljust(LARGEST_PAGE)), answer(200, JSON.ljust(LARGEST)))
    assert [one.last async for one in s.client.list_contacts(data_source="ds_1")] == [True]
    assert (await s.client.account()).name == "Example"

    s = scene(answer(200, JSON.ljust(LARGEST + 1)), answer(200, JSON))
    assert (await s.client.account()).name == "Example"
    assert s.requests.retried == 1


async def test_a_body_that_never_ends():
    """It comes in small pieces, always in time: the request as a whole has its time-out."""
    floods = [Flood(b" ", 10**9, 0.001) for _ in range(6)]
    s = scene(*map(answered, floods), ALIVE, timeout=0.05)
    with pytest.raises(Unavailable, match="was not answered in time"):
        await s.client.customer("cus_1")
    assert all(flood.closed for flood in floods)


# Lists


def endless(names, last=10**9):
    """A list that shows these pages, each with a cursor of its own, again and again until the last one."""

    async def page(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/account"):
            return answer(200, JSON)
        number = int(request.url.params.get("cursor", 0))
        entries = [{"uuid": f"cus_{n}"} for n in names[number % len(names)]]
        more = {"has_more": number < last, "cursor": f"{number + 1}"}
        return answer(200, {"entries": entries, **more})

    return [page] * 500


async def read_all(listing: AsyncIterator[Page], seen: list[Page]) -> None:
    """Read a list to its end, which may be an error."""
    while page := await anext(listing, None):
        seen.append(page)


@pytest.mark.parametrize(
    ("names", "pages"),
    [
        (["ab"], 1 + FRUITLESS),
        ([""], FRUITLESS),
        (["ab", ""], 7),
        (["ab", "cd", "ef"], 18),
        ("0123456789", 61),
    ],
)
async def test_a_list_that_always_has_another_page(names, pages):
    """The same records with new cursors, none at all, or a circle of any length: it ends as no answer."""
    s = scene(*endless(names), outage=10_000)
    seen: list[Page] = []
    with pytest.raises(Unavailable, match="shows nothing new"):
        await read_all(s.client.list_customers("ds_1"), seen)
    assert len(seen) == pages


async def test_a_list_that_shows_something_else_each_time():
    """Two records by turns, also where one page is asked for again, and always another cursor: it ends, too."""
    turns = count()

    async def page(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/account"):
            return answer(200, JSON)
        turn = next(turns)
        entries = [{"uuid": f"cus_{turn % 2}"}]
        return answer(200, {"entries": entries, "has_more": True, "cursor": f"{turn}"})

    s = scene(*[page] * 500, outage=10_000)
    seen: list[Page] = []
    with pytest.raises(Unavailable, match="shows nothing new"):
        await read_all(s.client.list_customers("ds_1"), seen)
    assert len(seen) < 20


def test_a_list_that_always_has_something_new():
    """Records that nobody has seen before, page after page: it ends as well."""
    pages = (Page((Seen(f"{n}", {}),), None, last=False, cursor=f"c{n}") for n in count())
    progress = Progress(most=3)
    for _ in range(2):
        progress.follow(progress.judge(next(pages)))
    with pytest.raises(Misread, match="more after 3 pages"):
        progress.judge(next(pages))

    assert MOST == 1_000_000


async def test_a_list_may_show_a_page_twice():
    """The order changed meanwhile, or a page is empty: that happens, and is followed to the end."""
    s = scene(*endless(["ab", "ab", "", "ab", "cd", "z"], last=5))
    pages = [page async for page in s.client.list_customers("ds_1")]
    assert len(pages) == 6
