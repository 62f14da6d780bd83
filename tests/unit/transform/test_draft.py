"""A table's columns become a mapping that is sound."""

from pathlib import Path

import pytest

from sync.domain import objects
from sync.domain.record import AttributeType, Object
from sync.mapping.loader import load
from sync.transform.draft import Unfit, draft, is_secret
from sync.transform.draft_text import Whence, draft_text
from sync.warehouse.catalog import Table
from sync.warehouse.column import Column
from sync.warehouse.relation import Relation

STRING, INTEGER, TIMESTAMP = AttributeType.STRING, AttributeType.INTEGER, AttributeType.TIMESTAMP
CUSTOMER, CONTACT = objects.of(Object.CUSTOMER), objects.of(Object.CONTACT)


def table(*columns: Column, key: tuple[str, ...] = (), name: str = "accounts", rows=()) -> Table:
    """A table with these columns."""
    return Table(Relation("analytics", name), columns, key, tuple(rows))


ACCOUNTS = table(
    Column("id", INTEGER),
    Column("Company Name", STRING),
    Column("billing_email", STRING),
    Column("country", STRING),
    Column("state", STRING),
    Column("signed_up_at", TIMESTAMP),
    Column("seats", INTEGER),
    Column("password_hash", STRING),
    Column("payload", unsendable="json"),
    Column("_loaded_at", TIMESTAMP),
    key=("id",),
)


def test_columns_with_usual_names_are_fields():
    """Case, blanks and underscores do not matter; the rest are attributes with the columns' types."""
    made = draft(ACCOUNTS, CUSTOMER)
    assert made.fields == {
        "external_id": "id",
        "email": "billing_email",
        "company": "Company Name",
        "country": "country",
        "state": "state",
        "lead_created_at": "signed_up_at",
    }
    assert made.attributes == {"seats": ("seats", INTEGER)}
    assert made.doubts == {}


def test_secrets_and_what_cannot_be_sent_stay_out():
    """Each with its reason."""
    assert draft(ACCOUNTS, CUSTOMER).ignored == {
        "password_hash": "looks secret",
        "payload": "is of type json: cast it to text in a query",
        "_loaded_at": "looks technical",
    }


@pytest.mark.parametrize(
    "name", ["password", "PasswordHash", "api_token", "apiKey", "client_secret", "row_hash", "ssn"]
)
def test_what_looks_secret(name):
    """By a part of the name, or a whole word of it."""
    assert is_secret(name)


@pytest.mark.parametrize("name", ["shipping", "spinner", "cash", "compass", "keyboard"])
def test_what_does_not_look_secret(name):
    """A short word within another one means nothing."""
    assert not is_secret(name)


def test_a_state_without_a_country_is_none_of_an_address():
    """It is most likely the state of an account."""
    made = draft(table(Column("id", STRING), Column("state", STRING), key=("id",)), CUSTOMER)
    assert made.attributes == {"state": ("state", STRING)}


def test_a_column_of_another_type_is_no_field():
    """A usual name does not make a number an address."""
    made = draft(table(Column("id", STRING), Column("email", INTEGER), key=("id",)), CUSTOMER)
    assert made.attributes == {"email": ("email", INTEGER)}


@pytest.mark.parametrize(
    ("columns", "key", "field", "said"),
    [
        (("name", "account_id"), (), "account_id", "tells no primary key"),
        (("a", "b"), (), "a", "tells no primary key"),
        (("a", "b"), ("a", "b"), "a", "several columns (a, b)"),
    ],
)
def test_a_key_in_doubt_is_told(columns, key, field, said):
    """Without a primary key of one column something is chosen, and it is said."""
    made = draft(table(*(Column(name, STRING) for name in columns), key=key), CUSTOMER)
    assert made.fields["external_id"] == field
    assert said in made.doubts["external_id"]


def test_a_contact():
    """Its customer by a usual name; a composite key is no external id."""
    users = table(
        Column("account_id", INTEGER),
        Column("email", STRING),
        Column("role", STRING),
        key=("account_id", "email"),
    )
    assert draft(users, CONTACT).fields == {
        "customer_external_id": "account_id",
        "email": "email",
        "title": "role",
    }


@pytest.mark.parametrize(
    ("found", "descriptor", "said"),
    [
        (ACCOUNTS, CONTACT, "names the customer"),
        (table(Column("account_id", STRING), Column("x", STRING)), CONTACT, "external_id or email"),
        (table(Column("token", STRING)), CUSTOMER, "could be a key"),
    ],
)
def test_a_table_of_which_no_mapping_can_be_made(found, descriptor, said):
    """The reason is a sentence."""
    with pytest.raises(Unfit, match=said):
        draft(found, descriptor)


def test_values_tell_the_type_where_nobody_else_does():
    """Where they disagree or there are none, it is text."""
    columns = (Column("id", STRING), Column("a"), Column("b"), Column("c"))
    made = draft(
        table(*columns, key=("id",), rows=[("1", 5, 5, None), ("2", None, "x", None)]), CUSTOMER
    )
    assert [kind for _, kind in made.attributes.values()] == [INTEGER, STRING, STRING]


AWKWARD = (
    "no", "2", "null", "a b", "A B", "${X}", "y: z # {", '"q"', "été", "*", "a[1]", "line\nbreak", "\u2028", "-",
)  # fmt: skip


@pytest.mark.parametrize("kind", [Object.CUSTOMER, Object.CONTACT])
def test_what_is_printed_is_sound(kind, tmp_path: Path):
    """Whatever the columns and the table are called, `validate` has nothing against the mapping."""
    ids = (Column("id", INTEGER), Column("customer_id", INTEGER))
    odd = tuple(Column(name, STRING) for name in AWKWARD)
    secret = (Column("${S}_token", STRING), Column("[*] secret", STRING))
    found = table(*ids, *odd, *secret, key=("id",), name='odd "name. ${T}')
    made = draft(found, objects.of(kind))
    file = tmp_path / "odd.yml"
    file.write_text(draft_text(made, Whence(found.relation.written), "../mapping.schema.json"))
    variables = {"CHARTMOGUL_DATA_SOURCE": "ds_1"}
    (loaded,) = load([file], variables, frozenset())
    mapping = loaded.mapping
    assert mapping.source.table == 'analytics."odd ""name. ${T}"'
    assert [spec.column for spec in mapping.attributes.values()] == [
        column for column, _ in made.attributes.values()
    ]
    assert {"no", "2", "a b", "${X}", "line\nbreak"} <= {
        spec.column for spec in mapping.attributes.values()
    }


@pytest.mark.parametrize("name", ["acct_no", "AccountNumber", "customer number", "account_uuid"])
def test_a_customer_of_contacts_is_known_by_numbers_as_well(name):
    """Not everybody calls it an id."""
    columns = (Column("person_uid", STRING), Column(name, STRING), Column("phone_no", STRING))
    made = draft(table(*columns, key=("person_uid",)), CONTACT)
    expected = {"customer_external_id": name, "external_id": "person_uid", "phone": "phone_no"}
    assert expected == made.fields


def test_a_model_of_dbt_stands_beside_its_table():
    """As comments, for whoever wants it read by its name."""
    text = draft_text(
        draft(ACCOUNTS, CUSTOMER), Whence("a.b", dbt=("dim: x", "../m.json")), "s.json"
    )
    assert "  table: a.b\n  # By its name in dbt" in text
    assert '  # dbt_model: "dim: x"\n  # dbt_manifest: "../m.json"\n' in text
    assert "dbt" not in draft_text(draft(ACCOUNTS, CUSTOMER), Whence("a.b"), "s.json")
