"""What a report is of, a run, a dry run, an undo or an audit, and the words that its page and Markdown have for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.report.summary import Summary


@dataclass(frozen=True, slots=True)
class Kind:
    """The words of one kind.

    `title` is what it is, `note` what nobody should miss, `changed` and `created` stand above changed fields and new
    records, `pairs` says what both values of a change are, `outcomes` are its words for the outcomes of rows where they
    are not those of a run, and `ended` says what exit code 1 means where that is not what it means of a run.
    """

    title: str
    note: str
    changed: str
    created: str
    pairs: str = ""
    ended: str = ""
    outcomes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_audit(self) -> bool:
        """Whether it is an audit, which lifts every rail and sends nothing."""
        return self is _AUDIT

    def outcome(self, name: str) -> str:
        """What an outcome is called."""
        return self.outcomes.get(name, name)


_RUN = Kind("Run", "", "What changed", "New records")
_DRY_RUN = Kind(
    "Dry run",
    "Nothing was written: this is what the next run would send.",
    "What would change",
    "Records to be created",
)
_AUDIT = Kind(
    "Audit",
    "Nothing was written: all rows were held against ChartMogul.",
    "What differs",
    "Missing in ChartMogul",
    "First is what ChartMogul has, then what the row says.",
    "a row is missing in ChartMogul, differs there, or was rejected",
    {"unchanged": "equal", "updated": "different", "created": "missing"},
)
_PUT_BACK = {"updated": "put back"}


def kind(summary: Summary, *, audited: bool) -> Kind:
    """The kind of a report, by its summary; `audited`: it is an audit's."""
    if audited:
        return _AUDIT
    undid = summary.get("undid")
    if undid is None:
        return _DRY_RUN if summary["dry_run"] else _RUN
    of = f"what run {undid} changed goes back to what was there before"
    if summary["dry_run"]:
        note = f"Nothing was written: this is what an undo would do, {of}."
        return Kind("Dry run of an undo", note, "What would be put back", "", outcomes=_PUT_BACK)
    return Kind("Undo", f"{of[0].upper()}{of[1:]}.", "What was put back", "", outcomes=_PUT_BACK)
