"""Planning look-ups: one GET a key, or the data source listed page by page, whichever costs fewer requests."""

from dataclasses import dataclass
from enum import Enum

#: Entries of a full page (dev.chartmogul.com/docs/pagination).
PAGE = 200


class Way(Enum):
    """How keys are looked up."""

    NONE = "none"
    ONE_BY_ONE = "one by one"
    LISTING = "listing"


def choose(wanted: int, remembered: int) -> Way:
    """The way to begin with.

    Args:
        wanted: the keys to look up.
        remembered: how many records of this data source the state knows; with none of them, the first page of
            a listing tells more than a GET: how large the data source is, and whether this state was lost.
    """
    if wanted == 0:
        return Way.NONE
    if remembered == 0:
        return Way.LISTING
    return Way.ONE_BY_ONE if wanted <= max(1, remembered // PAGE) else Way.LISTING


@dataclass(slots=True)
class Listing:
    """Whether reading one more page is worth its request."""

    #: Keys that no page has shown yet.
    wanted: int
    pages: int = 0
    total: int | None = None

    def turn(self, found: int, total: int | None) -> None:
        """A page was read; it held `found` of the keys. `total` is on the first page only, and not always."""
        self.pages += 1
        self.wanted -= found
        self.total = self.total or total

    def goes_on(self) -> bool:
        """Whether the rest of the listing costs less than one GET for each key that remains.

        Where nobody says how many pages there are, or there are more than was said, as many more
        as were read is the fair guess.
        """
        told = self.total is not None and self.total > self.pages
        rest = (self.total or 0) - self.pages if told else self.pages
        return rest < self.wanted
