"""What an audit found, as `audit.json` holds it and as a terminal shows it."""

from collections.abc import Iterator
from typing import Any

from sync.domain.audited import Audited, AuditedField, Example
from sync.domain.results import MappingRun, Run, Status
from sync.report.plain import plain
from sync.report.words import count, drops, sentence, value, visible

AUDIT = "audit.json"

#: The whole audit as plain values; or a mapping of it.
Found = dict[str, Any]

_WHOSE = {
    "edited": "edited by others",
    "stays": "left so by overwrite",
    "pinned": "pinned in ChartMogul",
    "undone": "put back by an undo",
}


def document(run: Run) -> Found | None:
    """The whole audit; None of a run that is none."""
    parts = [(part, part.audited) for part in run.mappings if part.audited is not None]
    if not parts:
        return None
    return {
        "format": 1,
        "run_id": run.id,
        "status": run.status and run.status.value,
        "exit_code": run.exit_code,
        "mappings": [_mapping(part, audited) for part, audited in parts],
    }


def _mapping(run: MappingRun, audited: Audited) -> Found:
    return {
        "mapping": run.mapping,
        "file": run.file,
        "status": run.status and run.status.value,
        "error": run.error,
        "rows": rows(run),
        "fields": {plain(name): _field(one) for name, one in _sorted(audited)},
        "extra": audited.extra,
        "duplicates": audited.duplicates,
        "deleted": audited.deleted,
        "extra_examples": list(audited.extra_examples),
        "duplicate_examples": list(audited.duplicate_examples),
        "known_drops": dict(sorted(run.known_drops.items())),
        "requests": run.requests.total,
    }


def rows(run: MappingRun) -> dict[str, int]:
    """The counts: what a run would create is missing, what it would change differs."""
    tally = run.rows
    return {
        "read": tally.read,
        "equal": tally.unchanged,
        "different": tally.updated,
        "missing": tally.created,
        "skipped": tally.skipped,
        "rejected": tally.rejected,
    }


def _field(found: AuditedField) -> Found:
    return {
        "different": found.different,
        "edited": found.edited,
        "stays": found.stays,
        "pinned": found.pinned,
        "undone": found.undone,
        "examples": [_example(one) for one in found.examples],
    }


def _example(one: Example) -> Found:
    return {
        "row": one.row,
        "key": plain(one.key),
        "chartmogul": plain(one.shown),
        "warehouse": plain(one.wanted),
        "edited": one.edited,
        "stays": one.stays,
        "pinned": one.pinned,
        "undone": one.undone,
    }


def _sorted(audited: Audited) -> list[tuple[str, AuditedField]]:
    """The fields, those that differ most often first."""
    return sorted(audited.fields.items(), key=lambda item: (-item[1].different, item[0]))


def text(found: Found) -> Iterator[str]:
    """The audit for people, line by line."""
    for mapping in found["mappings"]:
        counted = mapping["rows"]
        told = ", ".join(f"{number:,} {what}" for what, number in _told(counted))
        yield f"{visible(mapping['mapping'])}: {count(counted['read'], 'row')}: {told}"
        if mapping["error"]:
            yield f"  not finished: {sentence(mapping['error'])}"
            continue
        yield from _details(mapping)


def _told(counted: dict[str, int]) -> Iterator[tuple[str, int]]:
    for what, number in counted.items():
        if what != "read" and (number or what not in ("skipped", "rejected")):
            yield what, number


def _details(mapping: Found) -> Iterator[str]:
    for name, found in mapping["fields"].items():
        told = "".join(f", {number:,} of them {what}" for what, number in whose(found))
        yield f"  {visible(name)} differs in {count(found['different'], 'record')}{told}"
        for one in found["examples"]:
            yield f"    {_compared(one)}"
    yield from (f"  {line}" for line in besides(mapping))


def _compared(one: Found) -> str:
    how = "".join(f"{what}, " for what, _ in whose(one))
    shown, wanted = value(one["chartmogul"]), value(one["warehouse"])
    key = visible(one["key"])
    return f"{key} (row {one['row']:,}): {how}ChartMogul has {shown}, the row {wanted}"


def has_differences(found: Found) -> bool:
    """Whether all rows could be compared, and some are missing or differ."""
    rows = [mapping["rows"] for mapping in found["mappings"]]
    return found["status"] == Status.SUCCEEDED and any(
        one["different"] or one["missing"] for one in rows
    )


def whose(found: Found) -> Iterator[tuple[str, int]]:
    """Of how many of the records of a field, or of an example, what is to be said of the value in ChartMogul.

    An audit of an older version knows edits only.
    """
    for name, what in _WHOSE.items():
        if found.get(name):
            yield what, found[name]


def besides(mapping: Found) -> Iterator[str]:
    """What was found of a mapping besides its rows and fields, in sentences that hold no value of a row."""
    if mapping.get("deleted"):
        yield f"{mapping['deleted']:,} of the missing were deleted in ChartMogul"
    if known := mapping.get("known_drops"):
        yield f"no difference: {drops(mapping['mapping'], known).partition(': ')[2]}"
    if mapping["extra"] is None:
        yield "records that no row has: unknown, since a query shows only some (rows: some), or was not read"
    elif mapping["extra"]:
        some = _such_as(mapping.get("extra_examples"))
        yield f"{count(mapping['extra'], 'record')} of the data source that no row has{some}"
    if mapping["duplicates"]:
        some = _such_as(mapping.get("duplicate_examples"))
        what = count(mapping["duplicates"], "contact")
        yield f"{what} with e-mail or external id of another one of the same customer{some}"


def _such_as(examples: list[str] | None) -> str:
    """An audit of an older version has none."""
    return f", such as {', '.join(examples)}" if examples else ""
