"""A case of a mapping's tests, played: the mapping as it is, its rows from the case, and the sandbox in memory."""

import asyncio
import base64
import json
from collections import abc
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

import httpx
from pydantic import SecretStr

from sync.chartmogul import contacts, customers
from sync.chartmogul.wire import Call
from sync.cli.case_records import Records, shown_value
from sync.cli.case_rows import rows_of
from sync.cli.cases import Case, Row
from sync.cli.outside import now
from sync.cli.progress import Progress
from sync.domain.clock import Clock
from sync.domain.plan import Seen
from sync.domain.record import ATTRIBUTE, Fields, Rejected
from sync.domain.results import MappingRun, PartlyWritten, Result, Run
from sync.engine.context import Selection, Stop
from sync.engine.limits import RAILS
from sync.engine.paces import Paces
from sync.engine.read.query import MappingQuery
from sync.engine.session import Session, Ways
from sync.errors import SyncError, told
from sync.mapping.loader import LoadedMapping
from sync.sandbox.sandbox import Sandbox
from sync.sandbox.transport import transport
from sync.settings import Settings
from sync.state.store import Store
from sync.warehouse.warehouse import Warehouse

_URL = "https://sandbox.invalid/v1"


def play(loaded: LoadedMapping, case: Case, place: Path) -> list[str]:
    """What a case expects and the mapping does not do, a sentence each; none where it passes.

    `place` is where a folder for it is made, which is gone afterwards. Raises OSError where that cannot be.
    """
    return asyncio.run(_Stage(loaded, case, place).play())


