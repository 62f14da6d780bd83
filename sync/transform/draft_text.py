"""A drafted mapping as a YAML file with comments."""

import re
from collections import abc
from dataclasses import dataclass, field
from typing import Any

from sync.domain.objects import Descriptor
from sync.transform.declaration import declaration, option, scalar
from sync.transform.draft import Draft


@dataclass(frozen=True, slots=True)
class Whence:
    """Where rows come from: a table as the warehouse names it, and what its driver is told, with `${…}`.

    `dbt`: what the table is called in dbt, and the manifest that says so.
    """

    table: str
    options: abc.Mapping[str, Any] = field(default_factory=dict)
    dbt: tuple[str, str] | None = None


def draft_text(made: Draft, whence: Whence, schema: str) -> str:
    """The file; `schema` is where editors find the JSON Schema."""
    head = _head(made, whence, schema)
    parts = (*head, *_fields(made), *_attributes(made), *_rest(made))
    return "\n".join(parts) + "\n"


def _head(made: Draft, whence: Whence, schema: str) -> abc.Iterator[str]:
    yield f"# yaml-language-server: $schema={schema}"
    yield f"# A first mapping of {_comment(whence.table)}. Read it, take out what ChartMogul need not know, then:"
    yield "#   chartmogul-sync preview    and    chartmogul-sync run --dry-run"
    yield "version: 1"
    yield "source:"
    yield f"  table: {scalar(whence.table)}"
    if whence.options:
        yield "  options:"
        yield from (option(name, value) for name, value in whence.options.items())
    if (dbt := whence.dbt) is not None:
        yield "  # By its name in dbt, in place of table; then dbt_fresh_within and dbt_tests can stop the mapping:"
        yield f"  # dbt_model: {scalar(dbt[0])}"
        yield f"  # dbt_manifest: {scalar(dbt[1])}"
    yield "destination:"
    yield f"  object: {made.descriptor.object.value}"
    yield "  data_source: ${CHARTMOGUL_DATA_SOURCE}"


def _fields(made: Draft) -> abc.Iterator[str]:
    descriptor = made.descriptor
    yield "fields:"
    for name in (name for name in descriptor.fields if name in made.fields):
        if name in made.doubts:
            yield f"  # Check this: {_comment(made.doubts[name])}."
        yield f"  {name}: {scalar(made.fields[name])}"
    if spare := _spare(descriptor, made):
        yield f"  # Not found: {', '.join(spare)}."
    merging = [name for name, field in descriptor.fields.items() if field.merges]
    if merging and merging[0] not in made.fields:
        yield f"  # {merging[0]} is left out on purpose: new accounts merge customers of one domain, for good."


def _spare(descriptor: Descriptor, made: Draft) -> list[str]:
    fields = descriptor.fields.items()
    return [name for name, field in fields if name not in made.fields and not field.merges]


def _attributes(made: Draft) -> abc.Iterator[str]:
    if not made.attributes:
        return
    if made.descriptor.locks_types:
        yield "# ChartMogul locks each type at its first write, for good, for the whole account: see that it is right."
    else:
        yield "# ChartMogul takes only attributes of contacts that are defined in its app; others it drops."
    yield "attributes:"
    for key, (column, kind) in made.attributes.items():
        yield declaration(key, column, kind)


def _rest(made: Draft) -> abc.Iterator[str]:
    yield "# A column that the table gets later stays out until it is named here; attributes would send every column."
    yield "extra_columns: ignore"
    if made.ignored:
        yield "ignore_columns:"
        for column, reason in made.ignored.items():
            yield f"  - {scalar(_literal(column))}  # {reason}"


def _literal(column: str) -> str:
    """A name as the glob that matches nothing else."""
    return re.sub(r"([*?\[])", r"[\1]", column)


def _comment(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
