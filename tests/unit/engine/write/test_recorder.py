"""What became of rows is written down: state first, then counted and reported, whatever happens."""

import asyncio
from dataclasses import replace

import pytest

from sync.domain.clock import Clock
from sync.domain.events import MappingReporter
from sync.domain.fingerprint import Hasher, join
from sync.domain.plan import Absent, Changes, Seen
from sync.domain.policy import Mode
from sync.domain.record import Object, Problem, Record, Rejected, Stage, Value
from sync.domain.results import Delivered, MappingRun, Outcome, PartlyWritten
from sync.engine.limits import RunLimits
from sync.engine.spool import Entry
from sync.engine.write.delivery import Delivery
from sync.engine.write.recorder import Recorder
from sync.errors import Answered, RailError, Refused, StateError, Unavailable
from sync.state.memory import Confirmed, Drop, Held, Observed, RejectedRow
from tests.support.bench import EDITION, NOW
from tests.support.silent import Silent

HASHER = Hasher(b"salt")
FIELDS: dict[str, Value] = {
    "country": "DE",
    "attributes.seats": 5,
    "attributes.plan": None,
    "attributes.on": False,
}
SEEN = Seen("cus_u", {}, (("ds_1", "k1"), ("ds_1", "k2")))


class Desk(Silent):
    """A recorder, and everything that it told in its order."""

    def __init__(self, *, dry_run=False, rails=None, broken=False):
        self.told = []
        self.broken = broken
        self.now = 1000.0
        self.gate = asyncio.Event()
        self.gate.set()
        self.run = MappingRun("m", "m.yml", Object.CUSTOMER, Mode.UPSERT, "ds_1")
        self.recorder = Recorder(
            MappingReporter(self.run, self),
            HASHER,
            EDITION,
            None if dry_run else self,
            {},
            rails or RunLimits(),
            Clock(lambda: NOW, lambda: self.now, asyncio.sleep, lambda: 0.0),
        )

    async def remember(self, items, attributes, types):
        await self.gate.wait()
        if self.broken:
            raise StateError("the disk is full")
        self.told.append(("state", items, attributes))

    def rows(self, run, results):
        self.told.append(("report", results, self.run.rows.decided))

    @property
    def items(self):
        return [item for what, items, _ in self.told if what == "state" for item in items]

    @property
    def attributes(self):
        return {key for what, _, keys in self.told if what == "state" for key in keys}

    @property
    def results(self):
        return [r for what, results, _ in self.told if what == "report" for r in results]


def record_delivered(desk, row=1, result=None, known=SEEN, dropped=frozenset()):
    desk.recorder.record(Delivery(entry(row), result or delivered(row), known, dropped))


def record_rejected(desk, row=1, result=None, error=None, uuid=None):
    desk.recorder.record(Delivery(entry(row), result or rejected(row), error=error, uuid=uuid))


def entry(row=1, fields=FIELDS):
    return Entry(Record(row, f"k{row}", fields), b"print")


def delivered(row=1, outcome=Outcome.UPDATED):
    return Delivered(row, f"k{row}", outcome, "why", "cus_u")


def rejected(row=1, status=422, field="country"):
    return Rejected(
        row, f"k{row}", Stage.SEND, (Problem("refused", "no", field), Problem("b", "c")), status
    )


def refused(status=422):
    return Refused("no", Answered(status))


async def test_delivered():
    """The state keeps the uuid, the fingerprint, the hashes of what is there, and of what was dropped."""
    desk = Desk()
    dropped = frozenset({HASHER.field("country", "DE"), HASHER.field("country", "AT")})

    record_delivered(desk, dropped=dropped)
    await desk.recorder.flush()

    assert desk.items == [
        Confirmed(
            "k1",
            "cus_u",
            2,
            b"print",
            join(HASHER.fields(FIELDS) - dropped),
            HASHER.field("country", "DE"),
            Outcome.UPDATED,
            drops=(Drop("country", sent=False),),
            rivals=("k2",),
        )
    ]
    assert [delivered()] == desk.results
    assert desk.run.rows.updated == 1


