"""Who may write which records: one process at a time for each (account, data source, object)."""

from collections import abc
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, or_, select, update

from sync.errors import LockedError
from sync.state import process
from sync.state.memory import Scope
from sync.state.process import Process
from sync.state.schema import leases
from sync.state.upsert import insert

#: Seconds that a lease lasts, from its taking or its last renewal.
LASTS = 90.0

_PLACE = ("account", "data_source", "object")
Clock = abc.Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants to hold leases: a name of its own for every run, and the process."""

    owner: str
    process: Process


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease, from when until when (seconds since 1970)."""

    owner: str
    process: Process
    acquired: float
    expires: float


def now(connection: Connection, clock: Clock) -> float:
    """Seconds since 1970 by a clock that all who share the state agree on."""
    if connection.dialect.name == "postgresql":
        seconds = select(func.extract("epoch", func.clock_timestamp()))
        return float(connection.execute(seconds).scalar_one())
    return clock().timestamp()


def take(connection: Connection, scopes: abc.Iterable[Scope], claim: Claim, at: float) -> None:
    """Take the leases of all scopes; one that has run out, or whose process is gone, is free.

    Raises:
        LockedError: another process holds one; the transaction must end without effect.
    """
    wanted = sorted({(s.account, s.data_source, s.object.value) for s in scopes})
    for place in wanted:  # in one order, so that two processes never wait for each other
        _take_one(connection, place, claim, at)


def _take_one(connection: Connection, place: tuple[str, str, str], claim: Claim, at: float) -> None:
    row: dict[str, object] = dict(zip(_PLACE, place, strict=True))
    row |= {"owner": claim.owner, **asdict(claim.process)}
    row |= {"acquired": at, "renewed": at, "expires": at + LASTS}
    statement = insert(connection, leases)
    free = [leases.c.expires <= at, leases.c.owner == claim.owner]
    holder = _holder(connection, place)
    if holder is not None and process.is_gone(holder.process, claim.process, process.started):
        free.append(leases.c.owner == holder.owner)
    taken = connection.execute(
        statement.on_conflict_do_update(
            index_elements=_PLACE,
            set_={name: statement.excluded[name] for name in row},
            where=or_(*free),
        ).returning(leases.c.owner),
        row,
    ).one_or_none()
    if taken is None:
        raise locked(place, _holder(connection, place))


def _holder(connection: Connection, place: tuple[str, str, str]) -> Holder | None:
    account, data_source, object = place
    row = connection.execute(
        select(leases).where(
            leases.c.account == account,
            leases.c.data_source == data_source,
            leases.c.object == object,
        )
    ).one_or_none()
    if row is None:
        return None
    held_by = Process(row.host, row.machine, row.pid, row.started)
    return Holder(row.owner, held_by, row.acquired, row.expires)


def renew(connection: Connection, owner: str, at: float) -> int:
    """Let the owner's leases last from now; how many there are."""
    mine = update(leases).where(leases.c.owner == owner)
    return connection.execute(mine.values(renewed=at, expires=at + LASTS)).rowcount


def release(connection: Connection, owner: str) -> None:
    """Give the owner's leases back."""
    connection.execute(delete(leases).where(leases.c.owner == owner))


def locked(place: tuple[str, str, str], holder: Holder | None) -> LockedError:
    """Who holds a lease, and for how long at most."""
    _, data_source, object = place
    what = f"the {object}s of {data_source} are being written"
    if holder is None:  # given back in this very moment
        return LockedError(f"{what} by another process", "run again")
    return LockedError(
        f"{what} by process {holder.process.pid} on {holder.process.host},"
        f" since {_told(holder.acquired)}",
        f"wait for it; should it be dead, its lease runs out at {_told(holder.expires)}",
    )


def _told(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
