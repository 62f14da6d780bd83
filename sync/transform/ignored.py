"""Columns that a mapping leaves out by name or pattern, and the names that leave out nothing."""

from collections import abc
from difflib import get_close_matches
from fnmatch import fnmatchcase

from sync.warehouse.column import Column

_WILD = frozenset("*?[")


def is_ignored(name: str, globs: abc.Iterable[str], *, folds: bool) -> bool:
    """Whether one of these names and patterns stands for a column; `folds`: in either case."""
    if folds:
        return any(fnmatchcase(name.lower(), glob.lower()) for glob in globs)
    return any(fnmatchcase(name, glob) for glob in globs)


def idle(globs: abc.Iterable[str], columns: abc.Sequence[Column]) -> abc.Iterator[str]:
    """A sentence for each name that is no column's, and each pattern that is one's in another case only.

    A pattern for columns that are not there yet is as it should be.
    """
    names = [column.name for column in columns]
    for glob in globs:
        if any(is_ignored(column.name, [glob], folds=column.folds) for column in columns):
            continue
        in_another_case = [name for name in names if is_ignored(name, [glob], folds=True)]
        if in_another_case:
            yield (
                f"ignore_columns: {glob!r} leaves out nothing: names are compared with their case,"
                f" and the query has {in_another_case[0]!r}"
            )
        elif not _WILD.intersection(glob):
            yield f"ignore_columns: {glob!r} is no column of the query: {nearest(glob, names)}"


def nearest(name: str, known: abc.Sequence[str]) -> str:
    """What may have been meant by a name that is none of the known."""
    folded = {other.lower(): other for other in known}
    close = get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    return f"it has: {shown}"
