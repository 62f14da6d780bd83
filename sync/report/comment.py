"""A run as a comment in Markdown: counts, the riskiest changes first, what each field changes, why rows failed."""

from collections.abc import Iterator, Sequence

from sync.domain.tags import TAGS
from sync.report import codes
from sync.report.findings import plain_markdown as plain
from sync.report.gathered import Gathered, Group
from sync.report.kinds import kind
from sync.report.summary import Summary, ended, foreseen, lasted
from sync.report.tables import COUNTS
from sync.report.words import BROKEN_BY, amount, count, duration, unmet, value

#: A comment on GitHub takes 65,536 characters.
MOST = 60_000
_CUT = "\n*… and more: `chartmogul-sync report {run}` has all of it.*\n"
#: By this line a comment is found again, to be updated in place.
MARK = "<!-- chartmogul-sync -->"
#: An undo has another one: it takes the place of no run's comment.
MARK_OF_UNDO = "<!-- chartmogul-sync undo -->"
#: Examples of each group, where values are shown.
_EXAMPLES = 5


def comment(document: Summary, gathered: Gathered, *, values: bool) -> str:
    """The whole comment, of at most 60,000 characters; without `values` no value of a row and no key with an e-mail."""
    return fitted(_parts(document, gathered, values=values), document["run_id"])


def fitted(parts: Iterator[str], run: str) -> str:
    """The lines of a comment, as far as there is room, and where the rest is."""
    text, end = "", _CUT.format(run=run)
    for part in parts:
        if len(text) + len(part) + 1 > MOST - len(end):
            return text + end
        text += part + "\n"
    return text


def _parts(document: Summary, gathered: Gathered, *, values: bool) -> Iterator[str]:
    yield MARK_OF_UNDO if document.get("undid") else MARK
    yield f"### chartmogul-sync: {plain(_title(document))}"
    yield ""
    yield from _table(document["mappings"])
    yield from broken(document["mappings"], values=values)
    yield from _lifted(document["mappings"])
    yield from _not_put_back(document["mappings"])
    yield from _unmet(document["mappings"])
    yield from _risks(document["mappings"], gathered.changes())
    yield from _fields(document, gathered, values=values)
    yield from rejected_rows(gathered.rejected(), values=values)
    yield from _warnings(gathered.warnings())
    yield from cost(document, done=not document["dry_run"])


def _title(document: Summary) -> str:
    where = f" in {document['environment']}" if document.get("environment") else ""
    what = kind(document, audited=False).title.lower()
    of = f" of {document['undid']}" if document.get("undid") else ""
    sent = ", nothing was sent" if document["dry_run"] else ""
    return f"{what}{of}{where}{sent}, {ended(document)} (exit code {document['exit_code']})"


def _table(mappings: Sequence[Summary]) -> Iterator[str]:
    names = [
        name for name in COUNTS if name != "unprocessed" or any(m["rows"][name] for m in mappings)
    ]
    yield f"| mapping | {' | '.join(names)} | new | mended |"
    yield f"| --- |{' ---: |' * (len(names) + 2)}"
    for mapping in mappings:
        rows = [f"{mapping['rows'][name]:,}" for name in names]
        news = [f"{mapping.get(name) or 0:,}" for name in ("rejected_new", "mended")]
        yield f"| {plain(mapping['mapping'])} | {' | '.join([*rows, *news])} |"


_REASONS = {
    **BROKEN_BY,
    "lease": "the same records are being written elsewhere",
    "signal": "it was interrupted",
}


def said(mapping: Summary, *, values: bool) -> str:
    """Why a mapping broke off; the words of a database, or of ChartMogul, only with `values`: they may quote a row."""
    reason = _REASONS.get(mapping.get("reason") or "")
    return mapping["error"] if values or reason is None else f"{reason}; its report has the words"


def broken(mappings: Sequence[Summary], *, values: bool) -> Iterator[str]:
    """Which mappings broke off, and why."""
    for mapping in mappings:
        if mapping["error"]:
            yield ""
            yield f"**{plain(mapping['mapping'])}** {ended(mapping)}: {plain(said(mapping, values=values))}"


def _lifted(mappings: Sequence[Summary]) -> Iterator[str]:
    for mapping in mappings:
        if mapping.get("overridden"):
            yield ""
            yield f"**{plain(mapping['mapping'])}**: lifted for this run: {plain(', '.join(mapping['overridden']))}"


def _not_put_back(mappings: Sequence[Summary]) -> Iterator[str]:
    """What an undo leaves as it is: keys with an e-mail are hashes in it."""
    lost = [(one["mapping"], what) for one in mappings for what in one.get("not_put_back") or ()]
    if lost:
        yield ""
        yield "#### Cannot be put back"
        yield ""
        yield from (f"- {plain(mapping)}: {plain(what)}" for mapping, what in lost)


