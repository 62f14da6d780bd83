"""Names of countries and US states, for what a customer shows and for its `address`."""

from collections import abc
from functools import cache
from typing import Any

import pycountry

KOSOVO = "XK"
"""User-assigned in ISO 3166-1, used by Stripe and others."""

_STATES = """
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut,
DE Delaware, DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois,
IN Indiana, IA Iowa, KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland,
MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi, MO Missouri, MT Montana, NE Nebraska,
NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York, NC North Carolina,
ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode Island,
SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia,
WA Washington, WV West Virginia, WI Wisconsin, WY Wyoming, AS American Samoa, GU Guam,
MP Northern Mariana Islands, PR Puerto Rico, VI U.S. Virgin Islands
"""


def _states() -> abc.Iterator[tuple[str, str]]:
    for state in " ".join(_STATES.split()).split(", "):
        code, _, name = state.partition(" ")
        yield code, name


STATES = dict(_states())
"""The names of the states and territories of the US, by their codes."""

_CODES = {name.casefold(): code for code, name in STATES.items()}


@cache
def country_name(code: str) -> str | None:
    """The display name of an ISO 3166-1 alpha-2 code in capitals; None if there is no such code."""
    if code == KOSOVO:
        return "Kosovo"
    country: Any = pycountry.countries.get(alpha_2=code) if code.isupper() else None
    if country is None:
        return None
    return str(getattr(country, "common_name", country.name))


def is_country(code: str, allowed: str) -> bool:
    """Whether a code is one of these: `iso`, `iso_and_xk`, or `any` two capitals."""
    if allowed == "any":
        return len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()
    return country_name(code) is not None and (code != KOSOVO or allowed == "iso_and_xk")


def state_code(state: str) -> str | None:
    """`NY` of `NY`, `US-NY` and `New York`, in any case; None if it is no state of the US."""
    folded = state.strip().casefold()
    code = folded.removeprefix("us-").upper()
    return code if code in STATES else _CODES.get(folded)


def state_name(state: str) -> str:
    """The display name of `NY` or `US-NY`; anything else stands for itself."""
    return STATES.get(state.removeprefix("US-"), state)
