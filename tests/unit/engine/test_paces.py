"""A pace for each account, with the limits that settings, book and purpose leave."""

import asyncio
from dataclasses import dataclass, field

import pytest

from sync.allowance.opening import Unshared
from sync.domain.allowance import UNKNOWN, Grant, Visit
from sync.engine.paces import Paces
from sync.settings import Settings
from tests.support.clocks import Hurry


@dataclass
class Seen:
    """A book that lends everything, and remembers who came."""

    visits: list[Visit] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def clock(self) -> float:
        """It stands still."""
        return 0.0

    async def visit(self, visit: Visit) -> Grant:
        """Nothing but connections."""
        self.visits.append(visit)
        self.came.set()
        return Grant((), 20, 1.0)


def settings(**variables: str) -> Settings:
    """With these variables."""
    return Settings.load(variables)


def test_one_pace_for_each_account():
    """Two keys of one account share it; another account has another one."""
    paces = Paces(settings())

    assert paces.of("acc_1") is paces.of("acc_1")
    assert paces.of("acc_1") is not paces.of("acc_2")
    assert paces.of(None) is paces.of(UNKNOWN)


@pytest.mark.parametrize(
    ("reason", "writes", "expected"),
    [
        ("", True, (40, 20)),
        ("", False, (40, 20)),
        ("permission denied", True, (40, 20)),
        ("permission denied", False, (4, 1)),
    ],
)
def test_without_a_book(reason, writes, expected):
    """Who only looks then takes little; where nobody else can be, all is as ever."""
    paces = Paces(settings(), Unshared(reason), writes)
    pace = paces.of("acc")

    assert (paces.rate, paces.connections) == expected
    assert pace.allowance * 1.02 == pytest.approx(expected[0])
    assert pace.connections == expected[1]


def test_what_is_said_of_a_run_that_nobody_knows_of():
    """Once, with the reason; who only looks has nothing to say."""
    paces = Paces(settings(SYNC_SHARE="50%"), Unshared("permission denied"))

    assert paces.warning == (
        "other processes on this state cannot be told what this run sends, since the book of the account's allowance"
        " cannot be written (permission denied): it sends up to 20 requests a second whatever they do; see SYNC_SHARE"
    )
    assert Paces(settings(), Unshared("permission denied"), writes=False).warning == ""
    assert Paces(settings(), Unshared("")).warning == ""
    assert Paces(settings(), Seen()).warning == ""


async def test_what_the_book_is_told():
    """Name, account, purpose and share; before the account is known, another tenant asks for it."""
    book = Seen()
    paces = Paces(settings(SYNC_SHARE="60%"), book, writes=False, name="me")
    for account in (None, "acc"):
        asking = asyncio.ensure_future(paces.of(account).start().__aenter__())
        await book.came.wait()
        book.came.clear()
        asking.cancel()
    await paces.close()
    told = {(v.tenant, v.account, v.writes, v.share) for v in book.visits if not v.leaves}

    assert told == {("me?", UNKNOWN, False, 0.6), ("me", "acc", False, 0.6)}
    assert {v.tenant for v in book.visits if v.leaves} == {"me", "me?"}


async def test_what_was_sent_before_the_account_was_known():
    """Without a book as well, the first second of a run has no request more than any other."""
    hurry = Hurry()
    paces = Paces(settings(SYNC_REQUESTS_PER_SECOND="1"), clock=hurry.clock, sleep=hurry.sleep)
    async with paces.of(None).start():
        await paces.of(None).depart()
    async with paces.of("acc").start():
        await paces.of("acc").depart()

    assert hurry.at >= 1.0
