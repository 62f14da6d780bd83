"""Which contact of ChartMogul a row is: by its external id, else by e-mail within its customer."""

from collections import abc

from sync.domain.objects.contact import CONTACT
from sync.domain.plan import Absent, Seen
from sync.domain.record import Problem, Record
from sync.domain.sameness import same


def resolve(
    record: Record, customer_uuid: str, contacts: abc.Sequence[Seen], data_source: str
) -> Seen | Absent | Problem:
    """The contact that a record is, among those that may be it.

    ChartMogul keeps neither external ids nor e-mails of contacts unique, so several hits are an error and never
    a create. `contacts` are all contacts of the customer, and any other known to have the external id. Contacts of
    nobody and of other data sources among them are somebody else's, whatever they hold.

    Returns:
        the contact; Absent; or the problem `ambiguous_contact` or `contact_moved`.
    """
    external_id = record.fields.get("external_id")
    if external_id is not None:
        same_id = [
            contact
            for contact in contacts
            if contact.fields.get("external_id") == external_id
            and is_ours(contact, customer_uuid, data_source)
        ]
        if same_id:
            return _one(same_id, customer_uuid, "external_id")
    email = record.fields.get("email")
    if not isinstance(email, str):
        return Absent()
    same_email = [
        contact
        for contact in contacts
        if contact.customer_uuid == customer_uuid
        and is_ours(contact, customer_uuid, data_source)
        and same(email, contact.fields.get("email"), CONTACT.fields["email"])
        and (external_id is None or contact.fields.get("external_id") is None)
    ]
    return _one(same_email, customer_uuid, "email") if same_email else Absent()


def is_ours(contact: Seen, customer_uuid: str, data_source: str) -> bool:
    """Whether a contact may be one of ours: what shows no customer, or another data source, never is.

    Where no data source is shown, it is one of ours under the row's own customer only.
    """
    if contact.customer_uuid == customer_uuid:
        return contact.data_source in (None, data_source)
    return contact.customer_uuid is not None and contact.data_source == data_source


def _one(hits: abc.Sequence[Seen], customer_uuid: str, field: str) -> Seen | Problem:
    if len(hits) > 1:
        uuids = ", ".join(contact.uuid for contact in hits[:5])
        return Problem(
            "ambiguous_contact",
            f"ChartMogul has {len(hits)} contacts with this {field}: {uuids}",
            field,
            hint="merge them in ChartMogul, or give the right one the row's external_id",
        )
    return moved(hits[0], customer_uuid) or hits[0]


def elsewhere(contact: Seen, data_source: str) -> Problem | None:
    """The problem of a contact that stands in another data source, though it was made in, or known to be of, this."""
    if contact.data_source in (None, data_source):
        return None
    return Problem(
        "contact_moved",
        f"ChartMogul has this contact ({contact.uuid}) in another data source ({contact.data_source})",
        hint="delete it there, and the next run makes it here: the API has no call that moves it",
    )


def moved(contact: Seen, customer_uuid: str) -> Problem | None:
    """The problem of a contact that stands under another customer than its row says."""
    if contact.customer_uuid in (None, customer_uuid):
        return None
    return Problem(
        "contact_moved",
        f"ChartMogul has this contact ({contact.uuid}) under another customer ({contact.customer_uuid})",
        "customer_external_id",
        hint="move it in ChartMogul: the API has no call for it; it is never created a second time",
    )
