"""The requests of planned writes are counted by what is known once all look-ups are done."""

import itertools
from typing import Any

import pytest

from sync.destination.customers import Customers
from sync.domain.plan import Changes, Create, Update
from sync.domain.record import AttributeType, Record
from sync.domain.results import Outcome
from sync.domain.typed import Origin, Typed
from sync.engine.write.costs import Costs

NEW: Changes = {"attributes.new": (None, 5)}
#: One change of each kind; a request of its own for some.
CHANGES: tuple[Changes, ...] = (
    {"company": ("A", "B")},
    NEW,
    {"attributes.old": (1, 2)},
    {"attributes.flag": (True, False)},
    {"attributes.gone": ("x", None)},
    {"tags": (("a", "b"), ("b", "c"))},
    {"tags": ((), ("c",))},
)
RECORD = Record(1, "a", {"company": "B"})


@pytest.fixture
def there():
    """Customers of an account in which the type of one attribute is not known yet."""
    keys = ("new", "old", "flag", "gone")
    types = {key: Typed(AttributeType.STRING, Origin.DECLARED) for key in keys}
    nothing: Any = None  # who only asks for the cost calls nobody
    return Customers(nothing, "ds_1", types, {"old", "flag", "gone"}, nothing, nothing)


def test_types_that_are_shown_later(there):
    """What took two requests takes one once the type is known; what took one goes on so."""
    costs = Costs(there.cost)
    for changes in (CHANGES[0] | NEW, NEW):
        costs.add(Update(RECORD, "u", changes, True, ""))
    costs.add(Create(RECORD, ""))
    before = costs.total()
    there.in_use.add("new")

    assert (before, costs.total()) == (4, 3)


@pytest.mark.parametrize("pair", list(itertools.combinations(CHANGES, 2)))
@pytest.mark.parametrize("known", [False, True])
def test_every_kind_of_change(there, pair, known):
    """All that are alike take what each of them takes."""
    one, other = pair
    changes, costs = one | other, Costs(there.cost)
    for _ in range(3):
        costs.add(Update(RECORD, "u", changes, True, ""))
    if known:
        there.in_use.add("new")

    assert costs.total() == 3 * there.cost(Outcome.UPDATED, changes)
