"""Countries by their codes of two letters, and what people write for them."""

from functools import lru_cache

#: User-assigned in ISO 3166-1, and used by Stripe and others (Kosovo).
_BEYOND_ISO = frozenset({"XK"})
#: What people write for a country that has another code.
_MEANT = {"UK": "GB", "EL": "GR", "XKX": "XK", "KOSOVO": "XK"}


def code(written: str) -> str | None:
    """The ISO 3166-1 alpha-2 code in capitals; None where it is none."""
    import pycountry  # 20 ms and 1 MB that only mappings with a country pay

    # Only ASCII: "ß" in upper case would be South Sudan.
    if len(written) != 2 or not written.isascii():
        return None
    upper = written.upper()
    return upper if upper in _BEYOND_ISO or pycountry.countries.get(alpha_2=upper) else None


@lru_cache(1024)
def meant(written: str) -> str | None:
    """The code of a country that is spelt out, has three letters, or is known by a code of its own."""
    import pycountry

    if known := _MEANT.get(written.upper()):
        return known
    try:
        return str(pycountry.countries.lookup(written).alpha_2)
    except LookupError:
        return None
