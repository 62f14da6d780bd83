"""Some worlds with every `make test`, and every broken worker caught; `make simulate` plays many more."""

import pytest

from tests.simulation.__main__ import first_caught, folder, live
from tests.simulation.mutations import MUTATIONS
from tests.simulation.plan import draw
from tests.simulation.shrink import shrink


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_worlds(first):
    """Every promise holds in these worlds."""
    with folder() as place:
        broken = {n: live(draw(n), place).broken for n in range(first, first + 20)}
    assert not {seed: what for seed, what in broken.items() if what}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_worker_is_caught(name):
    """The promise that it breaks is among those that the first world to show anything shows."""
    caught = first_caught(name, range(400))
    assert caught is not None
    assert MUTATIONS[name].breaks in caught[1]


def test_a_seed_is_a_world():
    """The same seed tells the same story."""
    with folder() as place:
        assert live(draw(7), place).story == live(draw(7), place).story


def test_shrinking():
    """What a failure does not need is left out."""
    plan = draw(11)
    small = shrink(plan, lambda p: any(s.rows.accounts for s in p.scenes))
    assert len(small.scenes) == 1
    assert len(small.scenes[0].rows.accounts) == 1
    assert small.scenes[0].rows.people + small.present == ()
    assert small.scenes[0].troubles == ()
