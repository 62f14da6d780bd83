"""Which destination an object has."""

from collections import abc

from sync.destination.contacts.contacts import Contacts
from sync.destination.customers import Customers
from sync.destination.interface import Destination, Site
from sync.domain.record import Object

_BUILD: abc.Mapping[Object, abc.Callable[[Site], Destination]] = {
    Object.CUSTOMER: Customers.build,
    Object.CONTACT: Contacts.build,
}


def build(object: Object, site: Site) -> Destination:
    """The destination of an object."""
    return _BUILD[object](site)
