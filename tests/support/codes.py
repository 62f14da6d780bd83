"""docs/codes.md: `python -m tests.support.codes` writes it anew from the catalogue."""

from collections import abc
from pathlib import Path

from sync.report.codes import Code, Kind, of_kind

PAGE = Path(__file__).parents[2] / "docs" / "codes.md"
_TITLES = {
    Kind.ROW: "Rejected rows",
    Kind.WARNING: "Warnings",
    Kind.RAIL: "Rails",
}
_HEAD = """\
# Codes

What each code of a rejected row, a warning or a rail means; `chartmogul-sync help CODE` says the same.
Codes of rejected rows stand in `errors.csv` and `errors.jsonl`, those of warnings in `changes.jsonl`, and a rail is
named by the message of the mapping that it stopped.
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(kind, title) for kind, title in _TITLES.items())


def _section(kind: Kind, title: str) -> str:
    return f"\n## {title}\n" + "".join("\n".join(_entry(code)) + "\n" for code in of_kind(kind))


def _entry(code: Code) -> abc.Iterator[str]:
    yield f"\n### `{code.name}`\n"
    yield f"{code.means[0].upper()}{code.means[1:]}.\n"
    yield f"- **Cause:** {code.cause}"
    yield f"- **Cure:** {code.cure}"
    yield f"- **Next run:** {code.next_run}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
