"""Which buckets are read, and what the warehouse is asked for it."""

from typing import Any

import pytest

from sync.domain.buckets import BUCKETS, Bucket, Buckets, Reading
from sync.engine.read.comparison import Comparison
from sync.state.buckets import Stored
from sync.state.memory import KnownDrops

KEPT = {3: Reading(2, 20), 5: Reading(1, -7)}
EDITION, SALT = b"as it was", b"salt"


class Query:
    """A warehouse that has these buckets, and notes what it is asked."""

    def __init__(self, there: dict[int, Reading]) -> None:
        self.there, self.asked = there, list[str]()

    def whole(self, salt: bytes) -> Reading:
        """One number of all rows."""
        assert salt == SALT
        self.asked.append("whole")
        every = self.there.values()
        return Reading(sum(one.count for one in every), sum(one.total for one in every))

    def buckets(self, salt: bytes, _: Any) -> Any:
        """One of each bucket."""
        assert salt == SALT
        self.asked.append("buckets")
        return self.there.items()


class State:
    """A state that keeps these buckets, of which some are to be read all the same."""

    def __init__(self, unsettled: int | None, due: set[int | None]) -> None:
        self.due, self.unsettled = due, unsettled

    def stored(self) -> Stored:
        """What is kept."""
        kept = ((n, Bucket(one, settled=n != self.unsettled)) for n, one in KEPT.items())
        return Stored(SALT, EDITION, Buckets.of(kept))

    def of_drops(self, _: Any) -> set[int | None]:
        """The buckets of values that are due."""
        return self.due


def compared(there: dict[int, Reading], **how: Any) -> tuple[set[int], bool, list[str]]:
    """The buckets that are wanted, whether all are, and what was asked."""
    query = Query(there)
    state: Any = State(how.pop("unsettled", None), how.pop("due", set()))
    told = {"edition": EDITION, "drops": KnownDrops(), **how}
    found = Comparison(query, [0], state, **told).compare()  # type: ignore[arg-type]
    return set(found.wanted), found.whole, query.asked


@pytest.mark.parametrize(
    ("there", "moving", "wanted", "asked"),
    [
        (KEPT, False, set(), ["whole"]),
        (KEPT, True, set(), ["buckets"]),
        (KEPT | {5: Reading(1, -6)}, False, {5}, ["whole", "buckets"]),
        (KEPT | {5: Reading(1, -6)}, True, {5}, ["buckets"]),
        (KEPT | {9: Reading(1, 0)}, True, {9}, ["buckets"]),
        ({3: KEPT[3]}, True, {5}, ["buckets"]),
    ],
)
def test_what_is_asked(there, moving, wanted, asked):
    """One number while nothing moves; the buckets at once after a run that has written something."""
    assert (wanted, False, asked) == compared(there, moving=moving)


def test_what_is_read_all_the_same():
    """Buckets that are not settled, and those of values that are due, whatever the number says."""
    assert ({3, 5}, False, ["whole"]) == compared(KEPT, unsettled=3, due={5})


@pytest.mark.parametrize(
    "how",
    [
        {"edition": b"another"},
        {"doubtful": True},
        {"due": {None}},
        {"drops": KnownDrops({}, {}, True)},
    ],
)
def test_when_all_are_read(how):
    """What was kept under another edition, or is in doubt, says nothing: nothing is asked."""
    assert (set(range(BUCKETS)), True, []) == compared(KEPT, **how)
