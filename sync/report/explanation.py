"""What `explain` found out about a key, as one document."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sync.domain import objects
from sync.domain.explained import Explained, ExplainedRow, Recalled, Refusal
from sync.domain.instant import canonical
from sync.domain.objects import Descriptor
from sync.domain.plan import Absent, Seen
from sync.domain.record import Problem, Record, Rejected
from sync.domain.results import Delivered, MappingRun, PartlyWritten, Result
from sync.report.plain import plain
from sync.report.words import sentence


def document(run: MappingRun, found: Explained, error: str | None) -> dict[str, Any]:
    """Everything as JSON; `error` is why there is no more of it."""
    about = None if run.object is None else objects.of(run.object)
    told = None if error is None else sentence(error)
    return {
        "format": 1,
        "mapping": run.mapping,
        "file": run.file,
        "object": run.object and run.object.value,
        "data_source": run.data_source or None,
        "account": run.shown_account,
        "key": plain(found.key, None),
        "rows": [_row(row, found.results.get(row.number)) for row in found.rows],
        "types": {plain(key, None): kind.value for key, kind in found.types.items()},
        "state": None if found.recalled is None else _state(found.recalled, about),
        "chartmogul": _shown(found.known, about),
        "difference": {
            plain(name, None): {
                "chartmogul": plain(before, None),
                "row": plain(after, None),
                "edited": name in found.edited,
            }
            for name, (before, after) in found.differences.items()
        },
        "decision": None if found.result is None else decision(found.result),
        "requests": {
            "look_ups": found.look_ups,
            "writes": len(found.writes),
            "total": found.look_ups + len(found.writes),
            "sent": list(found.writes),
        },
        "error": told,
    }


def _row(row: ExplainedRow, result: Result | None) -> dict[str, Any]:
    made, decided = row.made, None if result is None else decision(result)
    return {
        "row": row.number,
        "key": plain(made.key, None),
        "values": {plain(name, None): plain(content) for name, content in row.values.items()},
        "types": {
            plain(name, None): type(content).__name__ for name, content in row.values.items()
        },
        "hidden": [plain(name, None) for name in row.hidden],
        "record": _fields(made.fields) if isinstance(made, Record) else None,
        "problems": [_problem(one) for one in problems_of(made, result)],
        "outcome": decided and decided["outcome"],
        "reason": decided and decided["reason"],
    }


def _fields(fields: Mapping[str, Any]) -> dict[Any, Any]:
    return {plain(name, None): plain(content, None) for name, content in fields.items()}


def problems_of(made: Record | Rejected, result: Result | None) -> tuple[Problem, ...]:
    """What is wrong with a row: in itself, or by what was found out about it."""
    if isinstance(made, Rejected):
        return made.problems
    return result.problems if isinstance(result, Rejected) else ()


def _problem(one: Problem) -> dict[str, Any]:
    return {
        "code": one.code,
        "field": plain(one.field, None),
        "value": plain(one.value),
        "message": plain(one.message),
        "hint": plain(one.hint),
    }


def decision(result: Result) -> dict[str, Any]:
    """What becomes of a row, and why."""
    match result:
        case Delivered():
            warnings = [
                {"field": plain(w.field, None), "code": w.code, "message": plain(w.message)}
                for w in result.warnings
            ]
            outcome, reason = result.outcome.value, result.reason
            changes = {
                plain(name, None): [plain(one, None) for one in pair]
                for name, pair in result.changes.items()
            }
        case PartlyWritten(rejected=rejected) | (Rejected() as rejected):
            first = rejected.problems[0]
            outcome, reason, warnings, changes = (
                "rejected", f"{first.code}: {first.message}", [], {},
            )  # fmt: skip
    return {"outcome": outcome, "reason": plain(reason), "changes": changes, "warnings": warnings}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else canonical(moment)


def _state(recalled: Recalled, about: Descriptor | None) -> dict[str, Any]:
    refusal = recalled.refusal
    return {
        "uuid": recalled.uuid,
        "url": about and about.url_of(recalled.uuid),
        "outcome": recalled.outcome,
        "code": recalled.code,
        "run_id": recalled.run,
        "at": _moment(recalled.at),
        "left": recalled.left,
        "deleted": recalled.deleted,
        "rejected_since": _moment(recalled.rejected_since),
        "held_back_until": refusal and _moment(refusal.until),
        "refusal": None if refusal is None else _refusal(refusal),
        "dropped": list(recalled.dropped),
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "at": _moment(refusal.since),
        "run_id": refusal.run,
        "http_status": refusal.http_status,
        "code": refusal.code,
        "field": plain(refusal.field, None),
        "message": plain(refusal.words),
    }


def _shown(known: Seen | Absent | None, about: Descriptor | None) -> dict[str, Any] | None:
    match known:
        case Seen():
            return {
                "found": True,
                "uuid": known.uuid,
                "url": about and about.url_of(known.uuid),
                "fields": _fields(known.fields),
                "external_ids": [plain(key, None) for _, key in known.pairs],
                "customer": plain(known.customer, None),
                "customer_uuid": known.customer_uuid,
            }
        case Absent():
            return {"found": False, "deleted": known.deleted}
    return None
