"""Bodies and lists without end, which cost the sandbox nothing."""

import json
import tracemalloc
import zlib
from collections import Counter
from typing import Any

import httpx
import pytest

from sync.sandbox import floods
from sync.sandbox.sandbox import KEY
from sync.sandbox.transport import transport

EMPTY: dict[str, Any] = {"entries": [], "cursor": None, "has_more": False}


@pytest.mark.parametrize("size", [0, 1, floods.PIECE, floods.PIECE + 1, 3_000_000])
def test_a_flood_is_a_list_in_json(size):
    """As long as it was asked for, packed or not."""
    plain = b"".join(floods.spaces(size)())
    packed = b"".join(floods.bomb(size)())
    assert plain.count(b" ") >= size
    assert len(plain) < size + 100
    assert zlib.decompress(packed, wbits=zlib.MAX_WBITS | 16) == plain
    assert json.loads(plain) == EMPTY


def test_a_flood_is_never_held():
    """300 MB are made within three, and a bomb of them is a thousandth."""
    tracemalloc.start()
    assert sum(map(len, floods.spaces(300_000_000)())) > 300_000_000
    assert sum(map(len, floods.bomb(300_000_000)())) < 400_000
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(("kind", "encoding"), [("huge", None), ("bomb", "gzip")])
def test_a_flood_is_streamed(client, running, kind, encoding):
    """Over HTTP, without a length; who stops reading does not harm the next request."""
    running.sandbox.fail(path="/v1/customers", **{kind: 100_000_000}, times=2)
    with client.stream("GET", "/customers") as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers.get("content-encoding") == encoding
        assert "content-length" not in answer.headers
        assert next(answer.iter_bytes())[:12] == b'{"entries": '
    with client.stream("GET", "/customers") as answer:
        assert sum(map(len, answer.iter_bytes())) > 100_000_000
    assert client.get("/customers").json()["entries"] == []


@pytest.mark.parametrize("kind", ["huge", "bomb"])
async def test_a_flood_is_streamed_without_a_network(sandbox, kind):
    """Piece by piece as well."""
    sandbox.fail(**{kind: 5_000_000})
    client = httpx.AsyncClient(
        transport=transport(sandbox), base_url="https://x/v1", auth=(KEY, "")
    )
    async with client.stream("GET", "/customers") as answer:
        sizes = Counter([len(piece) async for piece in answer.aiter_bytes()])
    assert (sum(size * times for size, times in sizes.items()) > 5_000_000, len(sizes) > 1) == (
        True, True,
    )  # fmt: skip


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_flood_may_be_of_any_status(call, sandbox, when, made):
    """Before or after the effect."""
    sandbox.fail(status=500, bomb=10, when=when)
    answer = call("POST", "/customers", {
        "data_source_uuid": sandbox.data_source, "external_id": "a",
    })  # fmt: skip
    assert (answer.status, len(sandbox.world.customers)) == (500, made)


def follow(call, path, pages=5):
    """The first pages of a list."""
    found = [call("GET", path, per_page="2").json]
    while len(found) < pages:
        found.append(call("GET", path, per_page="2", cursor=found[-1]["cursor"]).json)
    return found


@pytest.mark.parametrize("path", ["/customers", "/contacts"])
@pytest.mark.parametrize(
    ("kind", "entries", "cursors"),
    [("same_cursor", 2, 1), ("new_cursor", 2, 5), ("empty_pages", 0, 5)],
)
def test_a_list_may_have_no_end(call, sandbox, path, kind, entries, cursors):
    """There is always another page, and the sandbox takes the cursor that it gave."""
    for number in range(3):
        call.contact(call.create(f"c{number}"))
    sandbox.fail(method="GET", endless=kind)
    pages = follow(call, path)
    assert [page["has_more"] for page in pages] == [True] * 5
    assert [len(page["entries"]) for page in pages] == [entries] * 5
    assert len({page["cursor"] for page in pages}) == cursors


def test_an_empty_list_may_have_no_end(call, sandbox):
    """Though nothing is there."""
    sandbox.fail(endless="new_cursor")
    assert [page["entries"] for page in follow(call, "/contacts")] == [[]] * 5


def test_other_answers_have_an_end(call, sandbox):
    """A record, and a refusal, stay as they are; so does another's cursor."""
    made = call.create()
    sandbox.fail(endless="same_cursor")
    assert made == call("GET", f"/customers/{made['uuid']}").json
    assert call("GET", "/customers", cursor="x").status == 400
    assert call("DELETE", f"/customers/{made['uuid']}").status == 204
