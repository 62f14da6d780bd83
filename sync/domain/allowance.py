"""The book of an account's allowance: which starts and connections are rented to which process.

Everything here only computes. Whoever keeps a book hands in the moment, by a clock that all its tenants share, and
lets one visit follow the other.

Why no second holds more than 40 starts: they are rented in the order of their moments, and none before the start that
came 40 places earlier is a second old. That start counts from when it was really made where its tenant has told, else
from the end of its block, after which it is void.
"""

import json
from collections import abc
from copy import deepcopy
from dataclasses import dataclass, field

#: ChartMogul's limits (dev.chartmogul.com/docs/rate-limits).
MOST_PER_SECOND = 40
MOST_AT_ONCE = 20

#: No window of this length holds more than a second's starts: a second, and room for the way to the server.
WINDOW = 1.01
#: Even spacing spreads a second's starts over this much: more room, and a start a little late costs nothing.
EVEN = 1.02
#: Starts that came late are made up for, of so many seconds at most: a second's limit gives little room to
#: make up for more. They are never closer together than this part of an interval.
DEBT = 0.1
CLOSEST = 0.5

#: Seconds from the first start of those that are rented together, after which they are void.
BLOCK = 0.25
#: Their moments lie within so many seconds, so that the last of them may be late as well.
_WITHIN = 0.2
#: Seconds ahead of which nothing is rented.
_AHEAD = 0.75
#: Seconds after its last visit for which a tenant keeps its connections, and is one at all.
LASTS = 1.0
#: Seconds after its last visit for which a tenant that wants starts counts among those who share them.
_ACTIVE = 0.6
#: Starts a second that those who only look have in all while somebody writes, beside what nobody wants.
_LOOKS = 4
#: The account of those who do not know theirs yet: it may be any.
UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a tenant tells the book, and asks of it.

    `wants` are starts that it could use soon, `needs` connections. It `holds` connections that are in use. `started`
    gives the moments of permits and when they were really used; `unused` those that will not be.
    """

    tenant: str
    account: str = UNKNOWN
    writes: bool = True
    share: float = 1.0
    wants: int = 0
    needs: int = 0
    holds: int = 0
    started: tuple[tuple[float, float], ...] = ()
    unused: tuple[float, ...] = ()
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """One start, not before `at` and void from `until` on; `name` is its moment as the book has it."""

    name: float
    at: float
    until: float


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer to a visit: starts, and how many connections may be in use until then."""

    permits: tuple[Permit, ...]
    connections: int
    until: float


@dataclass(slots=True)
class Rented:
    """A start: its moment, the latest in which it was or will be made, and whose it is."""

    at: float
    latest: float
    tenant: str
    writes: bool


@dataclass(slots=True)
class Tenant:
    """A process as its last visit showed it; `held` connections are its own."""

    seen: float
    writes: bool
    share: float
    wants: int
    needs: int
    held: int = 0


