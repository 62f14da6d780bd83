"""A ChartMogul account in memory that answers as the API does, without a network."""

import time
from collections import abc, deque
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from threading import Lock, RLock
from typing import Any
from uuid import UUID, uuid4

from sync.sandbox import answer as answers
from sync.sandbox import data_sources, merges, routes
from sync.sandbox.answer import Answer, Refusal, decode, encode
from sync.sandbox.endless import prolong, rewind
from sync.sandbox.faults import Fault, Faults, spoil
from sync.sandbox.limits import Latency, Rate, Slots, constant
from sync.sandbox.request import Incoming, Request, read_body
from sync.sandbox.saving import pack, unpack
from sync.sandbox.settings import DEFAULT, Settings
from sync.sandbox.world import World

KEY = "sandbox-key"
DATA_SOURCE = "ds_00000000-0000-4000-8000-000000000001"
ACCOUNT = {
    "id": "acc_00000000-0000-4000-8000-000000000000",
    "name": "Sandbox",
    "currency": "USD",
    "time_zone": "UTC",
    "week_start_on": "monday",
    # Shown on `include`; the names come from a client's test, most of the values are ours.
    "churn_recognition": "churn_at_time_of_cancelation",
    "churn_when_zero_mrr": False,
    "auto_churn_subscription": False,
    "refund_handling": "ignore",
    "proximate_movement_reclassification": "disabled",
}


REMEMBERED = 64 << 10
"""Bytes of a request's body that are remembered."""

ANSWERED = 8 << 10
"""Bytes of an answer's body that are remembered."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that came in and what it got, `at` in seconds since 1970.

    Of a body longer than 64 KiB the beginning is kept, of an answer longer than 8 KiB too.
    """

    method: str
    path: str
    query: abc.Mapping[str, str]
    body: bytes
    status: int
    dropped: bool
    at: float
    answer: bytes = b""

    @property
    def json(self) -> Any:
        """The body as JSON; None where there was none, or none that can be read."""
        try:
            return decode(self.body)
        except ValueError:
            return None


