"""Names of countries and US states, for the `address` of a customer."""

from functools import cache
from typing import Any

import pycountry


@cache
def country_name(code: str) -> str | None:
    """The display name of an ISO 3166-1 alpha-2 code in capitals; None if there is no such code."""
    country = pycountry.countries.get(alpha_2=code) if code.isupper() else None
    if country is None:
        return None
    return str(getattr(country, "common_name", country.name))


@cache
def state_name(state: str) -> str:
    """The display name of `NY` or `US-NY`; anything else stands for itself."""
    subdivisions: Any = pycountry.subdivisions
    found = subdivisions.get(code=f"US-{state.removeprefix('US-')}")
    return state if found is None else str(found.name)
