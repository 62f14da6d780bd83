"""What `check` found out about a mapping, for people and as JSON."""

from collections import abc
from dataclasses import dataclass, field, replace
from typing import Any

from sync.chartmogul.client import Account, DataSource
from sync.cli.formats import problem_suites
from sync.domain import objects
from sync.domain.objects import Descriptor
from sync.domain.record import AttributeType
from sync.domain.typed import Typed
from sync.errors import SyncError
from sync.mapping.loader import LoadedMapping
from sync.report.failure import errors_text, pasted
from sync.report.findings import Finding, Level, Suite
from sync.report.words import visible
from sync.transform.scrutiny import Concern, Scrutiny

#: Keys of fewer characters would be shown by half.
_LONG_KEY = 16


@dataclass(slots=True)
class Checked:
    """What was found out about one mapping."""

    loaded: LoadedMapping
    #: Whether a data source that it names is made where the account lacks it, and whether it was.
    create: bool = False
    made: bool = False
    #: Whether its types are written into the lock file.
    accepting: bool = False
    account: Account | None = None
    source: DataSource | None = None
    columns: int = 0
    types: dict[str, Typed] = field(default_factory=dict)
    in_use: abc.Mapping[str, AttributeType] = field(default_factory=dict)
    problems: list[SyncError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    #: Whether every row is looked at, and what that showed.
    all_rows: bool = field(default=False, init=False)
    scrutiny: Scrutiny | None = field(default=None, init=False)
    #: Whether the warehouse can compare, and what that costs; None where the mapping does not ask for it.
    fingerprints: str | None = field(default=None, init=False)
    #: The lock file that its types were written into, and those of them that were new to it.
    lock_file: str | None = field(default=None, init=False)
    lock_added: list[str] = field(default_factory=list, init=False)

    @property
    def descriptor(self) -> Descriptor:
        """What the mapping's rows become."""
        return objects.of(self.loaded.mapping.destination.object)


def suite_of(checked: Checked) -> Suite:
    """What was found out about one mapping, at its lines."""
    file, found = checked.loaded.file, list[Finding]()
    for error in checked.problems:
        suites = problem_suites(error)
        found += [replace(one, file=one.file or file) for suite in suites for one in suite.findings]
    for warning in checked.warnings:
        found.append(Finding("warning", warning, Level.WARNING, file, 1))
    return Suite(checked.loaded.mapping.name, found)


def as_text(checked: Checked) -> abc.Iterator[str]:
    mapping = checked.loaded.mapping
    plural = checked.descriptor.plural
    yield f"{visible(mapping.name)} ({visible(checked.loaded.file)}) → {plural}, {mapping.mode.value}"
    if checked.account is not None:
        number = f", id {visible(checked.account.id)}" if checked.account.id else ""
        shown = f"{visible(checked.account.name)} ({visible(checked.account.currency)}{number})"
        yield f"  account      {shown}"
        yield f"  key          {_key(checked)}: reads; ChartMogul does not say whether it may write"
    if checked.source is not None:
        system = f", {visible(checked.source.system)}" if checked.source.system else ""
        made = ", made just now" if checked.made else ""
        yield f"  data source  {visible(checked.source.name)} ({checked.source.uuid}{system}){made}"
    if checked.columns:
        yield f"  query        {checked.columns} columns"
    if checked.fingerprints is not None:
        yield f"  fingerprints {checked.fingerprints}"
    for key, typed in sorted(checked.types.items()):
        yield f"  attribute    {visible(key)}: {typed.type} ({typed.origin}){_fate(checked, key)}"
    if checked.scrutiny is not None:
        yield from _seen_in_rows(checked.scrutiny)
    if checked.lock_file is not None:
        added = ", ".join(map(visible, checked.lock_added)) or "nothing"
        yield f"  lock file    {visible(checked.lock_file)}: {added} added"
    for warning in checked.warnings:
        yield f"  warning      {visible(warning)}"
    for problem in checked.problems:
        yield "  problem      " + errors_text(problem, paste=False).replace("\n", "\n" + " " * 15)
    yield "  ok" if not checked.problems else "  not ok"
    yield ""
    for problem in checked.problems:
        for lines in pasted(problem):
            yield lines + "\n"


#: What is said of a column's values, by concern.
_CONCERNS = {
    Concern.TOO_LONG: "longer than 255 characters",
    Concern.LOSES_DIGITS: "of more digits than a double keeps",
    Concern.FLOAT: "of floating point",
    Concern.NO_ZONE: "times without a zone",
    Concern.UNKNOWN_COUNTRY: "no country's code",
    Concern.UNKNOWN_STATE: "no state of the US",
    Concern.UNSEEN: "with white space at an end or an invisible character",
    Concern.NEAR_KEYS: "groups of keys that differ only in case, white space or invisible characters",
    Concern.SUGGESTED_TYPE: "that only suggest the type of the attribute",
}


def _seen_in_rows(scrutiny: Scrutiny) -> abc.Iterator[str]:
    yield f"  all rows     {scrutiny.rows:,} read"
    for (column, concern), tally in sorted(scrutiny.found.items()):
        said = f"{tally.count:,} {_CONCERNS[concern]}, first in row {tally.row:,}"
        yield f"               {visible(column)}: {said}"


def _rows_as_json(scrutiny: Scrutiny) -> dict[str, Any]:
    columns: dict[str, dict[str, dict[str, int]]] = {}
    for (column, concern), tally in sorted(scrutiny.found.items()):
        columns.setdefault(column, {})[concern.value] = {"count": tally.count, "row": tally.row}
    return {"rows": scrutiny.rows, "columns": columns}


def _key(checked: Checked) -> str:
    """The key's last characters, by which ChartMogul lists it, and the variable that holds it."""
    key = checked.loaded.mapping.destination.api_key.get_secret_value()
    variable = checked.loaded.key_variable
    return f"{_masked(key)} ({variable})"


def _masked(key: str) -> str:
    return f"…{key[-4:]}" if len(key) >= _LONG_KEY else "…"


def _fate(checked: Checked, key: str) -> str:
    if not checked.descriptor.locks_types:
        return f"; dropped, unless the ChartMogul app defines it for {checked.descriptor.plural}"
    if checked.source is None:
        return "; whether it is in use is unknown, since ChartMogul was not read"
    if checked.types[key].suggested and not checked.accepting:
        return "; only suggested: no run locks it"
    if key in checked.in_use:
        there = checked.in_use[key]
        return (
            "; in use" if there is checked.types[key].type else f"; in use as {there}: a conflict"
        )
    return "; new: the first write locks this type for good"


def as_json_value(checked: Checked) -> dict[str, Any]:
    mapping = checked.loaded.mapping
    return {
        "format": 1,
        "mapping": mapping.name,
        "file": checked.loaded.file,
        "account": checked.account and checked.account.name,
        "account_id": checked.account and checked.account.id,
        "api_key": _masked(mapping.destination.api_key.get_secret_value()),
        "access": None if checked.account is None else "reads",
        "data_source": checked.source.uuid if checked.source else mapping.destination.uuid,
        "data_source_made": checked.made,
        "columns": checked.columns,
        "fingerprints": checked.fingerprints,
        "attributes": {
            key: {
                "type": typed.type.value,
                "from": typed.origin.value,
                "new": checked.source is not None and key not in checked.in_use,
            }
            for key, typed in sorted(checked.types.items())
        },
        "all_rows": checked.scrutiny and _rows_as_json(checked.scrutiny),
        "lock_file": checked.lock_file or (checked.loaded.lock and checked.loaded.lock.file),
        "lock_added": checked.lock_added,
        "warnings": checked.warnings,
        "problems": [errors_text(problem) for problem in checked.problems],
    }
