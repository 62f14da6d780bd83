"""A canary: some rows of each kind go first, and nothing follows where one of them did not arrive as it was sent."""

import asyncio
from collections import abc
from pathlib import Path

import pytest

from sync.domain.fingerprint import HASH_SIZE
from sync.engine.write.canary import WAITS, Canary
from sync.errors import Interrupted, RailError
from tests.support.bench import NOW
from tests.support.clocks import clock_at
from tests.support.delivering import HASHER, entry, memory, refused, seen
from tests.support.gates import Gate
from tests.unit.engine.write.test_writer import Desk

#: Half of them are there already, with another name.
KEYS = [f"{kind}{n}" for n in range(4) for kind in ("new", "old")]


@pytest.fixture
def desk(tmp_path: Path) -> abc.Iterator[Desk]:
    """A writer with a canary of two."""
    desk = Desk(tmp_path, *KEYS, look_first=True)
    desk.there.have(*(seen(key, name="A") for key in KEYS if key.startswith("old")))
    ahead(desk, 2)
    yield desk
    desk.spool.close()


def ahead(desk: Desk, most: int) -> None:
    """So many of each kind go first."""
    policy = desk.writer.deliver.policy
    desk.writer.canary = Canary(most, desk.there, policy, clock_at(NOW))


async def test_some_of_each_kind_go_first(desk):
    """Two creates and two updates are sent and read back before the others, and all arrive."""
    await desk.write()

    calls = [told.split()[0] for told in desk.log if told.startswith(("create", "upd", "show"))]
    assert sorted(calls[:4]) == ["create", "create", "update", "update"]
    assert calls[4:8] == ["show"] * 4
    assert sorted(calls[8:]) == ["create", "create", "update", "update"]
    assert desk.ended() == {"created": 4, "updated": 4}
    assert [(one.operation, one.fields, one.different) for one in desk.run.canary] == [
        (kind, {"name": ("B", "B")}, ()) for kind in (one.operation for one in desk.run.canary)
    ]


async def test_a_refused_row(desk):
    """Nothing more is written."""
    desk.there.troubles["create new0"] = [refused()]
    with pytest.raises(RailError, match="row 1: refused") as raised:
        await desk.write()

    assert raised.value.rail == "canary"
    assert len(desk.there.sends) == 4
    assert desk.run.rows.unprocessed == 4
    assert [one.refused for one in desk.run.canary if one.refused] == ["refused"]


async def test_a_field_that_differs(desk, monkeypatch):
    """What the answer showed and a look does not, after three looks."""
    looks = []

    async def show(uuid):
        looks.append(uuid)
        return seen(uuid.removeprefix("u_"), name="Z" if uuid == "u_old0" else "B")

    monkeypatch.setattr(type(desk.there), "show", lambda self, uuid: show(uuid))
    with pytest.raises(RailError, match="row 2: name differs"):
        await desk.write()

    assert looks.count("u_old0") == len(WAITS) == 3
    assert len(looks) == 3 + 3
    assert len(desk.there.sends) == 4
    (bad,) = (one for one in desk.run.canary if one.different)
    assert (bad.key, bad.fields) == ("old0", {"name": ("B", "Z")})


async def test_a_look_that_lags(desk, monkeypatch):
    """What shows after a while is as it was sent."""
    shown = type(desk.there).show
    late = iter("ZZB")

    async def show(self, uuid):
        found = await shown(self, uuid)
        return seen("old0", name=next(late)) if uuid == "u_old0" else found

    monkeypatch.setattr(type(desk.there), "show", show)
    await desk.write()

    assert desk.ended() == {"created": 4, "updated": 4}


async def test_a_new_drop(desk):
    """A value that ChartMogul drops in silence stops it, the first time."""
    desk.there.drops.add("name")
    with pytest.raises(RailError, match="name differs"):
        await desk.write()

    assert len(desk.there.sends) == 4


async def test_a_known_drop(tmp_path):
    """A value that is remembered as dropped does not."""
    desk = Desk(tmp_path, look_first=True)
    fields = {"name": "B", "role": "R"}
    dropped = HASHER.field("role", "R")
    assert len(dropped) == HASH_SIZE
    desk.spool.add([entry("a", 1, "u_a", **fields)])
    desk.run.rows.read = 1
    desk.there.have(seen("a", name="A")).drops.add("role")
    desk.state.have(memory("a", 1, {"name": "A"}, dropped=dropped))
    ahead(desk, 1)
    await desk.write()

    assert desk.ended() == {"updated": 1}
    desk.spool.close()


async def test_larger_than_the_run(desk):
    """Then it is the run."""
    ahead(desk, 100)
    await desk.write()

    assert desk.ended() == {"created": 4, "updated": 4}
    assert len(desk.run.canary) == 8


async def test_asked_to_end_while_it_is_read_back(desk):
    """Nobody waits for an answer that does not come; nothing more is written."""
    gate = desk.there.gates["show"] = Gate()
    writing = asyncio.ensure_future(desk.write())
    await gate.arrival()
    desk.writer.stop.request(143)
    with pytest.raises(Interrupted, match="before the canary was read back"):
        await writing

    assert len(desk.there.sends) == 4
    assert desk.run.rows.unprocessed == 4
