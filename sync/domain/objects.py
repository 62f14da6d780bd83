"""The fields that ChartMogul takes, object by object."""

from collections import abc
from dataclasses import dataclass

from sync.domain.record import Object

#: dev.chartmogul.com/reference/customers/add; the four statuses that may be set are those of leads.
CUSTOMER_FIELDS = {
    "external_id": "What you call the customer; unique in the data source.",
    "name": "The customer's display name.",
    "email": "The customer's e-mail address.",
    "company": "The customer's company.",
    "country": "The country as an ISO 3166-1 alpha-2 code, such as DE.",
    "state": "The state, for the US as an ISO 3166-2 code, such as US-NY.",
    "city": "The city.",
    "zip": "The postal code, as text.",
    "lead_created_at": "When the lead was created; not in the future.",
    "free_trial_started_at": "When the free trial began; not in the future.",
    "owner": "The e-mail address of a user of the ChartMogul account.",
    "website_url": "The website; new ChartMogul accounts merge customers by its domain, for good.",
    "status": "New Lead, Working Lead, Qualified Lead or Unqualified Lead.",
}


#: dev.chartmogul.com/reference/contacts
CONTACT_FIELDS = {
    "customer_external_id": "The external_id of the customer that the contact belongs to.",
    "external_id": "What you call the contact.",
    "email": "The contact's e-mail address.",
    "first_name": "The first name.",
    "last_name": "The last name.",
    "title": "The job title.",
    "phone": "The phone number.",
    "linked_in": "The address of the LinkedIn profile.",
    "twitter": "The address of the Twitter profile.",
    "notes": "Notes, as text.",
    "position": "The contact's place in ChartMogul's list, a whole number.",
}


FIELDS: abc.Mapping[Object, abc.Mapping[str, str]] = {
    Object.CUSTOMER: CUSTOMER_FIELDS,
    Object.CONTACT: CONTACT_FIELDS,
}


REQUIRED = {Object.CUSTOMER: "external_id", Object.CONTACT: "customer_external_id"}


TIME_FIELDS = frozenset({"lead_created_at", "free_trial_started_at"})


LEAD_STATUSES = ("New Lead", "Working Lead", "Qualified Lead", "Unqualified Lead")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Abilities."""

    parent: Object | None
    unique_keys: bool
    locks_types: bool


def of(object: Object) -> Descriptor:
    """The descriptor of an object."""
    if object is Object.CUSTOMER:
        return Descriptor(None, True, True)
    return Descriptor(Object.CUSTOMER, False, False)
