"""An audit as a comment in Markdown: counts, which fields differ, what is missing or too many, why rows failed."""

from collections.abc import Iterator

from sync.report import comment
from sync.report.audit import Found, besides, has_differences, whose
from sync.report.findings import plain_markdown as plain
from sync.report.gathered import Gathered
from sync.report.summary import Summary, ended
from sync.report.words import value

#: By this line a comment is found again; a run's has another one, so that neither takes the other's place.
MARK = "<!-- chartmogul-sync audit -->"
_UNKNOWN = "unknown"


def audit_comment(found: Found, summary: Summary, gathered: Gathered, *, values: bool) -> str:
    """The whole comment, of at most 60,000 characters; without `values` no value of a row and no key with an e-mail."""
    parts = _parts(found, summary, gathered, values=values)
    return comment.fitted(parts, found["run_id"])


def _parts(found: Found, summary: Summary, gathered: Gathered, *, values: bool) -> Iterator[str]:
    yield MARK
    yield f"### chartmogul-sync: {plain(_title(found, summary))}"
    yield ""
    yield from _table(found["mappings"])
    yield from comment.broken(summary["mappings"], values=values)
    yield from _fields(found["mappings"], values=values)
    yield from _besides(found["mappings"])
    yield from comment.rejected_rows(gathered.rejected(), values=values)
    yield from comment.cost(summary, done=True)


def _title(found: Found, summary: Summary) -> str:
    where = f" in {summary['environment']}" if summary.get("environment") else ""
    how = ended(found, differs=has_differences(found))
    return f"audit{where}, nothing was sent, {how} (exit code {found['exit_code']})"


def _table(mappings: list[Found]) -> Iterator[str]:
    names = list(mappings[0]["rows"])
    yield f"| mapping | {' | '.join(names)} | in no row | twice |"
    yield f"| --- |{' ---: |' * (len(names) + 2)}"
    for mapping in mappings:
        numbers = [*mapping["rows"].values(), mapping["extra"], mapping["duplicates"]]
        cells = (_UNKNOWN if number is None else f"{number:,}" for number in numbers)
        yield f"| {plain(mapping['mapping'])} | {' | '.join(cells)} |"


def _fields(mappings: list[Found], *, values: bool) -> Iterator[str]:
    groups = [
        (one["mapping"], name, field) for one in mappings for name, field in one["fields"].items()
    ]
    if not groups:
        return
    yield ""
    yield "#### What differs"
    yield ""
    yield "| mapping | field | records | edited by others |"
    yield "| --- | --- | ---: | ---: |"
    for mapping, name, field in groups:
        yield f"| {plain(mapping)} | {plain(name)} | {field['different']:,} | {field['edited']:,} |"
    yield from _left(groups)
    if values:
        yield ""
        for _, name, field in groups:
            yield from (_example(name, one) for one in field["examples"])


def _left(groups: list[tuple[str, str, Found]]) -> Iterator[str]:
    """What no run will change, by field: besides edits, which the table has."""
    lines = [
        f"- {plain(mapping)}, {plain(name)}: {number:,} of them {what}"
        for mapping, name, field in groups
        for what, number in whose({**field, "edited": 0})
    ]
    if lines:
        yield ""
        yield from lines


def _example(name: str, one: Found) -> str:
    how = "".join(f", {what}" for what, _ in whose(one))
    shown, wanted = plain(value(one["chartmogul"])), plain(value(one["warehouse"]))
    about = f"{plain(name)} of {plain(one['key'])} (row {one['row']:,}{how})"
    return f"- {about}: ChartMogul has {shown}, the row {wanted}"


def _besides(mappings: list[Found]) -> Iterator[str]:
    lines = [
        f"- {plain(one['mapping'])}: {plain(line)}" for one in mappings for line in besides(one)
    ]
    if lines:
        yield ""
        yield from lines
