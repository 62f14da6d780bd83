"""ChartMogul's own names of records, as rows give them."""

import re

from sync.transform.casts import Miscast, key

_UUID = re.compile(r"[A-Za-z0-9_-]+")


def uuid(value: object) -> str:
    """A key that ChartMogul may have given: letters, digits, `_` and `-`."""
    if _UUID.fullmatch(name := key(value)):
        return name
    raise Miscast("invalid_key", "this is no uuid of ChartMogul", "it looks like con_…")
