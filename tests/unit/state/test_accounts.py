import pytest
from sqlalchemy import select, update

from sync.domain.record import AttributeType, Object
from sync.errors import StateError
from sync.state.memory import LockedType
from sync.state.schema import accounts, attribute_types
from sync.state.store import Store

STRING, INTEGER = AttributeType.STRING, AttributeType.INTEGER


def test_account(store: Store):
    """The account of a data source is the one last seen."""
    assert store.account_of("ds_1") is None
    store.remember_account("ds_1", "acc_1", "Acme")
    store.remember_account("ds_1", "acc_2", "Acme")
    assert store.account_of("ds_1") == "acc_2"


def test_an_account_that_shows_its_id_at_last(store: Store):
    """What was known under its name is known under its id; other data sources and their types stay as they are."""
    store.remember_account("ds_1", "host|Acme", "Acme")
    scope = store.scope("host|Acme", "ds_1", Object.CUSTOMER)
    other = store.scope("host|Acme", "ds_2", Object.CUSTOMER)
    store.lock_types("host|Acme", Object.CUSTOMER, {"plan": STRING}, "customers", "run_1")
    store.remember_account("ds_1", "acc_1", "Acme", "host|Acme")

    assert store.account_of("ds_1") == "acc_1"
    assert store.scope("acc_1", "ds_1", Object.CUSTOMER).id == scope.id
    assert store.scope("host|Acme", "ds_2", Object.CUSTOMER).id == other.id
    assert [store.types(one, Object.CUSTOMER) for one in ("acc_1", "host|Acme")] == [
        {"plan": STRING}
    ] * 2
    store.remember_account("ds_2", "acc_1", "Acme", "host|Acme")
    assert store.scope("acc_1", "ds_2", Object.CUSTOMER).id == other.id


def test_types(store: Store):
    """Types are known per account and object, with the mapping and run that wrote them first."""
    types = {"plan": STRING, "seats": INTEGER}
    store.lock_types("acc_1", Object.CUSTOMER, types, "customers", "run_1")
    assert types == store.types("acc_1", Object.CUSTOMER)
    assert store.types("acc_1", Object.CONTACT) == {}
    assert store.types("acc_2", Object.CUSTOMER) == {}
    assert [
        LockedType("plan", STRING, "customers", "run_1"),
        LockedType("seats", INTEGER, "customers", "run_1"),
    ] == store.locked_types("acc_1", Object.CUSTOMER)


def test_first_lock_stays(store: Store):
    """ChartMogul fixes a type at its first write, so what was noted first stays."""
    store.lock_types("acc_1", Object.CUSTOMER, {"plan": STRING}, "customers", "run_1")
    later = {"plan": INTEGER, "seats": INTEGER}
    store.lock_types("acc_1", Object.CUSTOMER, later, "other", "run_2")
    assert store.types("acc_1", Object.CUSTOMER) == {"plan": STRING, "seats": INTEGER}


def test_keys_differ_in_case(store: Store):
    """Keys that differ in case are two: whoever compares them decides."""
    types = {"plan": STRING, "Plan": STRING}
    store.lock_types("acc_1", Object.CUSTOMER, types, "customers", "run_1")
    assert types == store.types("acc_1", Object.CUSTOMER)


def test_nothing_to_lock(store: Store):
    """No types are no work."""
    store.lock_types("acc_1", Object.CUSTOMER, {}, "customers", "run_1")
    assert store.types("acc_1", Object.CUSTOMER) == {}


def test_a_type_that_nobody_knows(store: Store):
    """A newer version may have noted it: the message names the attribute, and how to clear it."""
    store.lock_types("acc_1", Object.CUSTOMER, {"plan": STRING}, "customers", "run_1")
    store.database.write(lambda c: c.execute(update(attribute_types).values(type="Money")))
    with pytest.raises(StateError, match="the type Money for the attribute plan") as caught:
        store.types("acc_1", Object.CUSTOMER)
    assert "forget MAPPING --attribute plan" in caught.value.hint


def test_account_of_a_key(store: Store):
    """It is known by what stands for it, and is no data source; the last account counts."""
    store.remember_account("ds_1", "host|Acme", "Acme", key="secret")
    store.remember_account("ds_2", "acc_1", "Acme", key=" secret\n")
    account_of = store.account_of_key()
    assert (account_of("secret"), account_of("another"), account_of("")) == ("acc_1", None, None)
    assert b"secret" not in store.database.read(
        lambda c: repr(c.execute(select(accounts)).fetchall()).encode()
    )
