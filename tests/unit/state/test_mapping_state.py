"""What a mapping writes down, and in which order."""

import asyncio

import pytest

from sync.domain.record import AttributeType, Object
from sync.domain.results import Outcome
from sync.domain.typed import Origin, Typed
from sync.errors import StateError
from sync.state.mapping_state import MappingState
from sync.state.memory import Confirmed
from sync.state.store import Store


def test_a_crash_between_types_and_rows(tmp_path, monkeypatch):
    """A row that is remembered is never sent again, so the types that it locked are known before it is."""
    store = Store.open(f"sqlite:///{tmp_path / 'state.db'}")
    scope = store.scope("acc", "ds_1", Object.CUSTOMER)
    state = MappingState(store, scope, "customers", "run", dry_run=False)
    item = Confirmed("a", "cus_a", 1, b"print", b"", b"", Outcome.CREATED)
    types = {"seats": Typed(AttributeType.INTEGER, Origin.DECLARED)}
    write, done = store.database.write, list[object]()

    def break_off(work):
        if done:
            raise StateError("killed")
        write(work)
        done.append(work)

    monkeypatch.setattr(type(store.database), "write", lambda _, work: break_off(work))
    with pytest.raises(StateError):
        asyncio.run(state.remember([item], frozenset(types), types))

    assert store.recall(scope, "customers", ["a"]) == {}
    assert store.types("acc", Object.CUSTOMER) == {"seats": AttributeType.INTEGER}
    store.close()
