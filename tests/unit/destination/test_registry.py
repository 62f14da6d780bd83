"""Every object has a destination, and abilities that agree with its descriptor."""

import pytest

from sync.destination import registry
from sync.domain import objects
from sync.domain.record import Object


@pytest.mark.parametrize("object", list(Object))
def test_every_object(object):
    """Whatever a mapping may name can be written."""
    assert object in registry._BUILD


@pytest.mark.parametrize("object", list(Object))
def test_parents_are_objects(object):
    """A parent is an object by itself, and belongs to nobody."""
    parent = objects.of(object).parent

    assert parent is None or objects.of(parent).parent is None
