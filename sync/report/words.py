"""How numbers, times, values and keys read on a terminal."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from sync.domain.record import Value
from sync.domain.results import Status
from sync.report.plain import Json, cut

#: Why a mapping broke off, where the words that tell it may quote a row or a secret; by `MappingRun.reason`.
BROKEN_BY = {
    "source": "the warehouse refused its query, or broke off",
    "state": "the state could not be read or written",
    "chartmogul": "ChartMogul said no: look at the API key, the data source and the account",
    "outage": "ChartMogul did not answer, or nobody got through to it",
}

#: Longer values and messages are for the files.
WIDEST = 60
LONGEST_MESSAGE = 500
#: Control and format characters, surrogates, private and unassigned ones, line and paragraph ends:
#: they would move the cursor, hide text or turn its direction.
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")

#: A word with the blanks before it.
_WORD = re.compile(r" *[^ ]+")

Mask = Callable[[str], str]

STATUSES = {
    Status.SUCCEEDED: "succeeded",
    Status.COMPLETED_WITH_ERRORS: "completed, with rejected rows",
    Status.FAILED: "failed",
    Status.STOPPED: "stopped by a limit",
    Status.LOCKED: "locked: the same records are being written elsewhere",
    Status.INTERRUPTED: "interrupted",
}


def visible(text: str, longest: int | None = LONGEST_MESSAGE) -> str:
    r"""One line of text without anything that a terminal obeys: such characters become `\x1b`."""
    return "".join(
        _escaped(character) if unicodedata.category(character) in _UNSEEN else character
        for character in cut(text, longest)
    )


def wrapped(line: str, width: int) -> Iterator[str]:
    """A line in pieces of at most so many cells of a terminal, broken between words; what follows is indented.

    A word that is longer stays whole, so that an id or an address can still be copied.
    """
    indent = min(len(line) - len(line.lstrip(" ")) + 2, width // 2)
    piece, used = "", 0
    for word in _WORD.findall(line):
        cells = _cells(word)
        if piece.strip() and used + cells > width:
            yield piece
            piece, word = " " * indent, word.lstrip(" ")
            used, cells = indent, _cells(word)
        piece, used = piece + word, used + cells
    yield piece


def _cells(text: str) -> int:
    """How wide a terminal shows it: East Asian letters and emoji take two cells, marks on other letters none."""
    return sum(
        0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
    )


def sentence(text: str) -> str:
    """A message on one line: databases like to break theirs."""
    return visible(" ".join(text.split()))


def value(content: Value | Json, widest: int = WIDEST) -> str:
    """A canonical value, or its JSON form; text whose ends would not be seen stands in quotes."""
    match content:
        case None:
            return "(empty)"
        case bool():
            return "true" if content else "false"
        case tuple() | list():
            return visible(", ".join(map(str, content)), widest) or "(none)"
        case str():
            seen = visible(content, widest)
            return seen if content.strip() == content and content else f'"{seen}"'
        case _:
            return visible(str(content), widest)


def loses(before: object, after: object) -> bool:
    """Whether a change empties a field, or takes tags off."""
    if isinstance(before, list) and isinstance(after, list):
        return not after or not set(before) <= set(after)
    return after is None or after == []


def named(key: str | None, mask: Mask) -> str:
    """A key for messages and logs: hashed where it holds an e-mail address."""
    if key is None:
        return "without a key"
    return mask(key) if "@" in key else visible(key, WIDEST)


def unmet(lines: int) -> str:
    """What became of the lines of a plan that met no row."""
    which = count(lines, "line of the plan has", "lines of the plan have")
    return f"{which} no row any more, and nothing of them was sent"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def drops(mapping: str, known: Mapping[str, int]) -> str:
    """One line about values that ChartMogul is known to drop, by field."""
    fields = ", ".join(f"{visible(name)} of {count(n, 'row')}" for name, n in sorted(known.items()))
    again = (
        "tried again by --full, by the next write of a row, and once a day for five rows of each"
    )
    return f"{visible(mapping)}: ChartMogul does not take {fields}; {again}"


def amount(cents: int) -> str:
    """`1,234.50`; not through floating point."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{cents // 100:,}.{cents % 100:02d}"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 9.95:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s")
    minutes = round(seconds / 60)
    return f"{minutes // 60:,} h {minutes % 60} min".removesuffix(" 0 min")


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
