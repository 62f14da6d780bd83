"""errors.csv: RFC 4180, and nothing in it that a spreadsheet would take for a formula."""

import csv
import re
from collections.abc import Iterable
from typing import TextIO

from sync.report.lines import ERROR_COLUMNS, Line
from sync.report.plain import dumps

#: What starts a formula (owasp.org, CSV Injection), full-width forms included. It counts at the
#: start of a cell and also after `;`, tab and line breaks: where a comma is the decimal separator,
#: spreadsheets split lines at `;`. Quotes are passed over: they move when a line is split wrongly.
_STARTS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(rf"""(^|[;\r\n\t])(?=[\s"\x00-\x1f]*[{_STARTS}])""")
#: Begins the file: without it Excel takes UTF-8 for the code page of the machine.
BOM = "\ufeff"
_BLANK_START = re.compile(r"\s*[\t\r]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def defuse(text: str) -> str:
    """The text, with an apostrophe before what could start a formula; negative numbers stay."""
    if _NUMBER.fullmatch(text):
        return text
    safe = _FORMULA.sub(r"\1'", text)
    return f"'{safe}" if _BLANK_START.match(safe) else safe


def cell(value: object) -> str:
    """A JSON value as one cell: empty for null, JSON for what is neither text nor null."""
    match value:
        case None:
            return ""
        case str():
            return defuse(value)
        case int() if not isinstance(value, bool):
            return str(value)
        case _:
            return defuse(dumps(value))


class Sheet:
    """Writes lines of errors.jsonl as rows of a CSV file, below a row of headings."""

    def __init__(self, file: TextIO) -> None:
        """`file` is open for text with `newline=""`."""
        self._rows = csv.writer(file)
        self._rows.writerow(ERROR_COLUMNS)

    def write(self, lines: Iterable[Line]) -> None:
        """A row for each line."""
        self._rows.writerows([cell(line[column]) for column in ERROR_COLUMNS] for line in lines)
