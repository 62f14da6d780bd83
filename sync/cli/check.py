"""`check`: everything that a run needs, asked for without writing anything."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from sync.allowance.opening import open_book
from sync.chartmogul.account import CUSTOM
from sync.chartmogul.client import Account, Client, DataSource
from sync.chartmogul.connection import open_http
from sync.chartmogul.transport import Transport
from sync.cli.config import prepare
from sync.cli.outside import now
from sync.cli.say import say, say_json
from sync.cli.waiting import telling
from sync.domain import instant, objects
from sync.domain.objects import Descriptor
from sync.domain.record import ATTRIBUTE, AttributeType
from sync.domain.typed import Typed
from sync.engine.account_guard import find_source, guard
from sync.engine.noted_types import explained
from sync.engine.paces import Paces
from sync.engine.read.query import MappingQuery
from sync.engine.read.thread import OneThread
from sync.errors import ConfigError, NoSource, SyncError, gravest
from sync.mapping.environment import API_KEY
from sync.mapping.loader import LoadedMapping
from sync.report.failure import errors_text
from sync.report.words import visible
from sync.settings import Settings
from sync.state.store import Store
from sync.transform.bind import bind
from sync.transform.build import RecordBuilder
from sync.transform.contract import Disagreement

_MERGES = (
    "{field} is mapped: accounts opened since May 2024 merge {plural} with the same domain by themselves,"
    " and what a merge overwrites is gone for good"
)
_UNGUARDED = (
    "nobody can tell whether the query only reads: only the user's rights keep it from writing"
)
_NOT_CUSTOM = (
    "the data source {source} is no custom one: {system} fills it, and may take back what is written here;"
    " make a custom data source for the warehouse"
)
#: Keys of fewer characters would be shown by half.
_LONG_KEY = 16
_NO_TIME = "{field}: column {column} holds dates without a time, which are midnight UTC: its timezone says nothing"


@dataclass(slots=True)
class Checked:
    """What was found out about one mapping."""

    loaded: LoadedMapping
    #: Whether a data source that it names is made where the account lacks it, and whether it was.
    create: bool = False
    made: bool = False
    account: Account | None = None
    source: DataSource | None = None
    columns: int = 0
    types: dict[str, Typed] = field(default_factory=dict)
    in_use: abc.Mapping[str, AttributeType] = field(default_factory=dict)
    problems: list[SyncError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def descriptor(self) -> Descriptor:
        """What the mapping's rows become."""
        return objects.of(self.loaded.mapping.destination.object)


def check(paths: abc.Sequence[Path], *, as_json: bool, create_data_source: bool = False) -> int:
    """Check mappings against the warehouse and ChartMogul; the exit code of the gravest problem, else 0.

    With `create_data_source` a data source that a mapping names and the account lacks is made.
    """
    settings, mappings = prepare(paths)
    checked = asyncio.run(_check_all(settings, mappings, create=create_data_source))
    if as_json:
        say_json([_as_json(one) for one in checked])
    else:
        for one in checked:
            say("\n".join(_as_text(one)))
    return gravest(error.exit_code for one in checked for error in one.problems)


async def _check_all(
    settings: Settings, mappings: abc.Sequence[LoadedMapping], *, create: bool
) -> list[Checked]:
    store = Store.open_read_only(settings.state_url)
    book = await asyncio.to_thread(open_book, settings.state_url)
    paces = Paces(settings, book, writes=False)
    try:
        return [await _check(settings, store, paces, Checked(one, create)) for one in mappings]
    finally:
        await paces.close()
        book.close()
        store.close()


async def _check(settings: Settings, store: Store, paces: Paces, checked: Checked) -> Checked:
    destination = checked.loaded.mapping.destination
    http = open_http(settings.api_url, destination.api_key, settings.timeout, settings.connections)
    async with http:
        client = Client(Transport(http, paces.of(None)))
        try:
            async with telling(settings, checked.loaded, "ChartMogul"):
                await _ask_chartmogul(checked, client, store, paces)
        except SyncError as error:
            checked.problems.append(error)
        try:
            async with telling(settings, checked.loaded, "the warehouse"):
                # Whoever interrupts does not wait for a driver that listens to its server for ever.
                running = asyncio.get_running_loop()
                problems = await running.run_in_executor(OneThread(), _ask_warehouse, checked)
            await _judge(checked, client, problems)
        except SyncError as error:
            checked.problems.append(error)
    checked.warnings += _merges(checked)
    return checked


def _merges(checked: Checked) -> abc.Iterator[str]:
    for name in checked.loaded.mapping.fields:
        if checked.descriptor.fields[name].merges:
            yield _MERGES.format(field=name, plural=checked.descriptor.plural)


