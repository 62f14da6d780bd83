"""What an audit found, as `audit.json` holds it and as a terminal shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync import files
from sync.domain.audited import Audited, AuditedField, Example
from sync.domain.results import MappingRun, Run
from sync.report.plain import indented, plain
from sync.report.words import count, drops, sentence, value, visible

AUDIT = "audit.json"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mapping of an audit: its part of the run, whose counts say what became of rows, and what else was found."""

    run: MappingRun
    audited: Audited

    @property
    def differs(self) -> bool:
        """Whether a row is missing in ChartMogul, or differs there."""
        return bool(self.run.rows.created or self.run.rows.updated)


def document(run: Run, findings: Sequence[Finding]) -> dict[str, Any]:
    """The whole audit as plain values."""
    return {
        "format": 1,
        "run_id": run.id,
        "status": run.status and run.status.value,
        "exit_code": run.exit_code,
        "mappings": [_mapping(finding) for finding in findings],
    }


def _mapping(finding: Finding) -> dict[str, Any]:
    run, audited = finding.run, finding.audited
    return {
        "mapping": run.mapping,
        "file": run.file,
        "status": run.status and run.status.value,
        "error": run.error,
        "rows": rows(run),
        "fields": {plain(name): _field(one) for name, one in _sorted(audited)},
        "extra": audited.extra,
        "duplicates": audited.duplicates,
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


def _field(found: AuditedField) -> dict[str, Any]:
    return {
        "different": found.different,
        "edited": found.edited,
        "examples": [_example(one) for one in found.examples],
    }


def _example(one: Example) -> dict[str, Any]:
    return {
        "row": one.row,
        "key": plain(one.key),
        "chartmogul": plain(one.shown),
        "warehouse": plain(one.wanted),
        "edited": one.edited,
    }


def _sorted(audited: Audited) -> list[tuple[str, AuditedField]]:
    """The fields, those that differ most often first."""
    return sorted(audited.fields.items(), key=lambda item: (-item[1].different, item[0]))


def write(folder: Path, found: dict[str, Any]) -> None:
    """Put `audit.json` into an audit's folder, in one step and as private as the others. Raises OSError."""
    files.replace(folder / AUDIT, indented(found) + "\n")


def text(findings: Sequence[Finding]) -> Iterator[str]:
    """The audit for people, line by line."""
    for finding in findings:
        run = finding.run
        name, counted = visible(run.mapping), rows(run)
        told = ", ".join(f"{number:,} {what}" for what, number in _told(counted))
        yield f"{name}: {count(counted['read'], 'row')}: {told}"
        if run.error:
            yield f"  not finished: {sentence(run.error)}"
            continue
        yield from _details(finding)


def _told(counted: dict[str, int]) -> Iterator[tuple[str, int]]:
    for what, number in counted.items():
        if what != "read" and (number or what not in ("skipped", "rejected")):
            yield what, number


def _details(finding: Finding) -> Iterator[str]:
    run, audited = finding.run, finding.audited
    for name, found in _sorted(audited):
        edited = f", {found.edited:,} of them edited by others" if found.edited else ""
        yield f"  {visible(name)} differs in {count(found.different, 'record')}{edited}"
        for one in found.examples:
            yield f"    {_compared(one)}"
    if audited.deleted:
        yield f"  {audited.deleted:,} of the missing were deleted in ChartMogul"
    if run.known_drops:
        yield f"  no difference: {drops(run.mapping, run.known_drops).partition(': ')[2]}"
    yield from _too_many(audited)


def _compared(one: Example) -> str:
    how = "edited by others, " if one.edited else ""
    shown, wanted = value(plain(one.shown)), value(plain(one.wanted))
    return f"{visible(one.key)} (row {one.row:,}): {how}ChartMogul has {shown}, the row {wanted}"


def _too_many(audited: Audited) -> Iterator[str]:
    if audited.extra is None:
        yield "  records that no row has: unknown, since a query shows only some (rows: some), or was not read"
    elif audited.extra:
        some = ", ".join(audited.extra_examples)
        yield f"  {count(audited.extra, 'record')} of the data source that no row has, such as {some}"
    if audited.duplicates:
        some = ", ".join(audited.duplicate_examples)
        what = count(audited.duplicates, "contact")
        yield f"  {what} with e-mail or external id of another one of the same customer, such as {some}"