class _Listener(Progress):
    """Keeps the rows that were rejected, and says nothing."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.rejected: list[Rejected] = []

    def rows(self, mapping: MappingRun, results: abc.Sequence[Result]) -> None:
        """Rows have ended."""
        for one in results:
            if isinstance(one, PartlyWritten):
                self.rejected.append(one.rejected)
            elif isinstance(one, Rejected):
                self.rejected.append(one)


@dataclass(slots=True)
class _Stage:
    """One case on its sandbox, on a clock that only sleeping moves."""

    loaded: LoadedMapping
    case: Case
    place: Path
    sandbox: Sandbox = field(init=False)
    records: Records = field(init=False)
    _passed: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.records = Records(self.loaded)
        mapping = self.loaded.mapping
        owner = mapping.fields.get("owner")
        named = {one.get("owner") for one in (*self.case.before, *self.case.after)}
        named |= {row.get(owner.column or "") for row in self.case.rows} if owner else set()
        named |= {owner.constant} if owner else set()
        owners = [one for one in named if isinstance(one, str)]
        attributes = {key for one in self._records for key in one.get("attributes", {})}
        columns = {key for row in self.case.rows for key in row}
        self.sandbox = Sandbox(
            users=owners, definitions={*attributes, *columns, *mapping.attributes}
        )

    @property
    def _records(self) -> tuple[Row, ...]:
        return (*self.case.before, *self.case.after)

    async def play(self) -> list[str]:
        try:
            self._prepare()
        except _Refused as error:
            return [str(error)]
        with TemporaryDirectory(dir=self.place) as folder:
            try:
                run, listener = await self._run(Path(folder))
            except SyncError as error:
                return [told(error)]
        failures = [part.error for part in run.mappings if part.error]
        return [*failures, *self._judge_rejected(listener.rejected), *self._judge_records()]

    async def _run(self, folder: Path) -> tuple[Run, _Listener]:
        settings = Settings(api_url=_URL, state_url=f"sqlite:///{folder / 'state.db'}", tmp=folder)
        listener, stop = _Listener(), Stop()
        clock = Clock(now, lambda: self._passed, self._sleep, lambda: 0.5)
        async with AsyncExitStack() as stack:
            store = Store.open(settings.state_url)
            stack.callback(store.close)
            session = Session(
                settings, store, stop, listener, stack, Ways(clock, self._http, self._query)
            )
            session.paces = Paces(settings, clock=lambda: self._passed, sleep=self._sleep)
            # Rails are for tables, not for a handful of rows.
            selection = Selection(lifted=frozenset(RAILS))
            return await session.conduct([self._own()], selection, dry_run=False), listener

    async def _sleep(self, seconds: float) -> None:
        self._passed += max(seconds, 0.0)
        await asyncio.sleep(0)

    def _http(self, key: SecretStr) -> httpx.AsyncClient:
        auth = httpx.BasicAuth(key.get_secret_value(), "")
        way = transport(self.sandbox, self._sleep)
        return httpx.AsyncClient(base_url=_URL, auth=auth, transport=way)

    def _own(self) -> LoadedMapping:
        """The mapping, with the sandbox for its destination."""
        mapping = self.loaded.mapping
        told = {
            "data_source": self.sandbox.data_source,
            "api_key": SecretStr(self.sandbox.key),
            "account": None,
        }
        destination = mapping.destination.model_copy(update=told)
        return replace(self.loaded, mapping=mapping.model_copy(update={"destination": destination}))

    def _query(self, loaded: LoadedMapping) -> MappingQuery:
        # What is asked of a warehouse here is what the rows of a case answer.
        return MappingQuery(loaded, cast(Warehouse, rows_of(loaded, self.case.rows)), "")

    # ---- what is there before

    def _prepare(self) -> None:
        if self.records.about.parent is None:
            for record in self.case.before:
                fields = self.records.fields(record)
                self._send(self._create_customer(str(record["external_id"]), fields))
            return
        there = {key: self._customer(key) for key in sorted(self._named_customers())}
        for record in self.case.before:
            uuid = there[str(record["customer_external_id"])]
            call = contacts.create(self.sandbox.data_source, uuid, self.records.contact(record))
            self._send(call)

    def _create_customer(self, key: str, fields: Fields) -> Call:
        types = {
            name.removeprefix(ATTRIBUTE): self.records.attribute_type(
                name.removeprefix(ATTRIBUTE), value
            )
            for name, value in fields.items()
            if name.startswith(ATTRIBUTE)
        }
        return customers.create(self.sandbox.data_source, key, fields, types)

    def _named_customers(self) -> set[str]:
        """The customers that contacts name: they are there."""
        column = self.loaded.mapping.fields.get("customer_external_id")
        rows = (row.get(column.column or "") for row in self.case.rows) if column else ()
        named = (record.get("customer_external_id") for record in self.case.before)
        return {str(one).strip() for one in (*rows, *named) if one is not None and str(one).strip()}

    def _customer(self, key: str) -> str:
        fields: Fields = {"company": key}
        return str(self._send(self._create_customer(key, fields))["uuid"])

    def _send(self, call: Call) -> dict[str, Any]:
        """Carry a call out; _Refused where the sandbox does not take it."""
        path, _, query = call.path.partition("?")
        answer = self.sandbox.answer(
            call.method,
            f"/v1{unquote(path)}",
            dict(parse_qsl(query)),
            {"authorization": _authorization(self.sandbox.key), "content-type": "application/json"},
            call.content or b"",
        )
        shown: dict[str, Any] = json.loads(answer.body or b"{}")
        if answer.status >= 400:
            raise _Refused(f"before: ChartMogul would not take it: {json.dumps(shown)}")
        return shown

    # ---- what came of it

    def _judge_rejected(self, found: abc.Sequence[Rejected]) -> abc.Iterator[str]:
        wanted = dict(self.case.rejected or {})
        for one in found:
            name = next((n for n in (one.key, str(one.row)) if n in wanted), None)
            codes = [problem.code for problem in one.problems]
            about = f"row {one.row} ({one.key or 'without a key'})"
            if name is None:
                messages = "; ".join(f"{p.code}: {p.message}" for p in one.problems)
                yield f"{about} was rejected: {messages}"
            elif (code := wanted[name]) not in codes:
                yield f"{about}: rejected with {', '.join(codes)}, not with {code}"
        met = {name for one in found for name in (one.key, str(one.row))}
        for name, code in wanted.items():
            if name not in met:
                yield f"{name} was not rejected, and {code} is expected"

    def _judge_records(self) -> abc.Iterator[str]:
        there = self._everybody()
        for record in self.case.after:
            name, seen = self._find(record, there)
            if seen is None:
                yield f"{name} is not there after the run"
                continue
            for key, value in self.records.fields(record).items():
                shown = seen.fields.get(key)
                if key in self.records.about.keys or self.records.is_same(key, value, shown):
                    continue
                yield f"{name}: {key} is {shown_value(shown)}, and {shown_value(value)} is expected"

    def _find(self, record: Row, there: abc.Sequence[Seen]) -> tuple[str, Seen | None]:
        """A record by what it is known by; None where it is not there."""
        if self.records.about.parent is None:
            key = str(record["external_id"])
            return key, next((one for one in there if key in [pair[1] for pair in one.pairs]), None)
        parent = str(record["customer_external_id"])
        mine = [one for one in there if one.customer == parent]
        for name in ("external_id", "email"):
            if record.get(name) is not None:
                text = str(record[name])
                fold = str.lower if name == "email" else str
                hit = (one for one in mine if fold(str(one.fields.get(name) or "")) == fold(text))
                return f"{parent}|{text}", next(hit, None)
        return parent, None

    def _everybody(self) -> list[Seen]:
        """All records of the object that are there."""
        wire = customers if self.records.about.parent is None else contacts
        found: list[Seen] = []
        cursor: str | None = None
        while True:
            page = wire.read_page(self._send(wire.page(self.sandbox.data_source, cursor=cursor)))
            found += page.entries
            if page.last:
                return found
            cursor = page.cursor


class _Refused(Exception):
    """The sandbox would not take what a case says is there."""


def _authorization(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()
