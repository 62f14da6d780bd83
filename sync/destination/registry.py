"""Which destination an object has, and how its records are put back."""

from collections import abc

from sync.chartmogul.client import Client
from sync.destination.contacts.contacts import Contacts
from sync.destination.customers import Customers
from sync.destination.interface import Destination, Site
from sync.destination.restoring import Restoring, RestoringContacts, RestoringCustomers
from sync.domain.record import AttributeType, Object

_BUILD: abc.Mapping[Object, abc.Callable[[Site], Destination]] = {
    Object.CUSTOMER: Customers.build,
    Object.CONTACT: Contacts.build,
}
_RESTORE: abc.Mapping[
    Object, abc.Callable[[Client, str, abc.Mapping[str, AttributeType]], Restoring]
] = {
    Object.CUSTOMER: RestoringCustomers,
    Object.CONTACT: RestoringContacts,
}


def build(object: Object, site: Site) -> Destination:
    """The destination of an object."""
    return _BUILD[object](site)


def restoring(
    object: Object, client: Client, data_source: str, types: abc.Mapping[str, AttributeType]
) -> Restoring:
    """How records of an object are put back; `types` are those of attributes, as far as they are known."""
    return _RESTORE[object](client, data_source, types)