def _unmet(mappings: Sequence[Summary]) -> Iterator[str]:
    for mapping in mappings:
        if lines := mapping.get("unmet"):
            yield ""
            yield f"**{plain(mapping['mapping'])}**: {unmet(lines)}"


def _risks(mappings: Sequence[Summary], changes: Sequence[Group]) -> Iterator[str]:
    found = [*_locks(mappings), *_clears(changes), *_money(mappings)]
    if found:
        yield ""
        yield "#### Riskiest changes"
        yield ""
        yield from found


def _locks(mappings: Sequence[Summary]) -> Iterator[str]:
    for mapping in mappings:
        for key, type_ in (mapping.get("new_types") or {}).items():
            yield f"- **locks a type for good**: {plain(mapping['mapping'])}, attribute {plain(key)}: {type_}"


def _clears(changes: Sequence[Group]) -> Iterator[str]:
    for group in changes:
        if group.cleared:
            cleared = count(group.cleared, "record")
            verb = "removes" if group.about == TAGS else "empties"
            yield f"- **{verb}** {plain(group.about or '')} of {cleared} ({plain(group.mapping)})"


def _money(mappings: Sequence[Summary]) -> Iterator[str]:
    for mapping in mappings:
        if (money := mapping.get("mrr")) and (money["sum_cents"] or not money["known"]):
            known = f"{money['known']:,} of {money['of']:,} customers known"
            touched = amount(money["sum_cents"]) if money["known"] else "unknown"
            yield f"- MRR touched by {plain(mapping['mapping'])}: {touched} ({known})"


def _fields(document: Summary, gathered: Gathered, *, values: bool) -> Iterator[str]:
    groups = gathered.changes()
    if not groups and not gathered.created():
        return
    yield ""
    undo = kind(document, audited=False).changed if document.get("undid") else ""
    yield f"#### {undo or 'What changes'}"
    yield ""
    for group in gathered.created():
        yield f"- {plain(group.mapping)}: {count(group.count, 'record')} created"
    if not groups:
        return
    yield ""
    yield "| mapping | field | records | emptied | changed | filled |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for group in groups:
        numbers = (group.count, group.cleared, group.changed, group.filled)
        about = f"{plain(group.mapping)} | {plain(group.about or '')}"
        yield f"| {about} | {' | '.join(f'{number:,}' for number in numbers)} |"
    if values:
        yield from _examples(groups)


def _examples(groups: Sequence[Group]) -> Iterator[str]:
    yield ""
    for group in groups:
        for row in group.rows[:_EXAMPLES]:
            before = value(row[2]) if row[4] else "(unknown)"
            key = plain(row[1] or "without a key")
            yield f"- {plain(group.about or '')} of {key}: {plain(before)} → {plain(value(row[3]))}"


def rejected_rows(groups: Sequence[Group], *, values: bool) -> Iterator[str]:
    """Why rows were rejected, by reason; with `values` some of them."""
    if not groups:
        return
    yield ""
    yield "#### Rejected rows"
    yield ""
    yield "| mapping | reason | field | rows | new | what it means |"
    yield "| --- | --- | --- | ---: | ---: | --- |"
    for group in groups:
        numbers = f"{group.count:,} | {group.new:,}"
        about = f"{plain(group.mapping)} | {plain(group.code)} | {plain(group.about or '')}"
        yield f"| {about} | {numbers} | {plain(meaning(group.code))} |"
    for group in groups if values else ():
        yield from _rejected_examples(group)


def _rejected_examples(group: Group) -> Iterator[str]:
    yield ""
    for row in group.rows[:_EXAMPLES]:
        key, shown = plain(row[1] or "without a key"), plain(value(row[4]))
        message = plain(row[5] or group.message)
        yield f"- row {row[0]:,}, {key}: {plain(group.about or group.code)} {shown}: {message}"


def _warnings(groups: Sequence[Group]) -> Iterator[str]:
    if not groups:
        return
    yield ""
    yield "#### Warnings"
    yield ""
    for group in groups:
        about = f" in {plain(group.about)}" if group.about else ""
        rows = count(group.count, "row")
        yield f"- {plain(group.mapping)}: {rows}, {plain(group.code)}{about}: {plain(meaning(group.code))}"


def meaning(code: str) -> str:
    """What a code means, in words of ours: messages may quote a row."""
    found = codes.find(code)
    return found.means if found else ""


def cost(document: Summary, *, done: bool) -> Iterator[str]:
    """Requests and time that it took, or that the real run would take."""
    yield ""
    if not done:
        yield f"The real run would take {foreseen(document)}."
        return
    requests = sum(mapping["requests"]["total"] for mapping in document["mappings"])
    took = lasted(document)
    about = "" if took is None else f" in {duration(took)}"
    yield f"{count(requests, 'request')}{about}."
