"""Keys that changed, and contacts known by their uuids, with a state on PostgreSQL."""

from collections import Counter
from contextlib import closing

import pytest

from tests.runs.test_by_uuid import BY_ID, COLUMNS, CONTACTS, CUSTOMERS, Hall
from tests.runs.test_renamed_keys import CONTACTS as PEOPLE
from tests.runs.test_renamed_keys import OLD, PLAIN, RENAMED, Renaming
from tests.support.contacts import counts
from tests.support.postgres import connected


@pytest.mark.parametrize("old", OLD)
def test_a_renamed_key(tmp_path, database, old):
    """The record is known by the key before, and later without it; nothing is made twice."""
    town = Renaming(tmp_path, state=database, old=old)
    town.write("customers", PLAIN)
    town.write("contacts", PEOPLE)
    town.fill((old, "Quince", None), account=old)
    town.run()
    town.write("customers", RENAMED)
    town.fill(("n1", "Medlar", old), title="Prof")
    run = town.run()
    assert (counts(run, "customers"), counts(run)) == ({"updated": 1}, {"updated": 1})
    town.write("customers", PLAIN)
    town.fill(("n1", "Quince", None))
    run = town.run()
    assert (counts(run, "customers"), counts(run)) == ({"updated": 1}, {"updated": 1})
    assert (counts(town.run(), "customers"), town.ids()) == ({"unchanged": 1}, [old])


def test_a_key_that_was_rejected_before(tmp_path, database):
    """What the state noted of the new key while it was ambiguous goes once it is the record of the old one."""
    town = Renaming(tmp_path, state=database)
    town.write("customers", PLAIN)
    town.fill(("a1", "Quince", None))
    town.run()
    town.write("customers", RENAMED)
    town.fill(("a1", "Quince", None), ("n1", "Quince", "a1"))
    assert counts(town.run(), "customers") == {"unchanged": 1, "rejected": 1}
    town.fill(("n1", "Medlar", "a1"))
    assert counts(town.run(), "customers") == {"updated": 1}
    assert (counts(town.run(), "customers"), town.ids()) == ({"unchanged": 1}, ["a1"])


@pytest.mark.parametrize("first", ["contacts", "named"])
def test_a_contact_of_two_mappings(tmp_path, database, first):
    """Known by its uuid and by its external id it is one record."""
    hall = Hall(tmp_path, state=database)
    hall.write("customers", CUSTOMERS)
    hall.table("accounts", "id", ("c1",))
    hall.run()
    ada = hall.contact(email="ada@c1.example", external_id="7")
    hall.table("people", COLUMNS, (ada, "ada@c1.example", "CTO"))
    hall.table("named", "account, id, name", ("c1", "7", "Ada"))
    texts = {"contacts": CONTACTS, "named": BY_ID}
    for name in (first, *(texts.keys() - {first})):
        hall.write(name, texts[name])
        assert counts(hall.run(), name) == {"updated": 1}
    assert (counts(hall.run()), hall.writes()) == ({"unchanged": 1}, Counter())
    with connected(database) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("select count(*) from sync_records where uuid = %s", (ada,))
        assert cursor.fetchone() == (1,)
