"""Which values of a row may be personal: what others said is not shown where it repeats one of them."""

import re
from decimal import Decimal

from sync.domain.record import ATTRIBUTE

#: Fields that say who somebody is, or how to reach them, however short their value is.
_WHO = re.compile(
    r"(^|_)(external_id|uuid|key|e?mails?|phone|mobile|fax|tel|(first|last|full|user|sur)?name|company|contact|person"
    r"|address|street|city|zip|linked_in|twitter|website_url|birth\w*|owner)(_|$)",
    re.IGNORECASE,
)
#: Fields that sort records: a plan's name, a status. Their values are on price lists.
_WHAT = re.compile(
    r"(^|_)(plan|tag|tier|edition|package|product|status|state|stage|segment|category|type|kind|level|country|currency"
    r"|interval)s?(_|$)",
    re.IGNORECASE,
)
#: Free text of fewer characters tells nobody anything.
_FREE = 8


def is_personal(field: str, value: object) -> bool:
    """Whether the value of a field, by ChartMogul's name or as `attributes.KEY`, may be personal.

    Keys, e-mails, names and phones are, free text of eight characters or more, and numbers, which may be keys of
    something else; a plan's name or a status is none.
    """
    name = field.removeprefix(ATTRIBUTE)
    match value:
        case bool():
            return False
        case int() | Decimal():
            return True
        case str():
            if "@" in value:
                return True
            if _WHAT.search(name):
                return False
            return bool(_WHO.search(name)) or len(value) >= _FREE
    return False
