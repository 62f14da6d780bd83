"""A first mapping for a table: which column is which field, which become attributes, and which stay out."""

import re
import unicodedata
from collections import abc
from dataclasses import dataclass, field

from sync.domain.objects import Descriptor, Field, Kind
from sync.domain.record import AttributeType
from sync.transform import attributes
from sync.warehouse.catalog import Table
from sync.warehouse.column import Column

#: What warehouses call ChartMogul's fields, the surest name first; compared without case, blanks and underscores.
_USUAL: dict[str, dict[str, tuple[str, ...]]] = {
    "customer": {
        "external_id": (
            "external_id", "id", "customer_id", "account_id", "company_id", "uuid", "key", "customer_no",
            "customer_number", "account_no", "account_number", "acct_id", "acct_no",
        ),
        "name": ("name", "full_name", "display_name", "customer_name", "account_name"),
        "email": ("email", "email_address", "billing_email", "contact_email", "mail"),
        "company": ("company", "company_name", "organization", "organization_name", "organisation"),
        "country": ("country", "country_code", "billing_country", "country_iso"),
        "state": ("state", "billing_state", "province", "state_code"),
        "city": ("city", "billing_city", "town"),
        "zip": ("zip", "zip_code", "postal_code", "post_code", "billing_zip"),
        "lead_created_at": (
            "lead_created_at", "signed_up_at", "signup_at", "signed_up", "signup_date", "sign_up_date", "registered_at",
            "created_at",
        ),
        "free_trial_started_at": (
            "free_trial_started_at", "trial_started_at", "trial_start", "trial_start_date", "trial_start_at",
        ),
        "owner": ("owner", "owner_email", "account_owner_email", "account_manager_email", "csm_email"),
        "status": ("lead_status",),
    },
    "contact": {
        "customer_external_id": (
            "customer_external_id", "customer_id", "account_id", "company_id", "organization_id", "organisation_id",
            "org_id", "tenant_id", "client_id", "workspace_id", "customer_uuid", "customer_no", "customer_number",
            "account_uuid", "account_no", "account_number", "acct_id", "acct_no",
        ),
        "external_id": ("external_id", "id", "contact_id", "user_id", "person_id", "uuid", "key"),
        "email": ("email", "email_address", "contact_email", "mail"),
        "first_name": ("first_name", "given_name", "forename"),
        "last_name": ("last_name", "family_name", "surname"),
        "title": ("title", "job_title", "role"),
        "phone": ("phone", "phone_number", "phone_no", "mobile", "telephone"),
        "linked_in": ("linked_in", "linkedin_url"),
        "twitter": ("twitter", "twitter_handle", "twitter_url"),
        "notes": ("notes", "note"),
        "position": ("position",),
        "last_seen": ("last_seen", "last_seen_at", "last_active_at", "last_login_at"),
    },
}  # fmt: skip
#: In a column's name, wherever: it most likely holds what nobody should send anywhere.
_SECRET = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "accesskey",
)
#: The same, as a whole word of the name.
_SECRET_WORDS = frozenset(
    {"pwd", "hash", "hashed", "salt", "pin", "otp", "totp", "mfa", "cvv", "cvc", "ssn", "iban"}
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
#: The types that fit a kind of field; None is a column of which nobody tells.
_FITTING: dict[Kind, tuple[AttributeType | None, ...]] = {
    Kind.TIME: (AttributeType.TIMESTAMP, AttributeType.STRING, None),
    Kind.WHOLE: (AttributeType.INTEGER, None),
    Kind.KEY: (AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL, None),
}
_TEXT = (AttributeType.STRING, None)


class Unfit(ValueError):
    """No mapping can be made of a table; the text is a sentence."""


@dataclass(slots=True)
class Draft:
    """What becomes of every column. `doubts` are sentences for whoever reads the mapping."""

    descriptor: Descriptor
    #: Field → column.
    fields: dict[str, str] = field(default_factory=dict)
    #: Attribute → column and type.
    attributes: dict[str, tuple[str, AttributeType]] = field(default_factory=dict)
    #: Column → why it stays out.
    ignored: dict[str, str] = field(default_factory=dict)
    #: Field → why its column was chosen in need of a better one.
    doubts: dict[str, str] = field(default_factory=dict)


def draft(table: Table, descriptor: Descriptor, key: abc.Sequence[str] = ()) -> Draft:
    """The mapping of a table; `key` are the columns that name a row, else its primary key.

    Raises:
        Unfit: no column can be the key.
    """
    made = Draft(descriptor)
    usable = {column.name: column for column in table.columns if not _sort_out(made, column)}
    _choose_keys(made, table, usable, tuple(key) or table.primary_key)
    for name in _USUAL[descriptor.object.value]:
        if name not in made.fields and descriptor.fields[name].kind is not Kind.KEY:
            _choose(made, descriptor.fields[name], usable)
    if "state" in made.fields and "country" not in made.fields:
        del made.fields["state"]  # most likely that of an account, not that of an address
    for column in usable.values():
        if column.name not in made.fields.values():
            _add_attribute(made, column, table)
    return made


def _sort_out(made: Draft, column: Column) -> bool:
    """Whether a column stays out; the reason is noted."""
    if not column.name.strip():
        return True  # a mapping cannot name it, not even to leave it out
    if is_secret(column.name):
        made.ignored[column.name] = "looks secret"
    elif column.name.startswith("_"):
        made.ignored[column.name] = "looks technical"
    elif column.unsendable:
        made.ignored[column.name] = f"is of type {column.unsendable}: cast it to text in a query"
    return column.name in made.ignored


def is_secret(name: str) -> bool:
    """Whether a column's name says that it holds a secret: `password_hash`, `apiToken`."""
    folded = _folded(name)
    words = {word.lower() for word in _WORDS.findall(name)}
    return any(part in folded for part in _SECRET) or not words.isdisjoint(_SECRET_WORDS)


def _choose_keys(
    made: Draft, table: Table, usable: abc.Mapping[str, Column], key: tuple[str, ...]
) -> None:
    descriptor = made.descriptor
    where, fields = table.relation.written, descriptor.fields
    if descriptor.parent is None:
        (own,) = descriptor.keys
        if not _own_key(made, own, table, usable, key) and not _any_key(made, own, usable):
            raise Unfit(f"{where} has no column that could be a key")
        _doubt(made, own, key)
        return
    parent, own, *_ = descriptor.keys
    if not _choose(made, fields[parent], usable):
        names = ", ".join(_USUAL[descriptor.object.value][parent][:4])
        message = f"{where} has no column that names the customer of a {descriptor.noun}"
        raise Unfit(f"{message}: it would be called {names} or the like")
    _own_key(made, own, table, usable, key)
    _choose(made, fields["email"], usable)
    if made.fields.keys().isdisjoint(descriptor.known_by):
        known_by = " or ".join(descriptor.known_by)
        raise Unfit(f"{where} has no column that could be {known_by} of a {descriptor.noun}")


def _own_key(
    made: Draft, own: str, table: Table, usable: abc.Mapping[str, Column], key: tuple[str, ...]
) -> bool:
    """The primary key where it is one column, else a usual name."""
    if len(key) == 1 and key[0] in usable and key[0] not in made.fields.values():
        made.fields[own] = key[0]
        return True
    singular = table.relation.name.lower().removesuffix("s")
    return _choose(made, made.descriptor.fields[own], usable, (f"{singular}_id",))


def _any_key(made: Draft, own: str, usable: abc.Mapping[str, Column]) -> bool:
    """The first column that can be a key at all."""
    fitting = [name for name, column in usable.items() if column.type in _FITTING[Kind.KEY]]
    if fitting:
        made.fields[own] = fitting[0]
    return bool(fitting)


def _doubt(made: Draft, own: str, key: tuple[str, ...]) -> None:
    """Say what stands against the key that was chosen."""
    if len(key) > 1:
        columns = ", ".join(key)
        made.doubts[own] = f"the primary key has several columns ({columns}): join them in a query"
    elif key != (made.fields[own],):
        made.doubts[own] = (
            "the warehouse tells no primary key: see that this column has no value twice"
        )


def _choose(
    made: Draft, known: Field, usable: abc.Mapping[str, Column], more: tuple[str, ...] = ()
) -> bool:
    """Give a field the column with the surest of its usual names, if its type fits."""
    by_name = {_folded(name): column for name, column in reversed(list(usable.items()))}
    fitting = _FITTING.get(known.kind, _TEXT)
    for usual in (*_USUAL[made.descriptor.object.value][known.name], *more):
        column = by_name.get(_folded(usual))
        if column is None or column.name in made.fields.values() or column.type not in fitting:
            continue
        made.fields[known.name] = column.name
        return True
    return False


def _add_attribute(made: Draft, column: Column, table: Table) -> None:
    bare = unicodedata.normalize("NFKD", column.name).encode("ascii", "ignore").decode()
    key = re.sub(r"[^A-Za-z0-9_]+", "_", bare).strip("_")
    if not key:
        made.ignored[column.name] = "has no letter for an attribute's key: rename it in a query"
        return
    taken = {name.lower() for name in made.attributes}
    number, free = 2, key
    while free.lower() in taken:
        free, number = f"{key}_{number}", number + 1
    made.attributes[free] = (column.name, column.type or _by_values(column, table))


def _by_values(column: Column, table: Table) -> AttributeType:
    """The type that the first rows suggest; text where they do not agree, or hold nothing."""
    place = table.columns.index(column)
    found = {attributes.type_of(row[place]) for row in table.rows if row[place] is not None}
    return attributes.agree({one for one in found if one}) or AttributeType.STRING


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
