"""/livez, /healthz and /metrics of a scheduled worker, served from a thread of their own."""

import json
import socket
import time
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Thread
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sync.domain.health import MostRejected
from sync.domain.instant import canonical
from sync.errors import unbound
from sync.service import freshness
from sync.service.freshness import Freshness
from sync.service.guard import Guard
from sync.service.metrics import CONTENT_TYPE, Metrics
from sync.service.progress import Progress
from sync.state.moments import since_boot

#: A worker that has not come round for so many seconds is stuck.
STUCK = 300.0


@dataclass(slots=True)
class Board:
    """What the worker is about; it replaces values whole, the server's thread only reads them."""

    started_at: datetime
    max_age: timedelta
    freshness: tuple[Freshness, ...] = ()
    #: Where mappings have timetables of their own: how old the last success of each may be.
    max_ages: abc.Mapping[str, timedelta] = field(default_factory=dict, init=False)
    running: bool = field(default=False, init=False)
    next_run_at: datetime | None = field(default=None, init=False)
    #: How much of a run may be rejected.
    most: MostRejected = field(default_factory=MostRejected)
    progress: Progress = field(default_factory=lambda: Progress(time.monotonic))
    #: When the worker last came round, by the clock of `progress`; None before it serves.
    beat: float | None = field(default=None, init=False)
    #: When and why the last run broke off, which the state may not hold; None where it did not.
    failure: dict[str, object] | None = field(default=None, init=False)
    monotonic: abc.Callable[[], float] = since_boot
    #: When the state was last looked into, by its clock, and by the one that only grows; None before.
    _looked: tuple[datetime, float] | None = field(default=None, init=False)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.monotonic()

    def looked(self, moment: datetime) -> None:
        """It is this moment by the state's clock: from now on seconds count that only grow.

        This machine's clock may be set before anybody looks again.
        """
        self._looked = moment, self.monotonic()

    def moment(self, now: datetime) -> datetime:
        """This moment as the state's, by whose clock runs are entered; `now` is this machine's."""
        if self._looked is None:
            return now
        moment, then = self._looked
        return moment + timedelta(seconds=self.monotonic() - then)

    def since(self, now: datetime) -> datetime:
        """When the process started, by the state's clock; never in the future."""
        moment = self.moment(now)
        if self._looked is None:
            return min(self.started_at, moment)
        return moment - timedelta(seconds=self.monotonic() - self._began)

    def limit(self, mapping: str) -> timedelta:
        """How old a mapping's last success may be."""
        return self.max_ages.get(mapping, self.max_age)

    def is_stuck(self) -> bool:
        """Whether the worker does nothing at all any more: only a new process helps."""
        return self.beat is not None and self.progress.clock() - self.beat > STUCK


def describe(board: Board, now: datetime) -> list[dict[str, Any]]:
    """How each mapping is at this moment."""
    moment, since = board.moment(now), board.since(now)
    alive = board.progress.alive()
    return [
        freshness.describe(
            one,
            moment,
            board.limit(one.mapping),
            since,
            most=board.most,
            getting_on=one.mapping in alive,
        )
        | _own_limit(board, one.mapping)
        for one in board.freshness
    ]


def _own_limit(board: Board, mapping: str) -> dict[str, int]:
    limit = board.max_ages.get(mapping)
    return {} if limit is None else {"max_age_seconds": round(limit.total_seconds())}


def report(board: Board, now: datetime) -> dict[str, object]:
    """What /healthz says; `healthy` is whether every mapping is."""
    shown = describe(board, now)
    return {
        "format": 1,
        "healthy": all(one["healthy"] for one in shown),
        "running": board.running,
        "started_at": canonical(board.started_at),
        "next_run_at": board.next_run_at and canonical(board.next_run_at),
        "max_age_seconds": round(board.max_age.total_seconds()),
        "last_failure": board.failure,
        "mappings": shown,
    }


def build_app(
    board: Board,
    metrics: Metrics,
    clock: abc.Callable[[], datetime],
    hosts: abc.Collection[str] = (),
) -> ASGIApp:
    """The ASGI app with its routes; `hosts` are names that it goes by besides those of inside."""

    async def livez(_: Request) -> Response:
        stuck = board.is_stuck()
        return Response("stuck\n" if stuck else "alive\n", 503 if stuck else 200)

    async def healthz(_: Request) -> Response:
        found = report(board, clock())
        status = 200 if found["healthy"] else 503
        return Response(json.dumps(found) + "\n", status, media_type="application/json")

    async def show_metrics(_: Request) -> Response:
        metrics.show(describe(board, clock()))
        return Response(metrics.expose(), headers={"Content-Type": CONTENT_TYPE})

    pages = {"/livez": livez, "/healthz": healthz, "/metrics": show_metrics}
    routes = [Route(path, page) for path, page in pages.items()]
    return Guard(Starlette(routes=routes), hosts)


class EndpointServer:
    """Serves an app from entering to leaving; `port` 0 takes any that is free.

    A thread of its own answers also while the worker is busy.

    Raises:
        ConfigError: the address cannot be had.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._socket = _bind(host, port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        # A signal may come while it starts, before anybody would stop it: then it must not keep the process alive.
        self._thread = Thread(
            target=self._server.run, args=([self._socket],), name="monitor", daemon=True
        )

    def __enter__(self) -> "EndpointServer":
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host if host.isascii() else host.encode("idna"), port))
    except (OSError, UnicodeError) as error:
        bound.close()
        raise unbound(host, port, error) from error
    return bound
