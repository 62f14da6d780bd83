"""Which contact a row is, among those that ChartMogul shows."""

from sync.destination.contacts.identity import moved, resolve
from sync.domain.plan import Absent, Seen
from sync.domain.record import Problem
from tests.support.contacts import record

DS, OTHER = "ds_1", "ds_2"
HERE, THERE = "cus_here", "cus_there"


def seen(uuid, customer=HERE, source=DS, **fields):
    """A contact as ChartMogul shows it."""
    return Seen(uuid, fields, customer_uuid=customer, data_source=source)


def result(wanted, *contacts):
    """The uuid of the contact that a record is, `absent`, or the code of the problem."""
    match resolve(wanted, HERE, contacts, DS):
        case Seen(uuid):
            return uuid
        case Absent():
            return "absent"
        case Problem(code):
            return code


def test_the_external_id_comes_before_the_email():
    """Whoever bears the id is it, whatever e-mail others bear."""
    contacts = seen("a", email="x@y.example"), seen("b", external_id="7", email="old@y.example")
    assert result(record(external_id="7", email="x@y.example"), *contacts) == "b"


def test_an_email_is_compared_without_case():
    """ChartMogul and warehouses write addresses in all ways."""
    assert result(record(email="jane@y.example"), seen("a", email="JANE@Y.example")) == "a"


def test_only_contacts_without_an_id_are_adopted():
    """A row with an id never takes over the contact of another id."""
    wanted = record(external_id="7", email="x@y.example")
    assert result(wanted, seen("a", external_id="8", email="x@y.example")) == "absent"
    assert (
        result(
            wanted, seen("a", external_id="8", email="x@y.example"), seen("b", email="X@y.example")
        )
        == "b"
    )


def test_a_row_without_an_id_is_known_by_its_email_among_all():
    """Also by one whose contact has an id."""
    assert (
        result(record(email="x@y.example"), seen("a", external_id="8", email="x@y.example")) == "a"
    )


def test_the_id_of_another_data_source_is_another_id():
    """External ids are unique in a data source at most."""
    wanted = record(external_id="7", email="x@y.example")
    assert result(wanted, seen("a", source=OTHER, external_id="7", email="x@y.example")) == "absent"


def test_several_hits_are_ambiguous():
    """Never a create, never a guess; the message names the uuids."""
    twice = seen("con_a", email="x@y.example"), seen("con_b", email="X@Y.example")
    found = resolve(record(email="x@y.example"), HERE, twice, DS)
    assert isinstance(found, Problem)
    assert (found.code, found.field) == ("ambiguous_contact", "email")
    assert "con_a, con_b" in found.message
    ids = seen("a", external_id="7"), seen("b", THERE, external_id="7")
    assert result(record(external_id="7"), *ids) == "ambiguous_contact"


def test_the_id_under_another_customer_is_a_contact_that_moved():
    """It is never created a second time."""
    assert result(record(external_id="7"), seen("a", THERE, external_id="7")) == "contact_moved"


def test_an_email_counts_within_its_customer_only():
    """The same person may be a contact of two customers."""
    assert result(record(email="x@y.example"), seen("a", THERE, email="x@y.example")) == "absent"


def test_without_email_only_the_id_tells():
    """Contacts without an address are nobody's."""
    assert result(record(external_id="7", email=None), seen("a"), seen("b", email=None)) == "absent"


def test_an_id_to_be_cleared_is_no_id():
    """`on_null: clear` on the id of a row that has none: known by its e-mail."""
    wanted = record(external_id=None, email="x@y.example")
    assert result(wanted, seen("a", external_id="8", email="x@y.example")) == "a"


def test_moved_needs_to_know():
    """A contact that does not say whose it is has not moved."""
    assert moved(seen("a", None), HERE) is None
    assert moved(seen("a", HERE), HERE) is None
    assert moved(seen("a", THERE), HERE) is not None


def test_what_is_somebody_elses_is_no_match():
    """A contact of nobody, or of another data source, by whatever it might be known."""
    wanted = record(external_id="7", email="x@y.example")
    for other in (
        seen("a", None),
        seen("a", None, None),
        seen("a", source=OTHER),
        seen("a", THERE, None),
    ):
        for named in ({"external_id": "7"}, {"email": "x@y.example"}):
            contact = Seen(
                "a", named, customer_uuid=other.customer_uuid, data_source=other.data_source
            )
            assert result(wanted, contact) == "absent"
            assert result(wanted, contact, seen("b", **named)) == "b"


def test_an_unknown_data_source_is_no_other():
    """Under the row's own customer a contact that shows none may be adopted."""
    assert result(record(email="x@y.example"), seen("a", source=None, email="x@y.example")) == "a"
