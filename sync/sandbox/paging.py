"""Cursor paging as recorded since October 2023 (dev.chartmogul.com/docs/pagination)."""

import binascii
from base64 import b64decode, b64encode
from collections import abc
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sync.sandbox import moments
from sync.sandbox.answer import deprecated, unfit
from sync.sandbox.order import Order, Rank
from sync.sandbox.request import Request
from sync.sandbox.settings import Settings

DIGITS = 18
"""Digits of the longest number that a query may hold."""

LARGEST = 200
"""Entries a page has unless told otherwise, and at most."""

Keep = abc.Callable[[str], bool]
"""Whether the record with this uuid belongs to a list."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some ranks of a list, and whether more follow."""

    ranks: list[Rank]
    more: bool


def refuse_number(request: Request, settings: Settings) -> None:
    """400 where `page` is asked for and the setting says that it is refused."""
    if "page" in request.query and settings.page_number == "refused":
        raise deprecated("page")


def page_size(request: Request) -> int:
    """`per_page`; more than 200 count as 200."""
    return min(_number(request, "per_page", LARGEST), LARGEST)


def cut(order: Order, start: int, size: int, keep: Keep | None) -> Page:
    """The next `size` ranks from an index on; without a filter at a cost of the page alone."""
    if keep is None:
        ranks = order.ranks[start : start + size]
        return Page(ranks, start + size < len(order))
    rest = (order[index] for index in range(start, len(order)))
    kept = list(islice((rank for rank in rest if keep(rank[-1])), size + 1))
    return Page(kept[:size], len(kept) > size)


def customer_page(
    request: Request, order: Order, keep: Keep | None, show: abc.Callable[[str], Any]
) -> dict[str, Any]:
    """A page of customers: by cursor, or the first, or by the deprecated `page`.

    The first page carries left-overs of page paging, a later one does not; one asked for by
    number has no cursor. The cursor of the last page is not null, only that of an empty list is.
    """
    size = page_size(request)
    if "cursor" in request.query:
        page = cut(order, order.after(_customer_rank(request.query["cursor"])), size, keep)
        return _bare(page, customer_cursor, show)
    number = _number(request, "page", 1)
    page = cut(order, (number - 1) * size, size, keep)
    total = len(order) if keep is None else sum(keep(rank[-1]) for rank in order.ranks)
    whole = {
        "entries": [show(rank[-1]) for rank in page.ranks],
        "current_page": number,
        "total_pages": max(-(-total // size), 1),
        "has_more": page.more,
        "per_page": size,
        "page": number,
    }
    if "page" not in request.query:
        whole["cursor"] = customer_cursor(page.ranks[-1]) if page.ranks else None
    return whole


def contact_page(
    request: Request, order: Order, keep: Keep | None, show: abc.Callable[[str], Any]
) -> dict[str, Any]:
    """A page of contacts; `page` is ignored in silence, as recorded: a page loop never ends."""
    cursor = request.query.get("cursor")
    start = 0 if cursor is None else order.after(_contact_rank(cursor))
    return _bare(cut(order, start, page_size(request), keep), contact_cursor, show)


def customer_cursor(rank: Rank) -> str:
    """Base64 of the day the customer started to pay (nothing for a lead), `&` and its id."""
    since = "" if rank[0] == "~" else rank[0]
    return b64encode(f"{since}&{rank[1]}".encode()).decode()


def contact_cursor(rank: Rank) -> str:
    """Base64 of when the contact was created, to the nanosecond, `&` and its uuid."""
    seconds, micro = divmod(-rank[0], 1_000_000)
    moment = f"{moments.stamp(seconds):%Y-%m-%dT%H:%M:%S}.{micro:06d}000Z"
    return b64encode(f"{moment}&{rank[1]}".encode()).decode()


def _bare(
    page: Page, cursor: abc.Callable[[Rank], str], show: abc.Callable[[str], Any]
) -> dict[str, Any]:
    return {
        "entries": [show(rank[-1]) for rank in page.ranks],
        "cursor": cursor(page.ranks[-1]) if page.ranks else None,
        "has_more": page.more,
    }


def _customer_rank(cursor: str) -> Rank:
    since, number = _halves(cursor)
    if not _is_number(number):
        raise unfit("cursor")
    # "\x7f" sorts behind every uuid, so the customer itself is not listed again.
    return (since or "~", int(number), "\x7f")


def _contact_rank(cursor: str) -> Rank:
    moment, uuid = _halves(cursor)
    read = moments.read(moment[:26] + "Z")
    if read is None:
        raise unfit("cursor")
    return (-(int(read.replace(microsecond=0).timestamp()) * 1_000_000 + read.microsecond), uuid)


def _halves(cursor: str) -> tuple[str, str]:
    try:
        head, tail = b64decode(cursor, validate=True).decode().split("&")
    except (binascii.Error, ValueError):
        raise unfit("cursor") from None
    return head, tail


def _number(request: Request, param: str, otherwise: int) -> int:
    text = request.query.get(param, str(otherwise))
    if not _is_number(text) or int(text) < 1:
        raise unfit(param)
    return int(text)


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= DIGITS
