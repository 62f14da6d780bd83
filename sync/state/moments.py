"""Clocks of a state: the one that all who share it agree on, and those that only grow."""

import time
from collections import abc
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from sync.state import process
from sync.state.engine import Database

Clock = abc.Callable[[], datetime]


def now() -> datetime:
    """This moment by the machine's clock, in UTC."""
    return datetime.now(UTC)


def since_boot() -> float:
    """Seconds since the machine was booted, those in which it was suspended included where that can be had."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def is_a_servers(database: Database) -> bool:
    """Whether the state is in a server, which has a clock of its own."""
    return database.engine.dialect.name == "postgresql"


def servers_moment(connection: Connection) -> datetime:
    """This moment by the server's clock, within a transaction."""
    asked = select(func.extract("epoch", func.clock_timestamp()))
    return datetime.fromtimestamp(float(connection.execute(asked).scalar_one()), UTC)


@dataclass(frozen=True, slots=True)
class Here:
    """This moment, and how long this boot of this machine has lasted; `boot` is empty where that cannot be told."""

    now: datetime
    boot: str
    up: float


@dataclass(slots=True)
class StateClock:
    """The clock of a state: PostgreSQL's own, which all who share it agree on; of a file this machine's.

    A clock that is handed in counts in place of both. `monotonic` gives seconds that only grow, for as long as the
    machine runs: `boot` names that time.
    """

    database: Database
    given: Clock | None
    monotonic: abc.Callable[[], float]
    boot: str
    #: Whether the database is a copy of one of a server's, by whose clock it goes.
    copied: bool = False
    #: A moment of PostgreSQL's clock, and the monotonic clock then.
    _known: tuple[datetime, float] | None = field(default=None, init=False)

    @classmethod
    def of(
        cls,
        database: Database,
        clock: Clock | None,
        monotonic: abc.Callable[[], float],
        boot: str | None,
        servers: datetime | None = None,
    ) -> "StateClock":
        """The clock of this database; without a `boot` that of this machine.

        `servers` is this moment by the clock of the server of whose database this one is a copy.
        """
        here = process.boot() if boot is None else boot
        made = cls(database, clock, monotonic, here, servers is not None)
        made._known = None if servers is None else (servers, monotonic())
        return made

    @property
    def is_servers(self) -> bool:
        """Whether it is another machine's clock, which this machine's cannot tell."""
        return self.given is None and (self.copied or is_a_servers(self.database))

    def moment(self, connection: Connection) -> datetime:
        """This moment, within a transaction."""
        if not self.is_servers:
            return (self.given or now)()
        if self.copied:
            return self.now()
        before = self.monotonic()
        self._known = servers_moment(connection), before
        return self._known[0]

    def seconds(self, connection: Connection) -> float:
        """The state's now, in seconds since 1970."""
        return self.moment(connection).timestamp()

    def now(self) -> datetime:
        """This moment; a server is asked once, then its clock is followed by one that only grows.

        Raises:
            StateError: the server does not answer.
        """
        if not self.is_servers:
            return (self.given or now)()
        if self._known is None:
            self.database.read(self.moment)
        assert self._known is not None
        moment, then = self._known
        return moment + timedelta(seconds=self.monotonic() - then)

    def here(self) -> Here:
        """This moment, as creates in doubt are measured by; StateError as in `now`."""
        return Here(self.now(), self.boot, self.monotonic())

    def local_times(self) -> tuple[float, ...]:
        """Clocks of this machine by which others would find that time has passed: all that count, in seconds."""
        if self.is_servers:
            return (self.monotonic(),)
        return (self.now().timestamp(), self.monotonic())
