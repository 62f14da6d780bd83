"""When rejected rows make a mapping unhealthy."""

from decimal import Decimal

import pytest

from sync.domain.health import MostRejected


@pytest.mark.parametrize(
    ("read", "rejected", "tolerated", "ill"),
    [
        (0, 0, 0, False),
        (1, 1, 0, True),  # all of any number
        (1, 1, 1, True),
        (19, 18, 0, False),  # a share of few rows says nothing
        (20, 10, 0, False),
        (20, 11, 0, True),
        (20, 11, 11, False),
        (1000, 501, 500, True),
        (1000, 1000, 1000, True),
    ],
)
def test_half_of_at_least_twenty_or_all(read, rejected, tolerated, ill):
    """Half of at least twenty, unless more is tolerated; all rows of any number in any case."""
    assert MostRejected().is_passed(read, rejected, tolerated) is ill


def test_a_number_or_another_share():
    """A number holds for any number of rows."""
    assert MostRejected(rows=2).is_passed(10, 3, 0)
    assert not MostRejected(rows=2).is_passed(10, 2, 0)
    assert MostRejected(percent=Decimal("0.5")).is_passed(1000, 6, 0)
    assert not MostRejected(percent=Decimal("0.5")).is_passed(1000, 5, 0)
