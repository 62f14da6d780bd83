"""For how long reports are kept."""

import re
from dataclasses import dataclass
from datetime import timedelta

_UNITS = {"h": 3600, "d": 86_400, "w": 7 * 86_400}


@dataclass(frozen=True, slots=True)
class Keeping:
    """Reports are kept up to this age, or so many of them; where neither is given, forever."""

    age: timedelta | None = None
    runs: int | None = None


def read(text: str) -> Keeping | None:
    """`90d`, `12h`, `8w`, a number of runs, or `forever`; None where it is nothing of that."""
    if text.strip() == "forever":
        return Keeping()
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*([hdw]?)\s*", text)
    if found is None or int(found[1]) == 0:
        return None
    if not found[2]:
        return Keeping(runs=int(found[1]))
    return Keeping(timedelta(seconds=int(found[1]) * _UNITS[found[2]]))
