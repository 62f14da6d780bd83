from sync.domain.record import Object
from sync.domain.results import Outcome
from sync.state.memory import Confirmed, Doubt, RejectedRow, Scope
from sync.state.store import Store
from tests.unit.state.conftest import Clock

KEY = "cus_1|jane@example.com"


def test_asked(store: Store, scope: Scope, clock: Clock):
    """A create that was asked for is in doubt from then on, under the key it was given as."""
    store.mark_sent(scope, [KEY, "con_2"], clock.now)
    doubt = Doubt(clock.now, lost=False)
    assert {KEY: doubt, "con_2": doubt} == store.doubts(scope, [KEY, "con_2", "con_3"])


def test_other_scope(store: Store, scope: Scope, clock: Clock):
    """A doubt belongs to its scope."""
    store.mark_sent(scope, [KEY], clock.now)
    assert store.doubts(store.scope("acc_1", "ds_2", Object.CUSTOMER), [KEY]) == {}


def test_lost(store: Store, scope: Scope, clock: Clock):
    """A lost answer is marked on those creates only, and when they were asked for stays known."""
    store.mark_sent(scope, [KEY, "con_2"], clock.now)
    store.mark_lost(scope, [KEY])
    found = store.doubts(scope, [KEY, "con_2"])
    assert {KEY: Doubt(clock.now, lost=True), "con_2": Doubt(clock.now, lost=False)} == found


def test_asked_again(store: Store, scope: Scope, clock: Clock):
    """A create that is asked for once more is in doubt from the later time, and not lost yet."""
    store.mark_sent(scope, [KEY], clock.now)
    store.mark_lost(scope, [KEY])
    clock.forward(600)
    later = clock.now
    store.mark_sent(scope, [KEY], later)
    assert {KEY: Doubt(later, lost=False)} == store.doubts(scope, [KEY])


def test_settled(store: Store, scope: Scope, clock: Clock):
    """A settled create is in doubt no longer, others are."""
    store.mark_sent(scope, [KEY, "con_2"], clock.now)
    store.resolve(scope, [KEY])
    assert {"con_2"} == store.doubts(scope, [KEY, "con_2"]).keys()


def test_nothing_asked(store: Store, scope: Scope, clock: Clock):
    """No keys are no work."""
    store.mark_sent(scope, [], clock.now)
    assert store.doubts(scope, []) == {}


def test_confirmed(store: Store, scope: Scope, clock: Clock):
    """A contact's create is in doubt no longer once its uuid is written down; a rejected one still is."""
    contacts = store.scope("acc_1", "ds_1", Object.CONTACT)
    store.mark_sent(contacts, [KEY, "con_2"], clock.now)
    confirmed = Confirmed(KEY, "con_uuid", None, b"f" * 16, b"", b"", Outcome.CREATED)
    rejected = RejectedRow("con_2", "outcome_unknown")
    store.remember(contacts, "contacts", "run_1", [confirmed, rejected])
    assert {"con_2"} == store.doubts(contacts, [KEY, "con_2"]).keys()
