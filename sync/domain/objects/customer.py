"""The customer, after dev.chartmogul.com/reference/customers/add."""

from sync.domain.objects.descriptor import Descriptor, Field, Kind, named
from sync.domain.record import Object

CUSTOMER = Descriptor(
    object=Object.CUSTOMER,
    noun="customer",
    plural="customers",
    fields=named(
        Field(
            "external_id",
            "What you call the customer; unique in the data source.",
            Kind.KEY,
            required=True,
            settable=False,
            lasting=True,
        ),
        Field("name", "The customer's display name."),
        Field("email", "The customer's e-mail address.", Kind.EMAIL),
        Field("company", "The customer's company."),
        Field("country", "The country as an ISO 3166-1 alpha-2 code, such as DE.", Kind.COUNTRY),
        Field(
            "state",
            "The state, for the US as an ISO 3166-2 code, such as US-NY.",
            names_state=True,
            part_of="country",
            beside="US",
        ),
        Field("city", "The city."),
        Field("zip", "The postal code, as text."),
        Field(
            "lead_created_at",
            "When the lead was created; not in the future.",
            Kind.TIME,
            past=True,
        ),
        Field(
            "free_trial_started_at",
            "When the free trial began; not in the future.",
            Kind.TIME,
            past=True,
            not_before="lead_created_at",
        ),
        Field("owner", "The e-mail address of a user of the ChartMogul account.", Kind.EMAIL),
        Field(
            "website_url",
            "The website; new ChartMogul accounts merge customers by its domain, for good.",
            merges=True,
        ),
        Field(
            "status",
            "New Lead, Working Lead, Qualified Lead or Unqualified Lead.",
            Kind.STATUS,
            # The statuses of leads; all others are computed from invoices (help.chartmogul.com, 212811009).
            values=("New Lead", "Working Lead", "Qualified Lead", "Unqualified Lead"),
            never_empty=True,
            initial="New Lead",
        ),
    ),
    tags=True,
    locks_types=True,
    unique_keys=True,
    named_by=(("company",), ("name",), ("email",)),
    page="https://app.chartmogul.com/#/customers/{uuid}",
    revenue=True,
)
