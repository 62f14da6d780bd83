"""The cheaper way of looking up."""

import pytest

from sync.domain.lookup import Listing, Way, choose


@pytest.mark.parametrize(
    ("wanted", "remembered", "expected"),
    [
        (0, 0, Way.NONE),
        (0, 1000, Way.NONE),
        (1, 0, Way.LISTING),
        (1, 1, Way.ONE_BY_ONE),
        (2, 1, Way.LISTING),
        (1, 100_000, Way.ONE_BY_ONE),
        (500, 100_000, Way.ONE_BY_ONE),
        (501, 100_000, Way.LISTING),
    ],
)
def test_choose(wanted, remembered, expected):
    """One GET a key while that is no more than a page of the listing for every 200 records."""
    assert expected is choose(wanted, remembered)


def pages_read(wanted, found_per_page, total):
    """How many pages of an endless listing are read."""
    listing = Listing(wanted)
    while True:
        listing.turn(min(found_per_page, listing.wanted), total if listing.pages == 0 else None)
        if not listing.goes_on():
            return listing.pages


@pytest.mark.parametrize(
    ("wanted", "found", "total", "expected"),
    [
        (1000, 100, 10, 10),  # 900 GETs or 9 pages
        (5, 0, 100, 1),  # 5 GETs or 99 pages
        (99, 0, 100, 1),  # 99 GETs or 99 pages: GETs tell for sure
        (100, 0, 100, 100),
        (10, 10, 50, 1),  # nothing is wanted any more
        (1, 0, 1, 1),
        (3, 0, 1, 3),  # more pages than were told: as if nothing had been told
        (1, 0, 0, 1),
    ],
)
def test_known_size(wanted, found, total, expected):
    """A listing goes on while its rest costs fewer requests than the GETs that remain."""
    assert expected == pages_read(wanted, found, total)


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [(1, 0, 1), (2, 0, 2), (100, 0, 100), (100, 50, 2), (1000, 10, 91)],
)
def test_unknown_size(wanted, found, expected):
    """Where nobody tells the size, the pages never cost more than the GETs they stand for."""
    assert expected == pages_read(wanted, found, None)
