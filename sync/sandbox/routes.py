"""Which call of the API a method and a path mean."""

import re
from collections import abc

from sync.sandbox import contacts, customers, data_sources, enrichment, merges
from sync.sandbox.answer import Answer

Handler = abc.Callable[..., Answer]
"""Takes the world, the request and the uuids of the path."""

CUSTOMER = "/v1/customers/{}"

TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/v1/ping", data_sources.ping),
    ("GET", "/v1/account", data_sources.account),
    ("POST", "/v1/data_sources", data_sources.create),
    ("GET", "/v1/data_sources", data_sources.browse),
    ("GET", "/v1/data_sources/{}", data_sources.retrieve),
    ("DELETE", "/v1/data_sources/{}", data_sources.delete),
    ("DELETE", "/v1/data_sources/{}/all", data_sources.empty),
    ("DELETE", "/v1/data_sources/{}/dependent", data_sources.purge),
    ("POST", "/v1/customers", customers.create),
    ("GET", "/v1/customers", customers.browse),
    ("GET", "/v1/customers/search", customers.search),
    ("POST", "/v1/customers/merges", merges.merge),
    ("POST", "/v1/customers/unmerges", merges.unmerge),
    ("POST", "/v1/customers/attributes/custom", enrichment.add_custom_by_email),
    ("POST", "/v1/customers/attributes/tags", enrichment.add_tags_by_email),
    ("GET", CUSTOMER, customers.retrieve),
    ("PATCH", CUSTOMER, customers.update),
    ("DELETE", CUSTOMER, customers.delete),
    ("GET", CUSTOMER + "/attributes", enrichment.retrieve),
    ("POST", CUSTOMER + "/attributes/custom", enrichment.add_custom),
    ("PUT", CUSTOMER + "/attributes/custom", enrichment.update_custom),
    ("DELETE", CUSTOMER + "/attributes/custom", enrichment.remove_custom),
    ("POST", CUSTOMER + "/attributes/tags", enrichment.add_tags),
    ("DELETE", CUSTOMER + "/attributes/tags", enrichment.remove_tags),
    ("POST", CUSTOMER + "/contacts", contacts.create_of),
    ("GET", CUSTOMER + "/contacts", contacts.browse_of),
    ("POST", "/v1/contacts", contacts.create),
    ("GET", "/v1/contacts", contacts.browse),
    ("GET", "/v1/contacts/{}", contacts.retrieve),
    ("PATCH", "/v1/contacts/{}", contacts.update),
    ("DELETE", "/v1/contacts/{}", contacts.delete),
    ("POST", "/v1/contacts/{}/merge/{}", contacts.merge),
)

_PATTERNS = [
    (method, re.compile(path.replace("{}", "([^/]+)")), handler) for method, path, handler in TABLE
]


def find(method: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
    """The call and the uuids in the path; None where there is no such call."""
    for known, pattern, handler in _PATTERNS:
        if known == method and (match := pattern.fullmatch(path)):
            return handler, match.groups()
    return None
