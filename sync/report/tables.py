"""The table of a summary's counts, as wide as the terminal allows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from sync.report.summary import Summary, lasted
from sync.report.words import duration, visible

COUNTS = ("read", "created", "updated", "unchanged", "skipped", "rejected", "unprocessed")
_STYLES = {"created": "green", "updated": "yellow", "rejected": "red", "unprocessed": "red"}
_GAP = 2
_NAME = 30

#: A heading and its cells, one for each mapping and perhaps one for the sum.
Column = tuple[str, list[Text]]


def counts(summary: Summary, width: int) -> Iterator[Table]:
    """A line for each mapping and one for the sum; on a narrow terminal columns instead."""
    mappings = summary["mappings"]
    names = [visible(mapping["mapping"], _NAME) for mapping in mappings]
    if len(mappings) > 1:
        names.append("total")
    columns = list(_columns(mappings))
    columns.append(("time", [Text(duration(seconds)) for seconds in _times(summary)]))
    if _width(names, columns) <= width:
        yield _wide(names, columns)
    else:
        yield from _narrow(names, columns, width)


def _columns(mappings: Sequence[Summary]) -> Iterator[Column]:
    for name in COUNTS:
        numbers = _summed([mapping["rows"][name] for mapping in mappings])
        if name != "unprocessed" or any(numbers):
            yield name, [_number(number, _STYLES.get(name, "")) for number in numbers]
    requests = _summed([mapping["requests"]["total"] for mapping in mappings])
    yield "requests", [_number(number) for number in requests]


def _times(summary: Summary) -> list[float]:
    """Seconds of each mapping, and of the run: mappings are written side by side."""
    times = [float(mapping["seconds"]) for mapping in summary["mappings"]]
    whole = lasted(summary)
    return [*times, sum(times) if whole is None else whole] if len(times) > 1 else times


def _summed(numbers: list[Any]) -> list[Any]:
    return [*numbers, sum(numbers)] if len(numbers) > 1 else numbers


def _number(number: int, style: str = "") -> Text:
    return Text(f"{number:,}", style=style if number else "dim")


def _width(names: Iterable[str], columns: Iterable[Column]) -> int:
    widths = [max(map(cell_len, names), default=0)]
    widths += [max(cell_len(head), *map(len, cells), 0) for head, cells in columns]
    return sum(widths) + _GAP * (len(widths) - 1)


def _wide(names: Sequence[str], columns: Sequence[Column]) -> Table:
    table = _table([head for head, _ in columns])
    for index, name in enumerate(names):
        table.add_row(Text(name), *(cells[index] for _, cells in columns))
    return table


def _narrow(names: Sequence[str], columns: Sequence[Column], width: int) -> Iterator[Table]:
    heading = max(cell_len(head) for head, _ in columns)
    widest = max(map(cell_len, [*names, *(cell.plain for _, cells in columns for cell in cells)]))
    fitting = max((width - heading) // (widest + _GAP), 1)
    for start in range(0, len(names), fitting):
        part = slice(start, start + fitting)
        table = _table(names[part])
        for head, cells in columns:
            table.add_row(Text(head), *cells[part])
        yield table


def _table(heads: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    table.add_column()
    for head in heads:
        table.add_column(Text(head), justify="right", no_wrap=True)
    return table
