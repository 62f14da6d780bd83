"""Countries by their codes of two letters, and what people write for them."""

from functools import lru_cache

#: User-assigned in ISO 3166-1, and used by Stripe and others (Kosovo).
_BEYOND_ISO = frozenset({"XK"})
#: What people write for a country that has another code, or another name in ISO 3166; `_` is a blank.
_MEANT = {
    name: code
    for code, names in {
        "AE": "UAE",
        "AT": "ÖSTERREICH",
        "BA": "BOSNIA",
        "BE": "BELGIEN BELGIQUE BELGIË",
        "BN": "BRUNEI",
        "BR": "BRASIL",
        "CD": "DRC",
        "CH": "SCHWEIZ SUISSE SVIZZERA",
        "CI": "IVORY_COAST",
        "CV": "CAPE_VERDE",
        "CZ": "ČESKO",
        "DE": "DEUTSCHLAND ALLEMAGNE ALEMANIA",
        "DK": "DANMARK",
        "ES": "ESPAÑA SPANIEN",
        "FI": "SUOMI",
        "FR": "FRANKREICH",
        "GB": "UK U.K. BRITAIN GREAT_BRITAIN ENGLAND SCOTLAND WALES NORTHERN_IRELAND",
        "GR": "EL",
        "IT": "ITALIA ITALIEN",
        "MK": "MACEDONIA",
        "MM": "BURMA",
        "MO": "MACAU",
        "MX": "MÉXICO",
        "NL": "HOLLAND THE_NETHERLANDS NEDERLAND",
        "NO": "NORGE",
        "PL": "POLSKA",
        "PS": "PALESTINE",
        "RU": "RUSSIA",
        "SE": "SVERIGE",
        "SZ": "SWAZILAND",
        "TR": "TURKEY",
        "US": "U.S. U.S.A.",
        "VA": "VATICAN VATICAN_CITY",
        "XK": "XKX KOSOVO",
    }.items()
    for name in names.split()
}


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

    if known := _MEANT.get(written.upper().replace(" ", "_")):
        return known
    try:
        return str(pycountry.countries.lookup(written).alpha_2)
    except LookupError:
        return None
