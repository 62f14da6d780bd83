"""What the state keeps of a mapping's own values, on both databases."""

from sqlalchemy import select

from sync.domain.results import Outcome
from sync.state.memory import Asked, Confirmed, OwnNote, RejectedRow, Scope
from sync.state.schema import own_values
from sync.state.store import Store

SHOWN, ASKED, TAGS = b"s" * 8, b"a" * 16, b"t" * 8


def confirmed(key: str, own: OwnNote | None = None, uuid: str | None = None) -> Confirmed:
    """A row that has arrived, with what is to be noted of it."""
    held = (uuid or f"cus_{key}", 1, b"f" * 16, b"h" * 8, b"", Outcome.UPDATED)
    return Confirmed(key, *held, own=own)


def noted(store: Store, scope: Scope, key: str, mapping: str = "customers") -> OwnNote | None:
    """What is noted of a record."""
    number = store.recall(scope, mapping, [key])[key].record
    return store.own_values(mapping, [number]).get(number)


def test_asked_before_anything_is_known(store: Store, scope: Scope):
    """A create is noted though its key is new; what is known of the record stays nothing."""
    store.ask(
        scope,
        "customers",
        {"a": Asked(frozenset({ASKED})), "b|ann@quince.example": Asked(frozenset({ASKED}))},
    )
    memory = store.recall(scope, "customers", ["a"])["a"]

    assert noted(store, scope, "a") == OwnNote(asked=ASKED)
    assert noted(store, scope, "b|ann@quince.example") == OwnNote(asked=ASKED)
    assert (memory.uuid, memory.outcome) == (None, None)


def test_an_answer_ends_it(store: Store, scope: Scope):
    """What is shown takes the place of what was asked for; where nothing is left the row goes."""
    store.ask(scope, "customers", {"a": Asked(frozenset({ASKED})), "b": Asked(frozenset({ASKED}))})
    store.remember(
        scope, "customers", "run_1", [confirmed("a", OwnNote(SHOWN)), confirmed("b", OwnNote())]
    )

    assert noted(store, scope, "a") == OwnNote(SHOWN)
    assert noted(store, scope, "b") is None


def test_what_is_not_told_stays(store: Store, scope: Scope):
    """A lost request leaves what it asked for; a refused one says what is there."""
    store.remember(scope, "customers", "run_1", [confirmed("a", OwnNote(SHOWN))])
    store.ask(scope, "customers", {"a": Asked(frozenset({ASKED}))})
    store.remember(scope, "customers", "run_2", [RejectedRow("a", "unavailable", uncertain=True)])
    assert noted(store, scope, "a") == OwnNote(SHOWN, ASKED)
    refused = RejectedRow("a", "refused", uncertain=True, own=OwnNote(SHOWN))
    store.remember(scope, "customers", "run_3", [refused])
    assert noted(store, scope, "a") == OwnNote(SHOWN)


def test_hashes_outlast_an_announced_write(store: Store, scope: Scope):
    """They are trusted no longer, but what was sent is still the mapping's own."""
    store.remember(scope, "customers", "run_1", [confirmed("a")])
    number = store.recall(scope, "customers", ["a"])["a"].record
    store.announce(scope, "customers", {number: b"p"})
    memory = store.recall(scope, "customers", ["a"])["a"]

    assert (memory.hashes, memory.own.sent) == (b"", frozenset({b"h" * 8}))


def test_each_mapping_has_its_own(store: Store, scope: Scope):
    """What one has noted is nothing of the other's."""
    store.ask(scope, "customers", {"a": Asked(frozenset({ASKED}))})
    store.ask(scope, "others", {"a": Asked(frozenset({SHOWN}))})

    assert noted(store, scope, "a") == OwnNote(asked=ASKED)
    assert noted(store, scope, "a", "others") == OwnNote(asked=SHOWN)


def test_another_record_is_a_stranger(store: Store, scope: Scope):
    """What another uuid was seen to show is no value of this record; what was sent is told from it in each mapping."""
    store.remember(scope, "customers", "run_1", [confirmed("a", OwnNote(SHOWN))])
    store.remember(scope, "others", "run_1", [confirmed("a", OwnNote(SHOWN))])
    store.remember(scope, "customers", "run_2", [confirmed("a", uuid="cus_merged")])

    assert noted(store, scope, "a") is None
    assert noted(store, scope, "a", "others") is None
    known = store.recall(scope, "others", ["a"])["a"]
    assert (known.hash_set, known.own.sent) == (frozenset(), frozenset({b"h" * 8}))


def test_what_was_asked_for_outlasts_the_record(store: Store, scope: Scope):
    """A record is found to be deleted, and the one that is made in its place may be there: nobody has an answer."""
    before = [confirmed(key, OwnNote(SHOWN, tags=TAGS, added=TAGS)) for key in ("a", "b", "c")]
    asked = {key: Asked(frozenset({ASKED})) for key in ("a", "b")}
    store.remember(scope, "customers", "run_1", before)
    store.ask(scope, "customers", asked)
    gone = [RejectedRow(key, "unavailable", uncertain=True, deleted=True) for key in ("a", "c")]
    store.remember(scope, "customers", "run_2", gone)
    store.forget(scope, "b")

    found = [noted(store, scope, key) for key in ("a", "b", "c")]
    assert found == [OwnNote(asked=ASKED), OwnNote(asked=ASKED), None]


def test_tags_stay(store: Store, scope: Scope):
    """The tags that a row has noted there are no business of its values."""
    store.ask(scope, "customers", {"a": Asked(frozenset({ASKED}))})
    store.database.write(lambda c: c.execute(own_values.update().values(tags=TAGS)))
    store.remember(scope, "customers", "run_1", [confirmed("a", OwnNote())])
    columns = select(own_values.c.asked, own_values.c.tags)

    assert store.database.read(lambda c: [*map(tuple, c.execute(columns))]) == [(None, TAGS)]
