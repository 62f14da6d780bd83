"""An audit in the format that was asked for: `audit` prints it at its end, and `report` the same afterwards."""

from collections import abc
from pathlib import Path

from sync.cli.formats import Format, Output, summarize
from sync.cli.run_formats import Places, broken, reason
from sync.report import archive, audit, findings, history
from sync.report.audit import Found
from sync.report.audit_comment import audit_comment
from sync.report.findings import Finding, Level, Suite
from sync.report.gathered import Gathered
from sync.report.overview import Look
from sync.report.plain import indented
from sync.report.summary import Summary
from sync.report.terminal import rendered
from sync.report.words import count, value, visible


def from_folder(output: Output, folder: Path, found: Found) -> str:
    """An audit that has left its report."""
    if output.format in (None, Format.TEXT):
        return rendered(history.report(folder, Look(120, values=True)))
    return from_audit(output, found, archive.read_summary(folder), archive.gather(folder))


def from_audit(output: Output, found: Found, summary: Summary, gathered: Gathered) -> str:
    """An audit as its documents and its gathered lines have it."""
    match output.format:
        case Format.JSON:
            return indented(found) + "\n"
        case Format.MARKDOWN:
            return audit_comment(found, summary, gathered, values=output.values)
        case Format.GITHUB:
            summarize(audit_comment(found, summary, gathered, values=output.values))
            return findings.github(suites(found, summary, gathered, values=output.values))
        case Format.JUNIT:
            name = f"chartmogul-sync audit {found['run_id']}"
            return findings.junit(name, suites(found, summary, gathered, values=output.values))
    return rendered(history.audited(found, summary, gathered, Look(120, values=True)))


def suites(found: Found, summary: Summary, gathered: Gathered, *, values: bool) -> list[Suite]:
    """What differs, is missing or was rejected of each mapping, at its place in the mapping's file."""
    made = []
    for mapping, part in zip(found["mappings"], summary["mappings"], strict=True):
        place = Places(mapping["file"])
        told = [*broken(part, values=values), *_missing(mapping)]
        told += [
            _differs(name, one, place, values=values) for name, one in mapping["fields"].items()
        ]
        mine = (one for one in gathered.rejected() if one.mapping == mapping["mapping"])
        told += [reason(one, place, Level.ERROR, values=values) for one in mine]
        notices = audit.besides(mapping)
        told += [_note(line, mapping) for line in notices]
        made.append(Suite(mapping["mapping"], told, float(part["seconds"])))
    return made


def _missing(mapping: Found) -> abc.Iterator[Finding]:
    if missing := mapping["rows"]["missing"]:
        title = f"{count(missing, 'row')} missing in ChartMogul"
        text = "they have no record there; the next run creates them where the mapping's mode does"
        yield Finding(title, text, file=mapping["file"], line=1)


def _differs(name: str, one: Found, place: Places, *, values: bool) -> Finding:
    title = f"{count(one['different'], 'record')} {_verb(one['different'])}: {name}"
    lines = ["ChartMogul has another value than the row"]
    lines += [f"{number:,} of them {what}" for what, number in audit.whose(one)]
    if values:
        lines += [
            f"row {example['row']:,}, {example['key']}: ChartMogul has"
            f" {value(example['chartmogul'])}, the row {value(example['warehouse'])}"
            for example in one["examples"]
        ]
    text = "\n".join(visible(line, None) for line in lines)
    return Finding(title, text, file=place.file, line=place.line(name))


def _verb(number: int) -> str:
    return "differs" if number == 1 else "differ"


def _note(line: str, mapping: Found) -> Finding:
    return Finding("also found", line, Level.NOTICE, mapping["file"], 1)