async def _ask_chartmogul(checked: Checked, client: Client, store: Store, paces: Paces) -> None:
    destination = checked.loaded.mapping.destination
    checked.account = await client.account()
    guard(checked.loaded, checked.account)
    if checked.account.id:
        client = client.at(paces.of(checked.account.id))
    checked.source = await _find_source(checked, client)
    if checked.source.system not in (None, *CUSTOM):
        warning = _NOT_CUSTOM.format(source=checked.source.name, system=checked.source.system)
        checked.warnings.append(warning)
    account = checked.account.id or store.account_of(checked.source.uuid)
    if account is not None and checked.descriptor.locks_types:
        checked.in_use = store.types(account, destination.object)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The right to make a data source: somebody has asked for it, and no lease is of it yet."""

    def require(self) -> None:
        """It may be sent at any moment."""


async def _find_source(checked: Checked, client: Client) -> DataSource:
    """The mapping's data source; made, where it is named, missing and wanted."""
    try:
        return await find_source(checked.loaded, client)
    except NoSource:
        name = checked.loaded.mapping.destination.source_name
        if not checked.create or name is None:
            raise
    checked.made = True
    return await client.under(_Asked()).create_data_source(name)


def _ask_warehouse(checked: Checked) -> list[Disagreement]:
    """Fit the columns; where they have no types of their own, every row is read for its values."""
    query = MappingQuery.open(checked.loaded)
    if query.unguarded:
        checked.warnings.append(_UNGUARDED)
    with query.execute() as result:
        checked.columns = len(result.columns)
        builder = bind(checked.loaded, result.columns, now(), now)
        batches = result.batches()
        first = next(batches, [])
        checked.warnings += _dates(checked.loaded, builder, first)
        if builder.contract.found:
            for batch in chain([first], batches):
                for number, row in enumerate(batch, 1):
                    builder.build(number, row)
    checked.types, problems = builder.contract.settle(checked.in_use)
    silent = sorted(
        builder.contract.found.keys() - checked.types.keys() - {p.key for p in problems}
    )
    checked.warnings += [
        f"attribute {key} has no value in any row: it is not sent" for key in silent
    ]
    return problems


async def _judge(checked: Checked, client: Client, problems: list[Disagreement]) -> None:
    """Raise ConfigError where types disagree; what the state alone says of them is held against ChartMogul."""
    mapping = checked.loaded.mapping
    if checked.source is not None:
        source, name = checked.source.uuid, mapping.name
        problems = await explained(client, source, name, problems, checked.types, checked.in_use)
    if problems:
        at = checked.loaded.problem_at
        raise ConfigError(*(at(("source",), p.message, p.hint) for p in problems))


def _dates(
    loaded: LoadedMapping, builder: RecordBuilder, rows: abc.Sequence[abc.Sequence[Any]]
) -> abc.Iterator[str]:
    """Warnings of zones that say nothing: a date without a time is midnight UTC, whatever the zone."""
    mapping = loaded.mapping
    specs = {
        **mapping.fields,
        **{ATTRIBUTE + key: spec for key, spec in mapping.attributes.items()},
    }
    for slot in builder.slots:
        spec = specs.get(slot.field)
        if spec is None or not spec.timezone:
            continue
        if any(instant.is_pure_date(row[slot.index]) for row in rows):
            yield _NO_TIME.format(field=slot.field, column=slot.column)


def _as_text(checked: Checked) -> abc.Iterator[str]:
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
    for key, typed in sorted(checked.types.items()):
        yield f"  attribute    {visible(key)}: {typed.type} ({typed.origin}){_fate(checked, key)}"
    for warning in checked.warnings:
        yield f"  warning      {visible(warning)}"
    for problem in checked.problems:
        yield "  problem      " + errors_text(problem).replace("\n", "\n               ")
    yield "  ok" if not checked.problems else "  not ok"
    yield ""


def _key(checked: Checked) -> str:
    """The key's last characters, by which ChartMogul lists it, and the variable that holds it."""
    key = checked.loaded.mapping.destination.api_key.get_secret_value()
    variable = checked.loaded.variables_of("destination", "api_key") or API_KEY
    return f"{_masked(key)} ({variable})"


def _masked(key: str) -> str:
    return f"…{key[-4:]}" if len(key) >= _LONG_KEY else "…"


def _fate(checked: Checked, key: str) -> str:
    if not checked.descriptor.locks_types:
        return ""
    if checked.source is None:
        return "; whether it is in use is unknown, since ChartMogul was not read"
    if key in checked.in_use:
        there = checked.in_use[key]
        return (
            "; in use" if there is checked.types[key].type else f"; in use as {there}: a conflict"
        )
    return "; new: the first write locks this type for good"


def _as_json(checked: Checked) -> dict[str, Any]:
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
        "attributes": {
            key: {
                "type": typed.type.value,
                "from": typed.origin.value,
                "new": checked.source is not None and key not in checked.in_use,
            }
            for key, typed in sorted(checked.types.items())
        },
        "warnings": checked.warnings,
        "problems": [errors_text(problem) for problem in checked.problems],
    }