class Sandbox:
    """One account with one read-write key, perhaps a read-only one, and one data source.

    `users` are the e-mails that can own customers, `definitions` the keys of contact attributes.
    `latency` is how long each answer takes, `data` a file to start from and save to, `clock`
    gives seconds since 1970. All else are switches, see `Settings`: together in `settings`, or
    one by one; ValueError says which of them cannot be.

    All of it may be changed while it runs: `faults`, `requests`, `world`, `limit`, `slots` and
    `latency` are there to be touched, `lock` guards them between threads.
    """

    def __init__(
        self,
        *,
        key: str = KEY,
        read_only_key: str | None = None,
        data_source: str = DATA_SOURCE,
        data_source_name: str = "Warehouse",
        account: abc.Mapping[str, Any] | None = None,
        users: abc.Iterable[str] = ("success@example.com",),
        definitions: abc.Iterable[str] = ("role",),
        latency: Latency | None = None,
        remember: int | None = None,
        data: Path | None = None,
        clock: abc.Callable[[], float] = time.time,
        new_uuid: abc.Callable[[], UUID] = uuid4,
        settings: Settings = DEFAULT,
        **switches: Any,
    ) -> None:
        self.key = key
        self.read_only_key = read_only_key
        self.data_source = data_source
        self._first_settings = settings.with_changes(switches)
        self.limit = Rate(self._first_settings.rate)
        self.slots = Slots(self._first_settings.parallel)
        self.latency = constant(0.0) if latency is None else latency
        self.faults = Faults()
        self.requests: deque[Call] = deque(maxlen=remember)
        self.clock = clock
        self.lock = RLock()
        self._saving = Lock()
        self._data = data
        self._changed = False
        self._pages = count(1)

        def new_world() -> World:
            return World(
                account={**ACCOUNT, **(account or {})},
                sources={data_source: data_sources.make(data_source, data_source_name, clock())},
                users=set(users),
                definitions=set(definitions),
                settings=self._first_settings,
                new_uuid=new_uuid,
            )

        self._new_world: abc.Callable[[], World] = new_world
        self.world = new_world()
        self._load()

    @property
    def settings(self) -> Settings:
        """The switches as they are now."""
        return replace(self.world.settings, rate=self.limit.most, parallel=self.slots.most)

    def set(self, /, **switches: Any) -> None:
        """Change some switches; ValueError says which cannot be, and then none is changed."""
        with self.lock:
            self._apply(self.settings.with_changes(switches))

    def _apply(self, settings: Settings) -> None:
        self.world.settings = settings
        self.limit.most, self.slots.most = settings.rate, settings.parallel

    def _load(self) -> None:
        if self._data is not None and self._data.exists():
            unpack(self.world, decode(self._data.read_bytes()))

    def answer(
        self,
        method: str,
        path: str,
        query: abc.Mapping[str, str] | None = None,
        headers: abc.Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        crowded: bool = False,
        oversized: bool = False,
    ) -> Answer:
        """Answer one call of the API and remember it in `requests`.

        `path` starts with `/v1/` and is decoded, `query` too. `crowded` tells that too many
        connections are open: 503; `oversized` that the body was not read, being too large: 413.
        The answer may ask to be dropped or held back; see `Answer`.
        """
        with self.lock:
            incoming = Incoming(method, path, query or {}, headers or {}, body, self.clock())
            oversized = oversized or len(body) > self.world.settings.largest_body
            answer = self._answer(incoming, crowded, oversized)
            self.requests.append(_note(incoming, answer))
            return replace(answer, delay=answer.delay + self.latency())

    def fail(self, **fault: Any) -> None:
        """Put a fault in force; the arguments are those of `Fault`."""
        with self.lock:
            self.faults.add(Fault(**fault))

    def calls(self, method: str = "*", path: str = "*") -> list[Call]:
        """The requests so far whose method and path match these globs."""
        with self.lock:
            return [
                call
                for call in self.requests
                if fnmatchcase(call.method, method) and fnmatchcase(call.path, path)
            ]

    def reset(self) -> None:
        """An empty account again: no records, faults or remembered requests; the first settings."""
        with self.lock:
            self.world = self._new_world()
            self._apply(self._first_settings)
            self.faults.clear()
            self.requests.clear()
            self._changed = True

    def save(self) -> None:
        """Write the world to its file, whole or not at all; nothing to do without changes.

        Raises:
            OSError: it cannot be written; the next call tries it again.
        """
        with self._saving:
            with self.lock:
                if self._data is None or not self._changed:
                    return
                self._changed = False
                text = encode(pack(self.world))
            partial = self._data.with_name(self._data.name + ".partial")
            try:
                partial.write_bytes(text)
                partial.replace(self._data)
            except OSError:
                self._changed = True
                raise

    def touch(self) -> None:
        """The world was changed from outside: the next `save` writes it."""
        self._changed = True

    def _answer(self, incoming: Incoming, crowded: bool, oversized: bool) -> Answer:
        settings = self.world.settings
        if crowded:
            return answers.crowded(settings.retry_after)
        if not self.limit.allows(incoming.at):
            return answers.throttled(settings.retry_after)
        if oversized:
            return answers.too_large(settings.largest_body)
        fault = self.faults.strike(incoming.method, incoming.path)
        if fault is None:
            return self._carry_out(incoming)
        if fault.spares:
            return spoil(fault, answers.nothing())
        if fault.endless is None:
            return spoil(fault, self._carry_out(incoming))
        answer = self._carry_out(rewind(incoming))
        return spoil(fault, prolong(fault.endless, answer, next(self._pages)))

    def _carry_out(self, incoming: Incoming) -> Answer:
        if incoming.key is None or incoming.key not in (self.key, self.read_only_key):
            return answers.unauthorized()
        if incoming.method != "GET" and incoming.key != self.key:
            return answers.forbidden(self.world.settings.read_only_status)
        route = routes.find(incoming.method, incoming.path)
        if route is None:
            return answers.nowhere()
        handler, uuids = route
        self.world.lag.begin(incoming.at)
        merges.carry_out(self.world, incoming.at)
        self._changed = self._changed or incoming.method != "GET"
        try:
            request = Request(incoming.query, read_body(incoming.body), incoming.at)
            return handler(self.world, request, *uuids)
        except Refusal as refusal:
            return refusal.answer


def _note(call: Incoming, answer: Answer) -> Call:
    return Call(
        call.method,
        call.path,
        call.query,
        call.body[:REMEMBERED],
        answer.status,
        answer.dropped,
        call.at,
        answer.body[:ANSWERED],
    )
