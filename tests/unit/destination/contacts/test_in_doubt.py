"""Creates in doubt: noted before they are sent, together where several come at once."""

import asyncio

import pytest

from sync.destination.contacts.in_doubt import InDoubtCreates
from sync.errors import StateError
from sync.state.memory import Doubt
from tests.support.clocks import clock_at
from tests.support.contacts import START


class Paper:
    """What a state would hold; writing takes until `dry` is set."""

    def __init__(self):
        self.kept, self.notes, self.broken = {}, [], False
        self.dry = asyncio.Event()
        self.dry.set()

    def in_doubt(self):
        """Creates in doubt, kept on this paper."""
        return InDoubtCreates(self, clock_at(START))

    async def mark_sent(self, keys, at):
        await self.dry.wait()
        if self.broken:
            raise StateError("disk full")
        self.notes.append(list(keys))
        self.kept |= dict.fromkeys(keys, Doubt(at, lost=False))

    async def mark_lost(self, keys):
        self.kept |= dict.fromkeys(keys, Doubt(START, lost=True))

    async def doubts(self, keys):
        return {key: self.kept[key] for key in keys if key in self.kept}

    async def resolve(self, keys):
        for key in keys:
            self.kept.pop(key, None)


async def test_asked_is_written_down():
    """Whoever goes on has it on paper."""
    paper = Paper()
    await paper.in_doubt().mark_sent("a")
    assert paper.kept == {"a": Doubt(START, lost=False)}


async def test_those_who_wait_are_written_down_together():
    """A slow state holds up a create once, not as often as there are others."""
    paper = Paper()
    in_doubt = paper.in_doubt()
    paper.dry.clear()
    asked = [asyncio.create_task(in_doubt.mark_sent(key)) for key in "abcd"]
    await asyncio.sleep(0)
    assert not any(task.done() for task in asked)
    paper.dry.set()
    await asyncio.gather(*asked)
    assert paper.notes in ([["a"], ["b", "c", "d"]], [["a", "b", "c", "d"]])


async def test_what_cannot_be_written_is_not_sent():
    """Nobody of those who waited goes on as if it were on paper."""
    paper = Paper()
    in_doubt = paper.in_doubt()
    paper.broken = True
    asked = [in_doubt.mark_sent(key) for key in "abcd"]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [StateError] * 4 == [type(result) for result in results]
    assert paper.kept == {}


async def test_who_is_cut_off_takes_nobody_along():
    """The run's end cancels one writer; the next one writes for all."""
    paper = Paper()
    in_doubt = paper.in_doubt()
    paper.dry.clear()
    first, second = (asyncio.create_task(in_doubt.mark_sent(key)) for key in "ab")
    await asyncio.sleep(0)
    first.cancel()
    paper.dry.set()
    await second
    with pytest.raises(asyncio.CancelledError):
        await first
    assert "b" in paper.kept


async def test_a_doubt_is_known_once_fetched():
    """And no longer once it is resolved; a lost one stays."""
    paper = Paper()
    in_doubt = paper.in_doubt()
    await in_doubt.mark_sent("a")
    await in_doubt.mark_lost("a")
    assert in_doubt.doubt("a") is None  # this run's own
    next_run = paper.in_doubt()
    await next_run.prefetch(["a", "b"])
    assert next_run.doubt("a") == Doubt(START, lost=True)
    assert next_run.doubt("b") is None
    await next_run.resolve("a")
    assert next_run.doubt("a") is None
    assert paper.kept == {}
