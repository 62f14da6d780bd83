"""`python -m benchmarks [--full] [SCENARIO…]`: measures, prints the table and writes it down."""

import sys
from collections import abc

from benchmarks import (
    allowance,
    comparing,
    filled,
    first,
    requests,
    rivals,
    sharing,
    startup,
    table,
    trust,
    unchanged,
    writing,
)
from tests.support.postgres import by_wheel

_SIZES = (10_000, 100_000, 1_000_000)
_MORE = (10_000, 1_000_000, 3_000_000)


def _unchanged(full: bool) -> abc.Iterator[table.Line]:
    with by_wheel() as url:
        text = url.render_as_string(hide_password=False)
        yield from unchanged.lines(text, _MORE if full else _SIZES)


def _comparing(full: bool) -> abc.Iterator[table.Line]:
    with by_wheel() as url:
        text = url.render_as_string(hide_password=False)
        yield from comparing.lines(text, 1_000_000 if full else 100_000)


_SCENARIOS: dict[str, abc.Callable[[bool], abc.Iterable[table.Line]]] = {
    "startup": lambda _: startup.lines(),
    "requests": lambda _: requests.lines(),
    "filled": lambda full: filled.lines(*((100_000, 10_000) if full else (20_000, 500))),
    "first": lambda full: first.lines(*((10_000, 1_000_000) if full else (50_000, 100_000))),
    "trust": lambda full: trust.lines(50_000 if full else 5_000),
    "writing": lambda _: writing.lines(),
    "allowance": lambda full: allowance.lines(4000 if full else 1200),
    "sharing": lambda full: sharing.lines(30 if full else 10),
    "rivals": lambda _: rivals.lines(),
    "unchanged": _unchanged,
    "comparing": _comparing,
    "shares": lambda full: comparing.shares(1_000_000 if full else 200_000),
}


def main(arguments: list[str]) -> None:
    """Each scenario has a file of its own, so one can be measured again alone."""
    full = "--full" in arguments
    names = [name for name in arguments if not name.startswith("-")] or list(_SCENARIOS)
    for name in names:
        around = table.surroundings()
        lines = list(_SCENARIOS[name](full))
        print(table.render(lines), flush=True)
        table.write(f"{name}-full" if full else name, lines, around)


if __name__ == "__main__":
    main(sys.argv[1:])
