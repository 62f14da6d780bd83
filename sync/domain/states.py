"""The states of the US: code and name of each, as ISO 3166-2 and the postal service have them."""

_STATES = """
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware,
DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa, KS Kansas,
KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota, MS Mississippi,
MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico, NY New York,
NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode Island,
SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia, WA Washington,
WV West Virginia, WI Wisconsin, WY Wyoming, AS American Samoa, GU Guam, MP Northern Mariana Islands, PR Puerto Rico,
UM United States Minor Outlying Islands, VI U.S. Virgin Islands, VI Virgin Islands, AA Armed Forces Americas,
AE Armed Forces Europe, AP Armed Forces Pacific, DC Washington D.C., DC Washington DC
"""
_NAMES = tuple(
    (name, code)
    for code, _, name in (state.partition(" ") for state in " ".join(_STATES.split()).split(", "))
)
_CODES = {name.casefold(): code for name, code in _NAMES}
_KNOWN = frozenset(_CODES.values())


def code_of(state: str) -> str | None:
    """`NY` of `NY`, `US-NY` and `New York`, in any case; None of what is no state of the US."""
    folded = " ".join(state.casefold().split())
    code = folded.removeprefix("us-").upper()
    return code if code in _KNOWN else _CODES.get(folded)


def spellings_of(code: str) -> tuple[str, ...]:
    """`NY`, `US-NY` and `New York` of `NY`; nothing of what is no code of a state."""
    if code not in _KNOWN:
        return ()
    return (code, f"US-{code}", *(name for name, its in _NAMES if its == code))
