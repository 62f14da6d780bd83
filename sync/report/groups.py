"""Rejections and warnings gathered by what is wrong, so that thousands of rows take a few lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from sync.domain.record import Problem, Rejected
from sync.domain.results import Delivered, PartlyWritten, Result, Warned


@dataclass(slots=True)
class Group:
    """One thing that is wrong: in how many rows, and the first of them as the example."""

    mapping: str
    code: str
    field: str | None
    row: int
    key: str | None
    message: str
    hint: str = ""
    rows: int = 0


class Groups:
    """Counts the rows of a run by mapping, code and field; holds no rows."""

    def __init__(self) -> None:
        self._rejections: dict[tuple[str, str, str | None], Group] = {}
        self._warnings: dict[tuple[str, str, str | None], Group] = {}

    def add(self, mapping: str, results: Sequence[Result]) -> None:
        """Count what is wrong with these rows."""
        for result in results:
            match result:
                case Rejected():
                    self._reject(mapping, result)
                case PartlyWritten(rejected=rejected):
                    self._reject(mapping, rejected)
                case Delivered(warnings=warnings):
                    for warned in warnings:
                        self._warn(mapping, result, warned)
                case _:
                    assert_never(result)

    @property
    def rejections(self) -> list[Group]:
        """What rows were rejected for, the most frequent first."""
        return _sorted(self._rejections)

    @property
    def warnings(self) -> list[Group]:
        """What delivered rows were warned of, the most frequent first."""
        return _sorted(self._warnings)

    def _reject(self, mapping: str, rejected: Rejected) -> None:
        for problem in rejected.problems:
            place = (mapping, problem.code, problem.field)
            if place not in self._rejections:
                self._rejections[place] = _example(mapping, rejected, problem)
            self._rejections[place].rows += 1

    def _warn(self, mapping: str, row: Delivered, warned: Warned) -> None:
        place = (mapping, warned.code, warned.field)
        if place not in self._warnings:
            self._warnings[place] = Group(
                mapping, warned.code, warned.field, row.row, row.key, warned.message
            )
        self._warnings[place].rows += 1


def _example(mapping: str, row: Rejected, problem: Problem) -> Group:
    return Group(
        mapping, problem.code, problem.field, row.row, row.key, problem.message, problem.hint
    )


def _sorted(groups: dict[tuple[str, str, str | None], Group]) -> list[Group]:
    return sorted(groups.values(), key=lambda group: -group.rows)
