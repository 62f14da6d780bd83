"""`check`: everything that a run needs, asked for without writing anything."""

import asyncio
import time
from collections import abc
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.allowance.opening import open_book
from sync.chartmogul.account import CUSTOM
from sync.chartmogul.client import Client, DataSource
from sync.chartmogul.connection import open_http
from sync.chartmogul.health import Health
from sync.chartmogul.transport import Transport
from sync.cli import failure, formats
from sync.cli.checked import Checked, as_json_value, as_text, suite_of
from sync.cli.config import prepare
from sync.cli.formats import Output, fail
from sync.cli.outside import now
from sync.cli.say import say_lines
from sync.cli.waiting import telling
from sync.cli.write_lock import write_locks
from sync.domain import instant
from sync.domain.policy import ReadBy
from sync.domain.record import ATTRIBUTE
from sync.engine.account_guard import find_source, guard, in_state, without_id
from sync.engine.noted_types import explained, with_known
from sync.engine.paces import Paces
from sync.engine.read.known_types import KnownTypes
from sync.engine.read.query import MappingQuery
from sync.engine.read.scrutinize import scrutinize
from sync.engine.read.thread import OneThread
from sync.engine.read.worth import worth
from sync.errors import ConfigError, NoSource, SyncError, gravest
from sync.mapping.loader import LoadedMapping
from sync.settings import Settings
from sync.state.store import Store
from sync.transform.bind import bind
from sync.transform.build import RecordBuilder
from sync.transform.contract import Disagreement, TypesOf
from sync.transform.ignored import idle
from sync.transform.locking import locked, objections

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

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
_TITLE = "chartmogul-sync check"
_NO_TIME = "{field}: column {column} holds dates without a time, which are midnight UTC: its timezone says nothing"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done besides: make data sources that are named and missing, write lock files, look at all rows."""

    create_data_source: bool = False
    write_lock: bool = False
    all_rows: bool = False


def check(
    paths: abc.Sequence[Path], output: Output | None = None, wanted: Wanted | None = None
) -> int:
    """Check mappings against the warehouse and ChartMogul; the exit code of the gravest problem, else 0."""
    output, wanted = output or Output(), wanted or Wanted()
    try:
        settings, mappings = prepare(paths)
    except ConfigError as error:
        fail(output, _TITLE, error, failure.document(error))
        raise
    checked = examine(settings, mappings, wanted)
    document = [as_json_value(one) for one in checked]
    text = "\n".join("\n".join(as_text(one)) for one in checked)
    if output.given:
        output.write(
            formats.told(output, _TITLE, list(map(suite_of, checked)), document, text + "\n")
        )
    else:
        say_lines([text])
    return gravest(error.exit_code for one in checked for error in one.problems)


def examine(
    settings: Settings,
    mappings: abc.Sequence[LoadedMapping],
    wanted: Wanted,
    log: "FilteringBoundLogger | None" = None,
) -> list[Checked]:
    """What was found out about each mapping; `log` is the caller's, in the place of standard error.

    Raises:
        StateError: the state cannot be read.
    """
    checked = asyncio.run(_check_all(settings, mappings, wanted, log))
    if wanted.write_lock:
        write_locks(checked)
    return checked


async def _check_all(
    settings: Settings,
    mappings: abc.Sequence[LoadedMapping],
    wanted: Wanted,
    log: "FilteringBoundLogger | None",
) -> list[Checked]:
    store = Store.open_read_only(settings.state_url)
    book = await asyncio.to_thread(open_book, settings.state_url)
    paces = Paces(settings, book, writes=False)
    health = Health(time.monotonic, settings.outage)
    found = [
        Checked(one, create=wanted.create_data_source, accepting=wanted.write_lock)
        for one in mappings
    ]
    for one in found:
        one.all_rows = wanted.all_rows
    try:
        return [await _check(settings, store, paces, health, one, log) for one in found]
    finally:
        await paces.close()
        book.close()
        store.close()


async def _check(
    settings: Settings,
    store: Store,
    paces: Paces,
    health: Health,
    checked: Checked,
    log: "FilteringBoundLogger | None",
) -> Checked:
    destination = checked.loaded.mapping.destination
    http = open_http(settings.api_url, destination.api_key, settings.timeout, settings.connections)
    async with http:
        client = Client(Transport(http, paces.of(None), health))
        try:
            async with telling(settings, checked.loaded, "ChartMogul", log):
                await _ask_chartmogul(checked, client, paces)
                _recall_types(checked, store, settings.api_host)
        except SyncError as error:
            checked.problems.append(error)
        try:
            async with telling(settings, checked.loaded, "the warehouse", log):
                problems = await _read(checked, client)
            await _judge(checked, client, problems)
        except SyncError as error:
            checked.problems.append(error)
    checked.warnings += _merges(checked)
    return checked


def _merges(checked: Checked) -> abc.Iterator[str]:
    for name in checked.loaded.mapping.fields:
        if checked.descriptor.fields[name].merges:
            yield _MERGES.format(field=name, plural=checked.descriptor.plural)


async def _ask_chartmogul(checked: Checked, client: Client, paces: Paces) -> None:
    checked.account = await client.account()
    guard(checked.loaded, checked.account)
    if checked.account.id:
        client = client.at(paces.of(checked.account.id))
    checked.source = await _find_source(checked, client)
    if checked.source.system not in (None, *CUSTOM):
        warning = _NOT_CUSTOM.format(source=checked.source.name, system=checked.source.system)
        checked.warnings.append(warning)


def _recall_types(checked: Checked, store: Store, host: str) -> None:
    """The types that the state knows; it calls an account by its name until a run has met its id."""
    account, source = checked.account, checked.source
    if account is None or source is None or not checked.descriptor.locks_types:
        return
    known = in_state(account, without_id(account, host), store.account_of(source.uuid))
    if known is not None:
        checked.in_use = store.types(known, checked.descriptor.object)


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


async def _read(checked: Checked, client: Client) -> list[Disagreement]:
    """What the warehouse shows of the types."""
    # Whoever interrupts does not wait for a driver that listens to its server for ever.
    running = asyncio.get_running_loop()

    async def ask(types_of: TypesOf) -> list[Disagreement]:
        return await running.run_in_executor(OneThread(), _ask_warehouse, checked, types_of)

    source = checked.source.uuid if checked.source else None
    known = KnownTypes(checked.in_use, locked(checked.loaded))
    return await with_known(known, client, source, ask)


def _ask_warehouse(checked: Checked, types_of: TypesOf) -> list[Disagreement]:
    """Fit the columns; where they have no types of their own, every row is read for its values."""
    query = MappingQuery.open(checked.loaded)
    unguarded = query.unguarded
    with query.execute() as result:
        checked.columns = len(result.columns)
        builder = bind(checked.loaded, result.columns, now(), now, types_of)
        if unguarded:
            checked.warnings.append(_UNGUARDED)
        checked.warnings += idle(checked.loaded.mapping.ignore_columns, result.columns)
        batches = result.batches()
        first = next(batches, [])
        checked.warnings += _dates(checked.loaded, builder, first)
        rows = (row for batch in chain([first], batches) for row in batch)
        if checked.all_rows:
            checked.scrutiny = scrutinize(checked.loaded, builder, rows)
        elif builder.contract.found:
            for number, row in enumerate(rows, 1):
                builder.build(number, row)
    if checked.loaded.mapping.source.read is ReadBy.FINGERPRINTS:
        checked.fingerprints = worth(query, builder, time.monotonic)
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
        problems += objections(checked.loaded, checked.types, problems, accepting=checked.accepting)
    if problems:
        raise ConfigError(*(problem.at(checked.loaded, ("source",)) for problem in problems))


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
