"""A run in the format that was asked for: `run` prints it at its end, and `report` the same afterwards."""

from collections import abc
from contextlib import suppress
from pathlib import Path

from sync.cli.formats import Format, Output, summarize
from sync.errors import ConfigError
from sync.mapping.yaml import parse_as_far_as_possible
from sync.report import archive, codes, findings, history
from sync.report.comment import comment, meaning, said
from sync.report.findings import Finding, Level, Suite
from sync.report.gathered import Gathered, Group
from sync.report.overview import Look, keep
from sync.report.preview import ROWS
from sync.report.summary import Summary, dumps, ended
from sync.report.terminal import rendered
from sync.report.words import count, unmet, visible

#: Values and examples of a finding.
_EXAMPLES = 5


class Places:
    """Where a mapping's file says something of a field; its first line where it says nothing, or is gone."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._document = None
        with suppress(OSError, UnicodeDecodeError, ConfigError):
            self._document = parse_as_far_as_possible(Path(file).read_text(encoding="utf-8"), file)

    def line(self, field: str | None) -> int:
        """The line of a field, or of what feeds it."""
        if self._document is None:
            return 1
        key = (field or "").removeprefix("attributes.")
        group = "attributes" if (field or "").startswith("attributes.") else "fields"
        for path in ((group, key), ("source",)):
            with suppress(KeyError, ValueError, IndexError, TypeError):
                if self._document.node(path) is not None:
                    return self._document.problem(path, "").line or 1
        return 1


def from_folder(output: Output, folder: Path, rows: int = ROWS, *, values: bool = True) -> str:
    """A run that has left its report; `values`: as text it shows values of rows."""
    if output.format in (None, Format.TEXT):
        look = Look(120, values, keep if values else _hide)
        return rendered(history.report(folder, look, rows))
    document = archive.read_summary(folder)
    if output.as_json:
        return dumps(document) + "\n"
    return from_summary(output, document, archive.gather(folder))


def _hide(_: str) -> str:
    return "a key with an e-mail"


def from_summary(output: Output, document: Summary, gathered: Gathered) -> str:
    """A run as its summary and its gathered lines have it."""
    match output.format:
        case Format.JSON:
            return dumps(document) + "\n"
        case Format.MARKDOWN:
            return comment(document, gathered, values=output.values)
        case Format.GITHUB:
            summarize(comment(document, gathered, values=output.values))
            return findings.github(suites(document, gathered, values=output.values))
        case Format.JUNIT:
            name = f"chartmogul-sync {document['run_id']}"
            return findings.junit(name, suites(document, gathered, values=output.values))
    return ""


def suites(document: Summary, gathered: Gathered, *, values: bool) -> list[Suite]:
    """What was wrong with each mapping, at its place in the mapping's file."""
    made = []
    for mapping in document["mappings"]:
        found = [*broken(mapping, values=values), *_not_put_back(mapping), *_unmet(mapping)]
        place = Places(mapping["file"])
        mine = (one for one in gathered.rejected() if one.mapping == mapping["mapping"])
        found += [reason(one, place, Level.ERROR, values=values) for one in mine]
        warned = (one for one in gathered.warnings() if one.mapping == mapping["mapping"])
        found += [reason(one, place, Level.WARNING, values=values) for one in warned]
        made.append(Suite(mapping["mapping"], found, float(mapping["seconds"])))
    return made


def broken(mapping: Summary, *, values: bool) -> abc.Iterator[Finding]:
    """Why a mapping broke off; nothing where it did not."""
    if mapping["error"]:
        title = f"{mapping['mapping']} {ended(mapping)}"
        yield Finding(title, said(mapping, values=values), file=mapping["file"], line=1)


def _not_put_back(mapping: Summary) -> abc.Iterator[Finding]:
    for what in mapping.get("not_put_back") or ():
        yield Finding("cannot be put back", what, Level.WARNING, mapping["file"], 1)


def _unmet(mapping: Summary) -> abc.Iterator[Finding]:
    if lines := mapping.get("unmet"):
        yield Finding("the plan does not fit any more", unmet(lines), file=mapping["file"], line=1)


def reason(group: Group, place: Places, level: Level, *, values: bool) -> Finding:
    """Why rows were rejected, or warned of, at the place of their field; with `values` some keys and messages."""
    about = f" in {group.about}" if group.about else ""
    what = "rejected" if level is Level.ERROR else "warned of"
    title = f"{count(group.count, 'row')} {what}: {group.code}{about}"
    code = codes.find(group.code)
    parts = [meaning(group.code), code.cure if code else ""]
    if values:
        rows = group.rows[:_EXAMPLES]
        found = group.commonest(_EXAMPLES) if group.about else []
        shown = ", ".join(f"{number:,} × {value or '(empty)'}" for value, number in found)
        keys = ", ".join(row[1] or "without a key" for row in rows)
        parts = [
            group.message,
            shown,
            f"rows {', '.join(str(row[0]) for row in rows)} ({keys})",
            group.hint,
        ]
    # A value may hold line ends of its own, which begin no line here.
    text = "\n".join(visible(part, None) for part in parts if part)
    return Finding(title, text, level, place.file, place.line(group.about))
