"""How far a list has been read: cursors that lead back, and pages that show nothing new, are no answers."""

from dataclasses import dataclass, field

from sync.chartmogul.wire import Misread, Page

#: Pages in all of a list that may be empty, or show again what one page has shown: the order may change meanwhile.
FRUITLESS = 3
#: Pages of a list, whatever they show: two hundred million records, far more than any account has.
MOST = 1_000_000


@dataclass(slots=True)
class Progress:
    """The way through one list.

    Of all pages one is kept, a later one each time the list has become twice as long: so a list that goes in circles
    comes by it again, however long the circle is, and a list of millions is not held in memory. One that always has
    something new ends after `most` pages.
    """

    most: int = MOST
    _cursors: set[str | None] = field(default_factory=lambda: {None})
    _kept: frozenset[str] = frozenset()
    _pages: int = 0
    _keep_at: int = 1
    _fruitless: int = 0
    _refused: int = 0

    def judge(self, page: Page) -> Page:
        """The page, if it may be followed.

        Raises:
            Misread: with it the list would not end.
        """
        if not page.last and page.cursor in self._cursors:
            raise Misread("its cursor leads back to an earlier page")
        more = self._fruitless + self._is_fruitless(page) > FRUITLESS
        if not page.last and (more or self._refused > FRUITLESS):
            # A page that shows something else each time it is asked for would go on for ever.
            self._refused += 1
            raise Misread("it says that there is more, and shows nothing new")
        if not page.last and self._pages + 1 >= self.most:
            raise Misread(f"it says that there is more after {self.most:,} pages")
        return page

    def follow(self, page: Page) -> None:
        """The page is taken, and the next one is asked for."""
        self._fruitless += self._is_fruitless(page)
        self._cursors.add(page.cursor)
        self._pages += 1
        if self._pages == self._keep_at:
            self._kept = frozenset(seen.uuid for seen in page.entries)
            self._keep_at *= 2

    def _is_fruitless(self, page: Page) -> bool:
        return all(seen.uuid in self._kept for seen in page.entries)