async def test_drops_that_stick():
    """That none is left of those that the state knew of is told, and what was tried of a rejected row."""
    desk = Desk()
    entry_ = replace(entry(2), tries=frozenset({"country"}))
    desk.recorder.record(Delivery(entry(1), delivered(1), SEEN, had_drops=True))
    desk.recorder.record(Delivery(entry_, rejected(2), error=refused()))
    await desk.recorder.flush()

    assert (desk.items[0].drops, desk.items[1].tried) == ((), ("country",))


async def test_pairs_unknown():
    """The number of pairs stays as it was where no look-up showed it."""
    desk = Desk()
    record_delivered(desk, known=None)
    record_delivered(desk, 2, Delivered(2, "k2", Outcome.SKIPPED, "why"), Absent())
    await desk.recorder.flush()

    assert [item.pairs for item in desk.items] == [None, None]


async def test_locked_attributes():
    """Attributes that got a value have a type from now on: not those without one, not dropped ones."""
    desk = Desk()
    record_delivered(desk)
    await desk.recorder.flush()
    assert {"seats", "on"} == desk.attributes

    desk = Desk()
    dropped = frozenset({HASHER.field("attributes.on", False)})
    record_delivered(desk, dropped=dropped)
    await desk.recorder.flush()
    assert {"seats"} == desk.attributes


@pytest.mark.parametrize("refused", [False, True], ids=["at once", "once it was sent"])
async def test_attributes_of_a_rejected_row(refused):
    """What a look-up shows of a row that is rejected has its type: a create that was lost may have brought it."""
    desk = Desk()
    seen = replace(SEEN, fields={"attributes.seats": 5, "attributes.on": True})
    known, looked = (None, seen) if refused else (seen, None)
    desk.recorder.record(Delivery(entry(), rejected(), known, looked=looked))
    await desk.recorder.flush()
    assert {"seats"} == desk.attributes


async def test_attributes_that_a_plan_does_not_list():
    """What differs and was not sent has no type because of this row."""
    desk = Desk()
    unsent = frozenset({"attributes.seats"})
    desk.recorder.record(replace(Delivery(entry(), delivered(), SEEN), unsent=unsent))
    await desk.recorder.flush()
    assert {"on"} == desk.attributes


async def test_skipped():
    """A record that the mode left alone keeps its uuid, without a fingerprint."""
    desk = Desk()
    record_delivered(desk, result=delivered(outcome=Outcome.SKIPPED))
    await desk.recorder.flush()

    assert [Observed("k1", "cus_u", 2, Outcome.SKIPPED, rivals=("k2",))] == desk.items
    assert set() == desk.attributes


@pytest.mark.parametrize("status", [400, 422])
async def test_held(status):
    """A refusal of the row itself is held back from now on."""
    desk = Desk()
    record_rejected(desk, result=rejected(status=status), error=refused(status))
    await desk.recorder.flush()

    mark = HASHER.mark(b"print", EDITION)
    held = Held(mark, NOW, status, "country", "refused", "no")
    assert [RejectedRow("k1", "refused", None, True, held, sent=mark)] == desk.items
    assert desk.run.rows.rejected == 1


@pytest.mark.parametrize(
    ("status", "error", "uncertain"),
    [
        (404, refused(404), True),
        (409, refused(409), True),
        (422, Refused("Sign in", Answered(422, "<html>", garbled=True)), True),
        (503, Unavailable("no", Answered(503), sent=True), True),
        (422, Unavailable("no", Answered(422), sent=True), True),
        (None, None, False),
    ],
)
async def test_not_held(status, error, uncertain):
    """Everything else is tried again each run; after a failed request only a look-up is trusted.

    What was sent is noted all the same: a part of it may have arrived, and an undo puts that back.
    """
    desk = Desk()
    record_rejected(desk, result=rejected(status=status), error=error, uuid="cus_u")
    await desk.recorder.flush()

    sent = HASHER.mark(b"print", EDITION) if uncertain else None
    assert [RejectedRow("k1", "refused", "cus_u", uncertain, sent=sent)] == desk.items


