"""Two spellings of one value in whole runs: no write, no warning; what differs is written all the same."""

from decimal import Decimal
from itertools import product

import pytest

from sync.domain.objects import Field
from sync.domain.objects.contact import CONTACT
from sync.domain.objects.customer import CUSTOMER
from sync.domain.record import AttributeType
from sync.domain.sameness import same
from sync.domain.states import code_of
from sync.sandbox.countries import STATES
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields:
  {external_id: id, email: mail, country: country, state: state, city: city, status: status, lead_created_at: lead}
attributes:
  price: {column: price, type: Decimal}
  since: {column: since, type: Timestamp}
  note: {column: note, type: String}
extra_columns: ignore
"""
CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: mail, title: title}
attributes:
  score: {column: score, type: Decimal}
  seen: {column: seen, type: Timestamp}
extra_columns: ignore
"""
ACCOUNTS = "id, mail, country, state, city, status, lead, price text, since, note"
ACCOUNT = (
    "c1", "Jane@Acme.Example", "US", "US-NY", "New York", "qualified_lead", "2026-01-31 10:00:00",
    "1234567890.12345678901234", "2026-01-31T11:00:00+01:00", "2026-01-31T11:00:00+01:00",
)  # fmt: skip
PEOPLE = "id, account, mail, title, score text, seen"
PERSON = ("7", "c1", "Ada@C1.Example", "CTO", "0.1234567890123456789", "2026-01-31")
SHOWN = list(product(("as_sent", "code"), ("exact", "double"), ("as_sent", "lowered")))


@pytest.fixture
def town(tmp_path):
    """A customer and a contact with every value that has several spellings."""
    town = Town(tmp_path)
    town.sandbox.world.definitions |= {"score", "seen"}
    town.table("accounts", ACCOUNTS, ACCOUNT)
    town.table("people", PEOPLE, PERSON)
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS)
    return town


def row(cells, names, **values):
    """A row with other values in some columns."""
    columns = [name.split()[0] for name in names.split(", ")]
    return tuple(values.get(name, value) for name, value in zip(columns, cells, strict=True))


def warnings(town):
    """What the newest run warns of, row by row."""
    return [line["warnings"] for line in town.lines("changes.jsonl") if line.get("warnings")]


@pytest.mark.parametrize(("state", "decimals", "emails"), SHOWN)
def test_what_is_shown_in_another_spelling_is_no_difference(town, state, decimals, emails):
    """However ChartMogul shows states, numbers and e-mails: nothing is warned of, nothing is written again."""
    town.sandbox.set(state_shown=state, decimals=decimals, emails=emails)
    assert counts(town.run(), "customers") == {"created": 1}
    assert warnings(town) == []
    before = town.contacts()
    run = town.run(full=True)
    assert (counts(run, "customers"), counts(run)) == ({"unchanged": 1}, {"unchanged": 1})
    assert (town.writes(), warnings(town), town.contacts()) == ({}, [], before)


@pytest.mark.parametrize("state", ["US-NY", "NY", "New York", "us-ny", "new york", " NY "])
@pytest.mark.parametrize("there", ["US-NY", "NY", "New York"])
def test_states_of_the_us_are_adopted_as_they_are(town, state, there):
    """A first sync against a filled account sends nothing for a state in another spelling."""
    body = {"data_source_uuid": DATA_SOURCE, "external_id": "c1", "country": "US", "state": there}
    assert call(town.sandbox, "POST", "/v1/customers", body=body)[0] == 201
    town.write("customers", "version: 1\nsource: {table: accounts}\ndestination: {object: customer}\n"
               "fields: {external_id: id, country: country, state: state}\nextra_columns: ignore\n")  # fmt: skip
    town.table("accounts", ACCOUNTS, row(ACCOUNT, ACCOUNTS, state=state))
    town.table("people", PEOPLE)
    assert counts(town.run(), "customers") == {"unchanged": 1}
    assert (town.writes(), warnings(town)) == ({}, [])


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize("never", [False, True])
def test_another_value_is_written(town, shown, never):
    """What is no spelling of the same is a change, and one that was written is not warned of."""
    state, decimals, emails = shown
    town.sandbox.set(state_shown=state, decimals=decimals, emails=emails)
    if never:
        town.write("customers", CUSTOMERS + "live_check: never\n")
        town.write("contacts", CONTACTS + "live_check: never\n")
    town.run()
    other = {"state": "New Jersey", "mail": "John@Acme.example", "price": "1234567890.2"}
    other["note"] = "2026-01-31T10:00:00Z"  # the same instant, but a text
    town.table("accounts", ACCOUNTS, row(ACCOUNT, ACCOUNTS, **other))
    town.table("people", PEOPLE, row(PERSON, PEOPLE, mail="Eve@C1.example", score="0.2"))
    run = town.run()
    assert (counts(run, "customers"), counts(run)) == ({"updated": 1}, {"updated": 1})
    fields = {name for line in town.lines("changes.jsonl") for name in line["changes"]}
    assert {"state", "email", "attributes.price", "attributes.note", "attributes.score"} <= fields
    assert warnings(town) == []
    assert counts(town.run(full=True), "customers") == {"unchanged": 1}
    assert town.writes() == {}


