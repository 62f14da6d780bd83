"""`preview`: what rows would become, without asking ChartMogul."""

from collections import abc
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sync.cli import failure, formats
from sync.cli.apart import apart
from sync.cli.environ import tell, variables, warnings
from sync.cli.formats import Format, Output, fail
from sync.cli.outside import now
from sync.cli.run_formats import Places, reason
from sync.cli.say import say_lines
from sync.domain import objects
from sync.domain.record import ATTRIBUTE, Record, Rejected
from sync.domain.typed import Typed
from sync.engine.read.known_types import KnownTypes
from sync.engine.read.query import MappingQuery
from sync.errors import ConfigError
from sync.mapping.loader import LoadedMapping, Need, load
from sync.report.findings import Level, Suite
from sync.report.gathered import Gathered
from sync.report.plain import dumps, plain
from sync.report.words import value, visible
from sync.transform.bind import bind
from sync.transform.build import RecordBuilder
from sync.transform.locking import locked

_TITLE = "chartmogul-sync preview"
_NEEDS = frozenset({Need.WAREHOUSE})


@dataclass(frozen=True, slots=True)
class Previewed:
    """The first rows of a mapping, built, and the types of the attributes as far as these rows tell."""

    loaded: LoadedMapping
    items: tuple[Record | Rejected, ...]
    types: abc.Mapping[str, Typed]


def preview(paths: abc.Sequence[Path], limit: int, output: Output | None = None) -> int:
    """Print what the first `limit` rows of each mapping become, rejected rows with their problems; 0."""
    output = output or Output()
    try:
        loaded = _load(paths)
        if not output.given or output.format in (None, Format.TEXT, Format.JSON):
            _print((_build(one, limit) for one in loaded), output)
            return 0
        suites = [_suite(_build(one, limit), values=output.values) for one in loaded]
    except ConfigError as error:
        fail(output, _TITLE, error, failure.document(error))
        raise
    output.write(formats.told(output, _TITLE, suites, None))
    return 0


def _print(found: abc.Iterable[Previewed], output: Output) -> None:
    """Line by line, on stdout as soon as it is there."""
    kept = []
    for previewed in found:
        for line in _as_json(previewed) if output.as_json else _as_text(previewed):
            if output.file is None:
                say_lines([line])
            else:
                kept.append(visible(line, None) + "\n")
    if output.file is not None:
        output.write("".join(kept))


def _suite(previewed: Previewed, *, values: bool) -> Suite:
    """The rows that would be rejected, by reason; their values only where that is asked for."""
    mapping, gathered = previewed.loaded.mapping.name, Gathered()
    rejected = [item for item in previewed.items if isinstance(item, Rejected)]
    gathered.add(mapping, rejected, now())
    place = Places(previewed.loaded.file)
    found = [reason(one, place, Level.ERROR, values=values) for one in gathered.rejected()]
    return Suite(mapping, found)


def _load(paths: abc.Sequence[Path]) -> list[LoadedMapping]:
    found = variables()
    try:
        return load(paths, found, _NEEDS)
    finally:
        tell(warnings(found, paths), found)


def _build(loaded: LoadedMapping, limit: int) -> Previewed:
    query = MappingQuery.open(loaded)
    return apart(partial(_read, loaded, query, limit), query.warehouse.cancel)


def _read(loaded: LoadedMapping, query: MappingQuery, limit: int) -> Previewed:
    with query.execute() as result:
        known = KnownTypes({}, locked(loaded), shown={})  # no state, and no ChartMogul
        builder = bind(loaded, result.columns, now(), now, known.of)
        rows = next(result.batches(limit), [])
    items = tuple(builder.build(number, row) for number, row in enumerate(rows, 1))
    return Previewed(loaded, items, _types(loaded, builder))


def _types(loaded: LoadedMapping, builder: RecordBuilder) -> dict[str, Typed]:
    types, problems = builder.contract.settle({})
    if problems:
        raise ConfigError(*(loaded.problem_at(("source",), p.message, p.hint) for p in problems))
    return types


def _as_json(previewed: Previewed) -> abc.Iterator[str]:
    for item in previewed.items:
        line: dict[str, Any] = {
            "format": 1,
            "mapping": previewed.loaded.mapping.name,
            "row": item.row,
            "key": plain(item.key),
        }
        match item:
            case Record():
                line["fields"] = {name: plain(v) for name, v in item.fields.items()}
                line["types"] = {key: typed.type.value for key, typed in previewed.types.items()}
            case Rejected():
                line["problems"] = [
                    {
                        "code": p.code,
                        "field": p.field,
                        "value": plain(p.value),
                        "message": p.message,
                        "hint": p.hint,
                    }
                    for p in item.problems
                ]
        yield dumps(line)


def _as_text(previewed: Previewed) -> abc.Iterator[str]:
    loaded, items = previewed.loaded, previewed.items
    rejected = sum(isinstance(item, Rejected) for item in items)
    plural = objects.of(loaded.mapping.destination.object).plural
    name, file = visible(loaded.mapping.name), visible(loaded.file)
    yield f"{name} ({file}): the first {len(items)} rows as {plural}, {rejected} rejected"
    for item in items:
        yield ""
        match item:
            case Record():
                yield f"row {item.row}: {visible(item.key)}"
                for name, content in item.fields.items():
                    yield f"    {visible(name)}: {_shown(name, content, previewed.types)}"
            case Rejected():
                yield f"row {item.row}: {visible(item.key or 'without a key')} would be rejected"
                for p in item.problems:
                    hint = f" ({visible(p.hint)})" if p.hint else ""
                    yield f"    {visible(p.field or 'row')}: {value(plain(p.value))}: {visible(p.message)}{hint}"
    yield ""


def _shown(name: str, content: Any, types: abc.Mapping[str, Typed]) -> str:
    if content is None:
        return "(emptied)"
    typed = types.get(name.removeprefix(ATTRIBUTE)) if name.startswith(ATTRIBUTE) else None
    return value(plain(content)) + (f"  [{typed.type}]" if typed else "")
