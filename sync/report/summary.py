"""A run in numbers, as `summary.json` holds it."""

from collections.abc import Iterable, Mapping
from typing import Any

from sync import __version__
from sync.domain.instant import canonical, parse
from sync.domain.money import Revenue
from sync.domain.results import MappingRun, Requests, Run, Tally
from sync.report import plain
from sync.report.words import count, duration

#: The order of the methods in a summary.
METHODS = ("GET", "POST", "PATCH", "DELETE")

Summary = dict[str, Any]


def summary(run: Run) -> Summary:
    """The run as plain values: times in UTC, durations in seconds; None is not known yet."""
    return {
        "format": 1,
        "tool": __version__,
        "run_id": run.id,
        "dry_run": run.dry_run,
        "started_at": canonical(run.started_at),
        "finished_at": run.finished_at and canonical(run.finished_at),
        "status": run.status and run.status.value,
        "exit_code": run.exit_code,
        "environment": run.environment,
        "undid": run.undid,
        "mappings": [_mapping(mapping) for mapping in run.mappings],
    }


def dumps(document: Summary) -> str:
    """The text of `summary.json`, which `run --json` prints as well."""
    return plain.indented(document)


def ended(document: Summary, *, differs: bool = False) -> str:
    """How a run, or one mapping of it, ended, in words; without a status it was broken off.

    `differs`: it is an audit that compared all, and found differences.
    """
    if differs:
        return "with differences"
    return (document["status"] or "broken off").replace("_", " ")


def lasted(document: Summary) -> float | None:
    """Seconds from the start of the run to its end; None while there is none."""
    started, finished = parse(document["started_at"]), parse(document["finished_at"] or "")
    return (finished - started).total_seconds() if started and finished else None


def _mapping(mapping: MappingRun) -> Summary:
    return {
        "mapping": mapping.mapping,
        "file": mapping.file,
        "object": mapping.object and mapping.object.value,
        "mode": str(mapping.mode),
        "data_source": mapping.data_source,
        "account": mapping.account,
        "status": mapping.status and mapping.status.value,
        "error": mapping.error,
        "reason": mapping.reason,
        "warnings": mapping.warnings,
        "left": mapping.left,
        "seconds": round(mapping.seconds, 3),
        "rows": _rows(mapping.rows),
        "requests": _requests(mapping.requests),
        "rejected_new": mapping.rejected_new,
        "mended": mapping.mended,
        "rejected_by_code": _by_number(mapping.rejected_by_code),
        "undone": mapping.undone,
        "known_drops": dict(sorted(mapping.known_drops.items())),
        "overridden": list(mapping.overridden),
        "mrr": _revenue(mapping.mrr),
        "new_types": dict(sorted(mapping.new_types.items())),
        "not_retried": mapping.not_retried,
        "unmet": mapping.unmet,
        "not_put_back": list(mapping.not_put_back),
        "estimate": _estimate(mapping.estimate),
    }


def _by_number(counts: Mapping[str, int]) -> dict[str, int]:
    """The greatest first."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _estimate(found: tuple[int, float] | None) -> Summary | None:
    return None if found is None else {"requests": found[0], "seconds": round(found[1], 3)}


def _revenue(mrr: Revenue | None) -> Summary | None:
    """Nothing, where no customer is touched."""
    if mrr is None or not mrr.of:
        return None
    return {
        "known": mrr.known,
        "of": mrr.of,
        "sum_cents": mrr.sum_cents,
        "largest": [[plain.plain(key), cents] for key, cents in mrr.largest],
    }


def _rows(rows: Tally) -> Summary:
    return {
        "read": rows.read,
        "created": rows.created,
        "updated": rows.updated,
        "unchanged": rows.unchanged,
        "skipped": rows.skipped,
        "rejected": rows.rejected,
        "unprocessed": rows.unprocessed,
    }


def _requests(requests: Requests) -> Summary:
    used = {method: requests.methods[method] for method in _ordered(requests.methods)}
    return {
        "total": requests.total,
        **{method: count for method, count in used.items() if count},
        "retried": requests.retried,
        "throttled": requests.throttled,
    }


def _ordered(methods: Iterable[str]) -> list[str]:
    return sorted(methods, key=lambda method: (*METHODS, method).index(method))


def foreseen(document: Summary) -> str:
    """What the real run would take, as a dry run found: `22 requests, about 1 s`."""
    found = [mapping["estimate"] for mapping in document["mappings"] if mapping.get("estimate")]
    requests = sum(one["requests"] for one in found)
    seconds = sum(float(one["seconds"]) for one in found)
    about = duration(max(round(seconds), 1)) if requests else "no time"
    return f"{count(requests, 'request')}, about {about}"
