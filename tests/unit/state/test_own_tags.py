"""What the state keeps of tags, on both databases: which mappings set them, and which of them we have added."""

from sync.domain.record import Object
from sync.domain.results import Outcome
from sync.domain.tags import OwnTags
from sync.state.memory import Asked, Confirmed, OwnNote, RejectedRow, Scope
from sync.state.store import Store

A, B, C = b"a" * 8, b"b" * 8, b"c" * 8


def confirmed(key: str, own: OwnNote | None, uuid: str = "cus") -> Confirmed:
    """A row that has arrived, with what is to be noted of it."""
    return Confirmed(key, uuid, 1, b"f" * 16, b"h" * 8, b"", Outcome.UPDATED, own=own)


def remember(store: Store, scope: Scope, mapping: str, own: OwnNote | None) -> int:
    """Note something of record a; its number."""
    store.remember(scope, mapping, "run", [confirmed("a", own)])
    return store.recall(scope, mapping, ["a"])["a"].record


def test_noted(store: Store, scope: Scope):
    """Tags stand beside own values; what is told without them leaves them, and the row goes when all is gone."""
    number = remember(store, scope, "m", OwnNote(tags=A + B, added=B))
    assert store.own_values("m", [number]) == {number: OwnNote(tags=A + B, added=B)}
    remember(store, scope, "m", OwnNote(shown=C))
    assert store.own_values("m", [number]) == {number: OwnNote(C, b"", A + B, B)}
    remember(store, scope, "m", None)
    rejected = RejectedRow("a", "refused", own=OwnNote(tags=A, added=b""))
    store.remember(scope, "m", "run", [rejected])
    assert store.own_values("m", [number]) == {number: OwnNote(tags=A)}
    remember(store, scope, "m", OwnNote(tags=b"", added=b""))
    assert store.own_values("m", [number]) == {}


def test_of_others(store: Store, scope: Scope):
    """What others set on the record, and what each mapping of the data source sets on all of its own."""
    number = remember(store, scope, "m", OwnNote(tags=A, added=A))
    remember(store, scope, "other", OwnNote(tags=B, added=B + C))
    remember(store, scope, "third", OwnNote(shown=C))
    assert store.tags_of_others(scope, "m", [number]) == {
        number: OwnTags(of_others=frozenset({B}), added_for_others=frozenset({B, C}))
    }
    store.note_constant_tags(scope, "other", C)
    store.note_constant_tags(scope, "m", A)
    store.note_constant_tags(store.scope("acc", "ds_2", Object.CUSTOMER), "elsewhere", A)
    assert store.tags_of_others(scope, "m", [number, 99]) == {
        number: OwnTags(of_others=frozenset({B, C}), added_for_others=frozenset({B, C})),
        99: OwnTags(of_others=frozenset({C})),
    }
    store.note_constant_tags(scope, "other", None)
    assert store.tags_of_others(scope, "m", [number])[number].of_others == frozenset({B})


def test_what_is_gone_was_added_by_nobody(store: Store, scope: Scope):
    """A tag that was seen to be gone is no other mapping's any more."""
    number = remember(store, scope, "other", OwnNote(tags=A, added=A + B))
    remember(store, scope, "m", OwnNote(tags=C, added=C, lost=A))
    assert store.own_values("other", [number]) == {number: OwnNote(tags=A, added=B)}
    assert store.own_values("m", [number]) == {number: OwnNote(tags=C, added=C)}


def test_forgotten(store: Store, scope: Scope):
    """Who is forgotten sets nothing any more, on no record."""
    number = remember(store, scope, "other", OwnNote(tags=A, added=A))
    store.note_constant_tags(scope, "other", B)
    store.forget_mapping("other", [scope])
    assert store.tags_of_others(scope, "m", [number]) == {}


def test_asked_before(store: Store, scope: Scope):
    """What a write asks for is noted beside tags."""
    number = remember(store, scope, "m", OwnNote(tags=A, added=A))
    store.ask(scope, "m", {"a": Asked(frozenset({B}))})
    assert store.own_values("m", [number]) == {number: OwnNote(b"", B, A, A)}