@dataclass(slots=True)
class Account:
    """The allowance of one account; `due` is when the next start is, if all is even."""

    due: float
    starts: list[Rented] = field(default_factory=list)
    tenants: dict[str, Tenant] = field(default_factory=dict)

    def meet(self, now: float, visit: Visit) -> None:
        """Take down what a tenant tells, and forget what is over."""
        self._judge_clock(now)
        told = dict(visit.started)
        self.starts = [
            one
            for one in self.starts
            if not (one.tenant == visit.tenant and one.at in visit.unused)
        ]
        for one in self.starts:
            if one.tenant == visit.tenant and one.at in told:
                one.latest = told[one.at]
        self.tenants = {n: one for n, one in self.tenants.items() if now < one.seen + LASTS}
        held = self.tenants[visit.tenant].held if visit.tenant in self.tenants else 0
        mine = Tenant(now, visit.writes, visit.share, visit.wants, visit.needs, held)
        self.tenants[visit.tenant] = mine
        kept = max(_window(one.share) for one in self.tenants.values())
        self.starts = [one for one in self.starts if one.latest + kept > now]
        if visit.leaves:
            del self.tenants[visit.tenant]

    def _judge_clock(self, now: float) -> None:
        """A clock that was set back: what was rented by the old one counts as made this very moment."""
        ahead = now + 2 * _AHEAD
        seen = [one.seen for one in self.tenants.values()]
        if any(one.at > ahead for one in self.starts) or any(at > ahead for at in seen):
            self.starts, self.tenants, self.due = [], {}, now + WINDOW

    def lend(self, visit: Visit) -> int:
        """The connections that a tenant may use; what others use already goes before its fair part."""
        me, all_ = self.tenants[visit.tenant], max(1, int(MOST_AT_ONCE * self._share))
        others = [one for name, one in self.tenants.items() if name != visit.tenant]
        claimed = sum(max(one.held, min(one.needs, self._fair(one, all_))) for one in others)
        there = all_ - sum(one.held for one in others)
        wanted = min(visit.needs, max(self._fair(me, all_), all_ - claimed))
        if self._gives_way(me):
            wanted = min(wanted, 1)
        lent = max(0, min(wanted, there))
        me.held = max(visit.holds, lent)
        return lent

    def _fair(self, tenant: Tenant, all_: int) -> int:
        """A tenant's part of the connections; who only looks has one while others write."""
        if self._gives_way(tenant):
            return 1
        needy = [one for one in self.tenants.values() if one.needs]
        writing = [one for one in needy if one.writes]
        sharing = writing or needy
        return max(1, (all_ - (len(needy) - len(sharing))) // max(1, len(sharing)))

    def _gives_way(self, tenant: Tenant) -> bool:
        return not tenant.writes and any(one.writes and one.needs for one in self.tenants.values())

    @property
    def _share(self) -> float:
        """How much of the allowance is used in all: as much as the one that may use the most."""
        return max((one.share for one in self.tenants.values()), default=1.0)

    def due_for(self, now: float, visit: Visit) -> int:
        """How many starts may be rented to a tenant now."""
        me = self.tenants[visit.tenant]
        ahead = sum(one.tenant == visit.tenant and one.at > now for one in self.starts)
        wanting = [one for one in self.tenants.values() if one.wants and now < one.seen + _ACTIVE]
        rivals = [one for one in wanting if one.writes == me.writes]
        together = max(1, int(MOST_PER_SECOND * self._share * _WITHIN))
        part = -(-together // max(1, len(rivals)))
        mine = min(visit.wants, part - ahead)
        if not me.writes and len(rivals) < len(wanting):
            return min(mine, self._left_to_looks(now))
        return max(0, mine)

    def _left_to_looks(self, now: float) -> int:
        """While others write: a few a second, and whatever is left over."""
        looked = sum(not one.writes and one.at > now - 1 for one in self.starts)
        idle = self.due <= now + EVEN / (MOST_PER_SECOND * self._share)
        return int(idle or looked < _LOOKS * self._share)

    def soonest(self, now: float) -> float:
        """When the next start may be."""
        rate, starts = MOST_PER_SECOND * self._share, self.starts
        most = max(1, int(rate))
        room = starts[-most].latest + _window(self._share) if len(starts) >= most else now
        last = starts[-1].at + EVEN / rate * CLOSEST if starts else now
        return max(now, self.due, room, last)

    def rent(self, at: float, until: float, visit: Visit) -> None:
        """A start at this moment."""
        self.due = max(self.due, at - DEBT) + EVEN / (MOST_PER_SECOND * self._share)
        self.starts.append(Rented(at, until, visit.tenant, visit.writes))


@dataclass(slots=True)
class Book:
    """The allowances of all accounts that are in use."""

    accounts: dict[str, Account] = field(default_factory=dict)

    def visit(self, now: float, visit: Visit) -> Grant:
        """Take down what a tenant tells, and rent to it what it may have."""
        known = self._accounts(now, visit.account)
        for account in known:
            account.meet(now, visit)
        if visit.leaves:
            self._forget()
            return Grant((), 0, now)
        lent = min(account.lend(visit) for account in known)
        permits = self._rent(now, visit, known) if lent or visit.holds else ()
        self._forget()
        return Grant(permits, lent, now + LASTS)

    def _accounts(self, now: float, name: str) -> list[Account]:
        """Those that a visit is about: its own, or all where that is not known yet.

        What nobody knew an account of may have been of this one.
        """
        if name not in self.accounts:
            unknown = self.accounts.get(UNKNOWN)
            self.accounts[name] = deepcopy(unknown) if unknown is not None else Account(now)
        return [self.accounts[name]] if name != UNKNOWN else list(self.accounts.values())

    def _rent(self, now: float, visit: Visit, known: abc.Sequence[Account]) -> tuple[Permit, ...]:
        permits: list[Permit] = []
        count = min(account.due_for(now, visit) for account in known)
        until = now + LASTS
        for _ in range(count):
            at = max(account.soonest(now) for account in known)
            if at > now + _AHEAD or (permits and at > permits[0].at + _WITHIN):
                break
            until = min(until, at + BLOCK)  # that of the first counts for all
            for account in known:
                account.rent(at, until, visit)
            permits.append(Permit(at, at, until))
        return tuple(permits)

    def _forget(self) -> None:
        used = {name: one for name, one in self.accounts.items() if one.tenants or one.starts}
        self.accounts = used


def _window(share: float) -> float:
    """The seconds in which no more than a second's starts may lie; below one a second it is longer."""
    rate = MOST_PER_SECOND * share
    return max(1.0, max(1, int(rate)) / rate) * WINDOW


def encode(book: Book) -> str:
    """A book as text."""
    told = {name: _told(account) for name, account in book.accounts.items()}
    return json.dumps(told, separators=(",", ":"))


def _told(account: Account) -> list[object]:
    starts = [[one.at, one.latest, one.tenant, one.writes] for one in account.starts]
    tenants = {
        name: [one.seen, one.writes, one.share, one.wants, one.needs, one.held]
        for name, one in account.tenants.items()
    }
    return [account.due, starts, tenants]


def decode(text: str) -> Book:
    """A book out of its text; ValueError where it is none."""
    try:
        return Book({name: _account(*told) for name, told in json.loads(text).items()})
    except (TypeError, AttributeError) as error:
        raise ValueError("this is no book of an allowance") from error


def _account(due: float, starts: list[list[float]], tenants: dict[str, list[float]]) -> Account:
    return Account(
        due,
        [Rented(*one) for one in starts],  # type: ignore[arg-type]  # as `encode` wrote them
        {name: Tenant(*one) for name, one in tenants.items()},  # type: ignore[arg-type]  # as above
    )


def unknown(now: float) -> Book:
    """A book of which is not known what it was: for a second nothing is rented to anybody."""
    return Book({UNKNOWN: Account(now + WINDOW, [Rented(now, now, "", True)])})
