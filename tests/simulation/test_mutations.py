"""Every worker that is broken on purpose is caught, by the promise that it breaks."""

import pytest

from tests.simulation.__main__ import first_caught, folder, live
from tests.simulation.mutations import MUTATIONS


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_worker_is_caught(name):
    """There is a world that shows the promise broken that it breaks."""
    assert first_caught(name, range(400)) is not None


@pytest.mark.parametrize("name", sorted(name for name, one in MUTATIONS.items() if one.plans))
def test_a_world_that_is_made_for_a_broken_worker(name):
    """A worker that is not broken keeps every promise in it."""
    with folder() as place:
        assert [live(plan, place).broken for plan in MUTATIONS[name].plans[:3]] == [
            {} for _ in MUTATIONS[name].plans[:3]
        ]
