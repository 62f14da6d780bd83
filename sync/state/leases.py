"""Who may write which records: one process at a time for each (account, data source, object)."""

from collections import abc
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from sync.errors import LockedError
from sync.state import process
from sync.state.memory import Scope
from sync.state.process import Process
from sync.state.schema import leases
from sync.state.upsert import insert

#: Seconds that a lease lasts at least, from its taking or its last renewal; what one of an older version lasts.
LASTS = 90.0
#: Seconds by which two clocks may differ that are called alike.
_ALIKE = 5.0

_PLACE = ("account", "data_source", "object")
Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants to hold leases, and for how many seconds: a name of its own for every run, and the process."""

    owner: str
    process: Process
    lasts: float = LASTS


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lease of a place, renewed when, until when (seconds since 1970); `lasts` from a renewal."""

    place: Place
    owner: str
    process: Process
    acquired: float
    renewed: float
    expires: float
    lasts: float = LASTS


@dataclass(frozen=True, slots=True)
class Freed:
    """A lease that was dead, and why."""

    holder: Holder
    reason: str


def place_of(scope: Scope) -> Place:
    """What a lease is for."""
    return scope.account, scope.data_source, scope.object.value


def take(connection: Connection, places: abc.Iterable[Place], claim: Claim, at: float) -> None:
    """Take the leases of all places; one that has run out, or whose process is gone, is free.

    Raises:
        LockedError: another process holds one; the transaction must end without effect.
    """
    for place in sorted(
        set(places)
    ):  # in one order, so that two processes never wait for each other
        _take_one(connection, place, claim, at)


def _take_one(connection: Connection, place: Place, claim: Claim, at: float) -> None:
    row: dict[str, object] = dict(zip(_PLACE, place, strict=True))
    row |= {"owner": claim.owner, **asdict(claim.process), "lasts": claim.lasts}
    row |= {"acquired": at, "renewed": at, "expires": at + claim.lasts}
    statement = insert(connection, leases)
    free = [leases.c.expires <= at, leases.c.owner == claim.owner]
    holder = find(connection, place)
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
        raise locked(place, find(connection, place), at)


def find(connection: Connection, place: Place) -> Holder | None:
    """Who holds the lease of a place."""
    row = connection.execute(select(leases).where(lease_of(place))).one_or_none()
    return None if row is None else _holder(row)


def held(connection: Connection) -> list[Holder]:
    """All leases, whether they have run out or not."""
    query = select(leases).order_by(*(leases.c[name] for name in _PLACE))
    return [_holder(row) for row in connection.execute(query)]


def lease_of(place: Place) -> ColumnElement[bool]:
    """The lease of a place."""
    account, data_source, object_ = place
    return and_(
        leases.c.account == account,
        leases.c.data_source == data_source,
        leases.c.object == object_,
    )


def _holder(row: Any) -> Holder:
    held_by = Process(row.host, row.machine, row.pid, row.started)
    place = row.account, row.data_source, row.object
    times = row.acquired, row.renewed, row.expires
    return Holder(place, row.owner, held_by, *times, LASTS if row.lasts is None else row.lasts)


def free(connection: Connection, here: Process, at: float) -> list[Freed | Holder]:
    """Delete the leases that are dead; those that live, or of which nobody here can tell, are answered as they are.

    That of a process that lives, and that was renewed by a clock that was ahead, is brought back: it may be writing.
    """
    found: list[Freed | Holder] = []
    for holder in held(connection):
        reason = _death(holder, here, at)
        if reason is None:
            continue
        as_seen = (leases.c.owner == holder.owner) & (leases.c.expires == holder.expires)
        connection.execute(delete(leases).where(lease_of(holder.place), as_seen))
        found.append(Freed(holder, reason))
    bring_back(connection, at)
    return [*found, *held(connection)]


def guard(connection: Connection, place: Place, owner: str) -> None:
    """Raise LockedError where the lease of a place is no longer this owner's.

    Whoever is about to note what it sends asks for it in the same transaction: a clock that was set lets others take a
    lease that its holder still counts on.
    """
    holder = find(connection, place)
    if holder is None or holder.owner != owner:
        raise lost([place[1]])


def lost(data_sources: abc.Iterable[str]) -> LockedError:
    """What is said of leases that somebody else has by now."""
    return LockedError(
        f"the lease of the records of {' and '.join(sorted(data_sources))} ran out and another process took it over",
        "this process stood still, the state did not answer, or the clock that leases go by was set, for longer than a"
        " lease lasts; what was sent is recorded, and the next run goes on",
    )


def _death(holder: Holder, here: Process, at: float) -> str | None:
    if holder.expires <= at:
        return "it has run out"
    if process.is_gone(holder.process, here, process.started):
        return "its process is gone"
    ahead = holder.expires > at + holder.lasts
    if ahead and not process.lives(holder.process, here, process.started):
        return "it ends later than a lease can last: a clock was ahead"
    return None


def bring_back(connection: Connection, at: float) -> None:
    """A lease that ends later than it can last was renewed by a clock that was ahead: it is as if renewed now.

    Its holder, if there is one, renews it in time; if there is none, nobody waits longer than a lease lasts.
    """
    lasts = func.coalesce(leases.c.lasts, LASTS)
    ahead = update(leases).where(leases.c.expires > at + lasts)
    connection.execute(ahead.values(renewed=at, expires=at + lasts))


def renew(connection: Connection, owner: str, at: float) -> list[Place]:
    """Let the owner's leases last from now; which there are."""
    lasts = func.coalesce(leases.c.lasts, LASTS)
    mine = update(leases).where(leases.c.owner == owner)
    renewed = mine.values(renewed=at, expires=at + lasts).returning(*(leases.c[n] for n in _PLACE))
    return [(row[0], row[1], row[2]) for row in connection.execute(renewed)]


def release(connection: Connection, owner: str) -> None:
    """Give the owner's leases back."""
    connection.execute(delete(leases).where(leases.c.owner == owner))


def locked(place: Place, holder: Holder | None, at: float) -> LockedError:
    """Who holds a lease, and for how long at most."""
    _, data_source, object_ = place
    what = f"the {object_}s of {data_source} are being written"
    if holder is None:  # given back in this very moment
        return LockedError(f"{what} by another process", "run again", 0.0)
    ends = min(holder.expires, at + holder.lasts)
    since = f"since {told(holder.acquired)}"
    if holder.acquired > at + _ALIKE:
        since += f" by a clock that was ahead: here it is {told(at)}"
    return LockedError(
        f"{what} by process {holder.process.pid} on {holder.process.host}, {since}",
        "while it is at work there is nothing to do: schedule, and the next run, try again; should it be dead, its"
        f" lease runs out at {told(ends)}, and `chartmogul-sync unlock` frees it at once where that is sure",
        max(0.0, ends - at),
    )


def told(seconds: float) -> str:
    """A moment for people, with its date."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
