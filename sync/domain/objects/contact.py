"""The contact of a customer, after dev.chartmogul.com/reference/contacts.

Its attributes are defined in the ChartMogul app; a value of one that is not is dropped in silence.
"""

from sync.domain.objects.descriptor import Descriptor, Field, Kind, named
from sync.domain.record import Object

CONTACT = Descriptor(
    object=Object.CONTACT,
    noun="contact",
    plural="contacts",
    fields=named(
        Field(
            "customer_external_id",
            "The external_id of the customer that the contact belongs to.",
            Kind.KEY,
            required=True,
            settable=False,
        ),
        Field("external_id", "What you call the contact.", Kind.KEY),
        Field("email", "The contact's e-mail address.", Kind.EMAIL),
        Field("first_name", "The first name."),
        Field("last_name", "The last name."),
        Field("title", "The job title."),
        Field("phone", "The phone number."),
        Field("linked_in", "The address of the LinkedIn profile."),
        Field("twitter", "The address of the Twitter profile."),
        Field("notes", "Notes, as text."),
        Field(
            "position",
            "The contact's place in ChartMogul's list, a whole number.",
            Kind.WHOLE,
            never_empty=True,
        ),
        Field("last_seen", "When the contact was last seen.", Kind.TIME),
        Field(
            "uuid",
            "ChartMogul's own name of the contact, con_…; in mode update, in place of the other keys.",
            Kind.KEY,
            settable=False,
        ),
    ),
    parent=Object.CUSTOMER,
    known_by=("external_id", "email"),
    named_by=(("first_name", "last_name"), ("email",)),
    own_name="uuid",
)