async def test_partly_written():
    """What stuck of a rejected row locks types as well; the row counts as rejected, once."""
    desk = Desk()
    changes: Changes = {
        "country": (None, "DE"),
        "attributes.seats": (4, 5),
        "attributes.plan": ("x", None),
    }
    result = PartlyWritten(rejected(), "cus_u", True, changes)
    record_rejected(desk, result=result, error=refused(), uuid="cus_u")
    await desk.recorder.flush()

    assert ({"seats"}, [result], 1) == (desk.attributes, desk.results, desk.run.rows.rejected)
    assert desk.items[0].held is not None


async def test_rail():
    """The row that is one too many ends the run, and is recorded all the same."""
    desk = Desk(rails=RunLimits(max_rejected=2))
    desk.run.rows.rejected = 1
    record_rejected(desk, 1, error=refused())
    with pytest.raises(RailError, match="3 rows are rejected"):
        record_rejected(desk, 2, error=refused())
    await desk.recorder.flush()

    assert (desk.run.rows.rejected, len(desk.items)) == (3, 2)


async def test_rail_while_writing():
    """Rows on their way into the state count."""
    desk = Desk(rails=RunLimits(max_rejected=1))
    record_rejected(desk, 1, error=refused())
    desk.gate.clear()
    flushing = asyncio.create_task(desk.recorder.flush())
    await asyncio.sleep(0)

    with pytest.raises(RailError):
        record_rejected(desk, 2, error=refused())
    desk.gate.set()
    await flushing
    await desk.recorder.flush()
    assert desk.run.rows.rejected == 2


async def test_rail_after_writing():
    """Rows that are counted are not counted again."""
    desk = Desk(rails=RunLimits(max_rejected=3))
    for row in (1, 2, 3):
        record_rejected(desk, row, error=refused())
        await desk.recorder.flush()

    assert desk.run.rows.rejected == 3


async def test_order():
    """State, tally, report: what is reported has been remembered and counted."""
    desk = Desk()
    record_delivered(desk)
    await desk.recorder.flush()

    assert [(told[0], len(told)) for told in desk.told] == [("state", 3), ("report", 3)]
    assert desk.told[1][2] == 1


async def test_broken_state():
    """What ChartMogul confirmed is reported even where the state cannot be written any more."""
    desk = Desk(broken=True)
    record_delivered(desk)
    with pytest.raises(StateError):
        await desk.recorder.flush()

    assert ([delivered()], 1) == (desk.results, desk.run.rows.updated)
    await desk.recorder.flush()
    assert [delivered()] == desk.results


async def test_dry_run():
    """A dry run counts and reports, and writes nothing."""
    desk = Desk(dry_run=True)
    desk.recorder.record(Delivery(entry(), delivered(), cost=2))
    desk.recorder.record(Delivery(entry(2), delivered(2, Outcome.CREATED), cost=1))
    record_delivered(desk, 3, delivered(3, Outcome.UNCHANGED))
    await desk.recorder.flush()

    assert (desk.recorder.cost, desk.items) == (3, [])
    assert [result.row for result in desk.results] == [1, 2, 3]
    assert (desk.run.rows.updated, desk.run.rows.created, desk.run.rows.unchanged) == (1, 1, 1)


async def test_nothing():
    """Nothing is told where nothing happened."""
    desk = Desk()
    await desk.recorder.breathe()
    await desk.recorder.flush()

    assert desk.told == []


async def test_breathe():
    """Rows are written down by the hundred, or after half a second."""
    desk = Desk()
    await desk.recorder.flush()

    def deliver(rows):
        for row in rows:
            record_delivered(desk, row, known=None)

    deliver(range(1, 100))
    await desk.recorder.breathe()
    assert len(desk.items) == 0
    deliver([100])
    await desk.recorder.breathe()
    assert len(desk.items) == 100
    deliver([101])
    desk.now += 0.49
    await desk.recorder.breathe()
    assert len(desk.items) == 100
    desk.now += 0.01
    await desk.recorder.breathe()
    assert len(desk.items) == 101


async def test_a_worker_that_is_cut_off():
    """What a cut-off worker was about to write down is written."""
    desk = Desk()
    record_delivered(desk)
    desk.gate.clear()
    worker = asyncio.create_task(desk.recorder.breathe())
    await asyncio.sleep(0)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    desk.gate.set()
    await desk.recorder.flush()

    assert 1 == len(desk.items) == desk.run.rows.updated
