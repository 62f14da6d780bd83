"""What ChartMogul takes from us: one descriptor an object, from which all that depends on its fields derives.

A further field is a line in its object's module; a further object is a module, and a name in `_ALL`. Nobody else
asks which object a record is: what can be done with it is an ability of its descriptor.
"""

from sync.domain.objects.contact import CONTACT
from sync.domain.objects.customer import CUSTOMER
from sync.domain.objects.descriptor import Descriptor, Field, Kind, dropped_beside
from sync.domain.record import Object

__all__ = ["Descriptor", "Field", "Kind", "dropped_beside", "of"]

_ALL = {descriptor.object: descriptor for descriptor in (CUSTOMER, CONTACT)}


def of(object: Object) -> Descriptor:
    """All that is known of an object."""
    return _ALL[object]