def test_a_contact_is_adopted_by_an_e_mail_in_another_case(town):
    """With white space at its ends, too; the address is not written again."""
    town.run()
    (made,) = town.contacts()
    world = town.sandbox.world
    town.write("contacts", CONTACTS.replace("external_id: id, ", "").replace("name: contacts", ""))
    town.table("people", PEOPLE, row(PERSON, PEOPLE, mail="ADA@c1.EXAMPLE"))
    (town.folder / "state.db").unlink()
    assert counts(town.run()) == {"unchanged": 1}
    assert [world.show_contact(one) for one in world.contacts.values()] == [made]


STATE, EMAIL = CUSTOMER.fields["state"], CUSTOMER.fields["email"]
STRING, DECIMAL, TIME = AttributeType.STRING, AttributeType.DECIMAL, AttributeType.TIMESTAMP


@pytest.mark.parametrize(
    ("wanted", "seen", "shape", "expected"),
    [
        ("us-ny", "New York", STATE, True),
        ("NY", "NJ", STATE, False),
        ("Bavaria", "bavaria", STATE, False),
        ("NY", "New York", CUSTOMER.fields["city"], False),
        ("NY", "New York", STRING, False),
        ("J@x.co", "j@X.co", EMAIL, True),
        ("J@x.co", "j@X.co", CUSTOMER.fields["owner"], True),
        ("J@x.co", "j@X.co", STRING, False),
        ("New Lead", "New lead", CUSTOMER.fields["status"], True),
        ("DE", "de", CUSTOMER.fields["country"], True),
        ("a", " a\u200b\ufeff ", CUSTOMER.fields["city"], True),
        ("a", "\u2060a\u200e", STRING, True),
        ("a b", "a\u200bb", STRING, False),
        ("k", "k ", CONTACT.fields["external_id"], False),
        ("2026-01-31T10:00:00Z", "2026-01-31T11:00:00+01:00", STRING, False),
        ("2026-01-31T10:00:00Z", "2026-01-31 10:00:00 UTC", TIME, True),
        ("2026-01-31T10:00:00.123Z", "2026-01-31T10:00:00.123456Z", TIME, True),
        ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00+00:00", CUSTOMER.fields["lead_created_at"], True),
        (Decimal("1234567890.12345678901234"), Decimal("1234567890.1234567"), DECIMAL, True),
        (Decimal("0.1"), Decimal("0.10000000000000001"), DECIMAL, True),
        (Decimal("0.12345678901234567890"), Decimal("0.12345678901234567891"), DECIMAL, False),
        (Decimal("1234567890.12"), Decimal("1234567890.13"), DECIMAL, False),
        (Decimal("9e308"), Decimal("8e308"), DECIMAL, False),
        (7, Decimal("7.0"), DECIMAL, True),
    ],
)  # fmt: skip
def test_spellings(wanted, seen, shape, expected):
    """Which texts and numbers are one depends on what they are: a text attribute is what it says."""
    assert same(wanted, seen, shape) is expected


def test_every_state_has_its_spellings():
    """The worker's table of states and the sandbox's, which share nothing, agree."""
    for code, name in STATES.items():
        assert [code] * 4 == [code_of(one) for one in (code, f"US-{code}", name, name.upper())]
    assert [code_of(one) for one in ("US", "Bavaria", "", "DE-BY", "US-")] == [None] * 5
    assert isinstance(STATE, Field)
