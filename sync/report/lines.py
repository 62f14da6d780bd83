"""One line of each row file: what errors.jsonl, changes.jsonl and left.jsonl say about a row."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, assert_never

from sync.domain.instant import canonical
from sync.domain.record import Problem, Rejected, Value
from sync.domain.results import TOUCHED, Compared, Delivered, Left, PartlyWritten, Warned
from sync.report.plain import plain

Line = dict[str, Any]

#: The keys of an error's line, in their order; errors.csv has them as columns.
ERROR_COLUMNS = (
    "format", "run_id", "mapping", "row", "key", "stage", "code", "field", "value", "message",
    "hint", "http_status", "response", "attempts", "at", "since", "new", "name", "url",
)  # fmt: skip

PARTLY = "a part of the row was written before ChartMogul refused the rest"


def errors(run_id: str, mapping: str, rejected: Rejected, at: datetime) -> Iterator[Line]:
    """A line for each problem of a rejected row."""
    for problem in rejected.problems:
        values = (
            1, run_id, mapping, rejected.row, plain(rejected.key, None), rejected.stage.value,
            *_problem(problem), rejected.http_status, plain(rejected.response), rejected.attempts,
            canonical(at), *_background(rejected, at),
        )  # fmt: skip
        yield dict(zip(ERROR_COLUMNS, values, strict=True))


def _problem(problem: Problem) -> tuple[object, ...]:
    return (
        problem.code, plain(problem.field, None), plain(problem.value), plain(problem.message),
        plain(problem.hint),
    )  # fmt: skip


def _background(row: Rejected, at: datetime) -> tuple[object, ...]:
    """Since when it is rejected (null where nobody can tell), whether that is news, its name and its page."""
    about = row.background
    since = about.since or (None if about.known else at)
    return since and canonical(since), not about.known, plain(about.name), about.url


def change(
    run_id: str, mapping: str, result: Delivered | PartlyWritten, at: datetime
) -> Line | None:
    """The line of a row that was written or has a warning; None for any other."""
    what = written(result)
    if what is None:
        return None
    return {"format": 1, "run_id": run_id, "mapping": mapping, **what, "at": canonical(at)}


def written(result: Delivered | PartlyWritten) -> Line | None:
    """What the line of `change` says about the row itself."""
    match result:
        case PartlyWritten(rejected=rejected):
            row, key, how, reason = rejected.row, rejected.key, "rejected", PARTLY
            warnings: tuple[Warned, ...] = ()
        case Delivered():
            row, key, how, reason = result.row, result.key, result.outcome.value, result.reason
            warnings = result.warnings
            if not (result.outcome in TOUCHED or warnings):
                return None
        case _:
            assert_never(result)
    return {
        "row": row,
        "key": plain(key, None),
        "uuid": result.uuid,
        "outcome": how,
        "reason": plain(reason),
        **_created(result),
        "before_known": result.before_known,
        "changes": {plain(field, None): _pair(pair) for field, pair in result.changes.items()},
        "warnings": [_warning(warning) for warning in warnings],
    }


def _created(result: Delivered | PartlyWritten) -> Line:
    """That a rejected row has made its record: nothing was there before."""
    return {"created": True} if isinstance(result, PartlyWritten) and result.created else {}


def compared(mapping: str, one: Compared) -> Line:
    """The entry of canary.json of a row that was read back."""
    return {
        "mapping": mapping,
        "row": one.row,
        "key": plain(one.key, None),
        "operation": one.operation,
        "fields": {plain(field, None): _pair(pair) for field, pair in one.fields.items()},
        "different": list(one.different),
        "refused": one.refused,
    }


def left(run_id: str, mapping: str, gone: Left, at: datetime) -> Line:
    """The line of a key that left the query."""
    return {
        "format": 1,
        "run_id": run_id,
        "mapping": mapping,
        "key": plain(gone.key, None),
        "uuid": gone.uuid,
        "at": canonical(at),
    }


def _pair(pair: tuple[Value, Value]) -> list[Any]:
    # Never cut: whoever undoes a change needs the whole value.
    before, after = pair
    return [None if before is None else plain(before, None), plain(after, None)]


def _warning(warning: Warned) -> Line:
    return {"field": warning.field, "code": warning.code, "message": plain(warning.message)}
