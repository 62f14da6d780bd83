"""What the functions return: the values of `summary.json`, and what `--format json` prints, as frozen dataclasses.

Fields have the names that they have there; times are texts in UTC, durations seconds. Maps are not to be changed.
"""

from collections import abc
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows of a mapping ended how."""

    read: int
    created: int
    updated: int
    unchanged: int
    skipped: int
    rejected: int
    unprocessed: int


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of a mapping, by method: those that are left out of the summary are 0."""

    total: int
    retried: int
    throttled: int
    GET: int = 0
    POST: int = 0
    PATCH: int = 0
    DELETE: int = 0


@dataclass(frozen=True, slots=True)
class Revenue:
    """The MRR of touched customers: known of so many `of` them, and of the `largest` key and cents."""

    known: int
    of: int
    sum_cents: int
    largest: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the real run would take, as a dry run found."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class MappingRun:
    """One mapping's part of a run."""

    mapping: str
    file: str
    object: str | None
    mode: str
    data_source: str
    account: str | None
    status: str | None
    error: str | None
    reason: str | None
    warnings: int
    left: int
    seconds: float
    rows: Rows
    requests: Requests
    rejected_new: int
    mended: int
    rejected_by_code: abc.Mapping[str, int]
    undone: int
    known_drops: abc.Mapping[str, int]
    overridden: tuple[str, ...]
    mrr: Revenue | None
    new_types: abc.Mapping[str, str]
    not_retried: int
    unmet: int
    not_put_back: tuple[str, ...]
    estimate: Estimate | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run, as `summary.json` has it. `exit_code` is what the command would end with."""

    format: int
    tool: str
    run_id: str
    dry_run: bool
    started_at: str
    finished_at: str | None
    status: str | None
    exit_code: int
    environment: str | None
    undid: str | None
    mappings: tuple[MappingRun, ...]


@dataclass(frozen=True, slots=True)
class ValidMapping:
    """A mapping whose file is well."""

    mapping: str
    file: str
    object: str
    mode: str
    fields: tuple[str, ...]
    attributes: tuple[str, ...]
    enabled: bool


@dataclass(frozen=True, slots=True)
class Validation:
    """What `validate` found: files that are not well are a ConfigError, so there are no `problems`."""

    format: int
    exit_code: int
    mappings: tuple[ValidMapping, ...]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedAttribute:
    """An attribute's type, where that comes `from_`, and whether the first write would lock it."""

    type: str
    from_: str
    new: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """In how many rows something odd was seen, and the first of them."""

    count: int
    row: int


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """What all rows showed, by column and by what is odd."""

    rows: int
    columns: abc.Mapping[str, abc.Mapping[str, Seen]]


@dataclass(frozen=True, slots=True)
class CheckedMapping:
    """What `check` found out about a mapping; one without `problems` may run."""

    format: int
    mapping: str
    file: str
    account: str | None
    account_id: str | None
    api_key: str
    access: str | None
    data_source: str | None
    data_source_made: bool
    columns: int
    fingerprints: str | None
    attributes: abc.Mapping[str, CheckedAttribute]
    all_rows: CheckedRows | None
    lock_file: str | None
    lock_added: tuple[str, ...]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]


_Plain = dict[str, Any]


def run_of(document: _Plain) -> Run:
    """A run out of its summary."""
    return Run(**{**document, "mappings": tuple(map(_mapping, document["mappings"]))})


def _mapping(plain: _Plain) -> MappingRun:
    made = {
        "rows": Rows(**plain["rows"]),
        "requests": Requests(**plain["requests"]),
        "overridden": tuple(plain["overridden"]),
        "not_put_back": tuple(plain["not_put_back"]),
        "mrr": plain["mrr"] and _revenue(plain["mrr"]),
        "estimate": plain["estimate"] and Estimate(**plain["estimate"]),
    }
    return MappingRun(**{**plain, **made})


def _revenue(plain: _Plain) -> Revenue:
    return Revenue(**{**plain, "largest": tuple((key, cents) for key, cents in plain["largest"])})


def validation_of(document: _Plain) -> Validation:
    """What `validate` prints."""
    return Validation(
        **{
            **document,
            "mappings": tuple(ValidMapping(**_tuples(one)) for one in document["mappings"]),
            "warnings": tuple(document["warnings"]),
            "problems": tuple(document["problems"]),
        }
    )


def checked_of(document: _Plain) -> CheckedMapping:
    """What `check` prints of a mapping."""
    found = document["attributes"].items()
    attributes = {key: CheckedAttribute(one["type"], one["from"], one["new"]) for key, one in found}
    made = {"attributes": attributes, "all_rows": document["all_rows"] and _rows(document)}
    return CheckedMapping(**{**_tuples(document), **made})


def _rows(document: _Plain) -> CheckedRows:
    columns = {
        column: {concern: Seen(**seen) for concern, seen in found.items()}
        for column, found in document["all_rows"]["columns"].items()
    }
    return CheckedRows(document["all_rows"]["rows"], columns)


def _tuples(plain: _Plain) -> _Plain:
    """The same, with its lists frozen."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()
    }
