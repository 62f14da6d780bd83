"""Everything that waits is delivered, side by side, and written down once; a run may end at any time."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace

import pytest

from sync.domain.events import MappingReporter
from sync.domain.lookup import PAGE
from sync.domain.objects.customer import CUSTOMER
from sync.domain.plan import Policy
from sync.domain.policy import Mode, OnAbsent
from sync.domain.record import Object, Problem, Rejected
from sync.domain.results import Delivered, MappingRun, Outcome, PartlyWritten
from sync.engine.context import Stop
from sync.engine.limits import RunLimits
from sync.engine.seen_records import SeenRecords
from sync.engine.spool import Spool
from sync.engine.tags_to_come import TagsToCome
from sync.engine.write.common import CommonRecords
from sync.engine.write.deliver import Deliver
from sync.engine.write.lookups import Lookups, Pending
from sync.engine.write.recorder import Recorder
from sync.engine.write.writer import GRACE, Writer
from sync.errors import EXIT_INTERRUPTED, Answered, CutShort, Denied, RailError, StateError
from tests.support.bench import EDITION, NOW
from tests.support.clocks import clock_at
from tests.support.delivering import (
    HASHER,
    CountedLease,
    DictDestination,
    DictState,
    entry,
    lost,
    memory,
    refused,
    seen,
)
from tests.support.gates import Gate, idle
from tests.support.silent import Silent

#: More rows than workers, and than the queue has room for.
MANY = [f"k{n:03}" for n in range(400)]


class Desk(Silent):
    """A writer of these rows over a real spool, with a dict that is ChartMogul and one that is the state.

    Few rows are looked up one by one, unless they are `listed`.
    """

    def __init__(
        self,
        folder,
        *keys,
        look_first=False,
        dry_run=False,
        listed=False,
        trust_state=False,
        **limits,
    ):
        self.phases, self.results = [], []
        self.spool = Spool(folder)
        self.spool.add(entry(key, row, name="B") for row, key in enumerate(keys, 1))
        self.there = DictDestination()
        self.log = self.there.log
        self.state = DictState(self.log)
        self.stop = Stop()
        self.run = MappingRun("m", "m.yml", Object.CUSTOMER, "upsert", "ds_1")
        self.run.rows.read = len(keys)
        reporter, numbers = MappingReporter(self.run, self), RunLimits(**limits)
        state = None if dry_run else self.state
        clock = clock_at(NOW)
        remembered = 0 if listed else 500 * PAGE
        pending = Pending(self.spool, self.state, reporter, remembered, trust_state, look_first)
        policy = Policy(Mode.UPSERT, OnAbsent.REJECT, HASHER, CUSTOMER)
        self.writer = Writer(
            2,
            self.spool,
            Lookups(pending, self.there, SeenRecords(folder)),
            Deliver(self.there, policy, None if dry_run else CountedLease([])),
            Recorder(reporter, HASHER, EDITION, state, {}, numbers, clock),
            self.stop,
            dry_run,
        )

    def use(self, there):
        """Another destination is ChartMogul."""
        self.there, writer = there, self.writer
        writer.deliver = replace(writer.deliver, destination=there)
        writer.lookups = replace(writer.lookups, destination=there)
        writer.__post_init__()

    def phase(self, mapping, phase, total):
        self.phases.append((phase.value, total))

    def rows(self, mapping, results):
        self.results += results

    async def write(self):
        """Write it all; what never ends is an error, not a test that hangs."""
        async with asyncio.timeout(30):
            await self.writer.write()

    def kinds(self):
        """What was asked of ChartMogul, one word a call."""
        return [told.split()[0] for told in self.log if told.startswith(("find", "create", "upd"))]

    def ended(self):
        """How the rows of each outcome or code were told."""
        return Counter(
            r.outcome.value if isinstance(r, Delivered) else r.problems[0].code
            for r in self.results
        )

    def recorded(self):
        """The keys that the state and the reports were told of, each as often as it was."""
        return sorted(item.key for item in self.state.items), sorted(r.key for r in self.results)


@pytest.fixture
def desk(tmp_path):
    """Makes desks, and gives their spools back."""
    desks = []

    def make(*keys, **settings):
        desks.append(Desk(tmp_path, *keys, **settings))
        return desks[-1]

    yield make
    for one in desks:
        one.spool.close()


# Values that ChartMogul dropped, and that are tried again


def trial(desk, key, row, *, follows):
    """A row that is as it was, but for a role that ChartMogul dropped."""
    fields = {"name": "A", "role": "R"}
    desk.there.have(seen(key, name="A"))
    desk.state.have(memory(key, row, fields, dropped=HASHER.field("role", "R")))
    tried = entry(key, row, **fields)
    desk.spool.add([replace(tried, uuid=f"u_{key}", tries=frozenset({"role"}), follows=follows)])
    desk.run.rows.read += 1


async def test_if_one_sticks_the_others_follow(desk):
    """Once a value has stuck that was dropped before, the rows that follow are looked up and sent as well."""
    desk = desk()
    for row, key in enumerate("abc", 1):
        trial(desk, key, row, follows=row > 1)
    await desk.write()

    assert desk.ended() == {"updated": 3}
    assert desk.there.sends[0] == "update u_a role"
    assert Counter(desk.there.sends) == {f"update u_{key} role": 1 for key in "abc"}
    assert desk.recorded() == (["a", "b", "c"], ["a", "b", "c"])
    assert desk.run.rows.unprocessed == 0


@pytest.mark.parametrize("dry_run", [False, True])
async def test_if_none_sticks_the_others_stay(desk, dry_run):
    """They are unchanged, without a request, and the state is told nothing of them."""
    desk = desk(dry_run=dry_run, look_first=dry_run)
    desk.there.drops.add("role")
    for row, key in enumerate("abc", 1):
        trial(desk, key, row, follows=row > 1)
    await desk.write()

    assert desk.ended() == {"unchanged": 2, "updated": 1} if dry_run else {"unchanged": 3}
    assert desk.kinds() == (["find"] if dry_run else ["find", "update"])
    assert desk.recorded() == ([] if dry_run else ["a"], ["a", "b", "c"])


async def test_followers_that_pass_a_rail(desk):
    """They count for max_updates before any of them is sent."""
    desk = desk(look_first=True, max_updates=2)
    for row, key in enumerate("abc", 1):
        trial(desk, key, row, follows=row > 1)
    with pytest.raises(RailError, match="3 rows would be updated, and max_updates allows 2"):
        await desk.write()

    assert (desk.ended(), desk.run.rows.unprocessed) == ({"updated": 1}, 2)


async def test_followers_of_a_run_that_is_asked_to_end(desk):
    """They are not decided."""
    desk = desk()
    trial(desk, "a", 1, follows=True)
    desk.stop.request(EXIT_INTERRUPTED)
    await desk.write()

    assert desk.run.rows.unprocessed == 1


# One pass


async def test_one_pass(desk):
    """Looking, deciding and sending overlap; what became of each row is told."""
    one = desk("a", "b", "c")
    one.there.have(seen("a", name="A"), seen("b", name="B"))
    await one.write()

    assert one.phases == [("write", 3)]
    assert one.ended() == {"created": 1, "updated": 1, "unchanged": 1}
    assert one.run.rows.unprocessed == 0


async def test_each_once(desk):
    """However many workers there are, each delivery is recorded exactly once, in state and reports."""
    one = desk(*MANY)
    await one.write()

    assert one.recorded() == (MANY, MANY)
    assert Counter(dict.fromkeys(MANY, 1)) == Counter(told.split()[1] for told in one.there.sends)


async def test_a_slow_answer(desk):
    """One slow answer holds up nobody else."""
    one = desk(*MANY)
    gate = one.there.gates["create k000"] = Gate()
    last = one.there.gates["create k399"] = Gate()
    writing = asyncio.ensure_future(one.write())
    await last.arrival()
    last.open.set()
    await idle()
    assert len(one.there.sends) == len(MANY)
    assert not writing.done()
    gate.open.set()
    await writing

    assert one.recorded() == (MANY, MANY)


async def test_as_many_as_connections(desk):
    """No more are under way than there are connections, and four."""
    one = desk(*MANY)
    gate = one.there.gates["find"] = Gate()
    writing = asyncio.ensure_future(one.write())
    await gate.arrival()
    await idle()
    assert len(one.kinds()) == 2 + 4
    gate.open.set()
    await writing


async def test_nobody_is_left_behind(desk):
    """When it is over none of its tasks is."""
    before = asyncio.all_tasks()
    await desk("a", "b").write()
    await idle()

    assert before == asyncio.all_tasks()


async def test_one_bad_row(desk):
    """A row that is refused stops nobody."""
    one = desk("a", "b", "c")
    one.there.troubles["create b"] = [refused()]
    await one.write()

    assert one.ended() == {"created": 2, "refused": 1}


# Two passes


async def test_two_passes(desk):
    """Where all look-ups come first, none is made after the first write; nothing is looked up twice."""
    one = desk("a", "b", "c", look_first=True)
    one.there.have(seen("a", name="A"), seen("b", name="B"))
    await one.write()

    assert one.phases == [("look_up", None), ("write", 2)]
    assert one.kinds() == ["find"] * 3 + ["update", "create"]
    assert one.ended() == {"created": 1, "updated": 1, "unchanged": 1}


async def test_listed_in_two_passes(desk):
    """What a listing has handed out to the first pass comes again in the second one."""
    one = desk("a", "b", "c", look_first=True, listed=True)
    one.there.have(seen("a", name="A"), seen("b", name="B"))
    await one.write()

    assert one.ended() == {"created": 1, "updated": 1, "unchanged": 1}
    assert one.kinds() == ["update", "create"]


async def test_each_once_in_two_passes(desk):
    """Two passes record each row once as well."""
    one = desk(*MANY, look_first=True)
    one.there.have(*(seen(key, name="B") for key in MANY[::2]))
    await one.write()

    assert one.recorded() == (MANY, MANY)
    assert len(one.there.sends) == len(MANY) // 2


async def test_decided_by_the_first_look(desk):
    """A row that its look-up rejects is recorded then, and not delivered again."""
    one = desk("a", "b", look_first=True)
    one.there.troubles["find a"] = [lost()]
    await one.write()

    assert one.ended() == {"unavailable": 1, "created": 1}
    assert one.kinds() == ["find", "find", "create"]
    assert one.phases == [("look_up", None), ("write", 1)]


async def test_decided_once(desk):
    """A record of which nothing is to be sent is not asked about in the second pass, nor announced."""
    one = desk("a", "b", look_first=True, listed=True)
    one.there.have(seen("a", name="B"), seen("b", name="A"))
    one.state.have(memory("a", 1), memory("b", 2))
    await one.write()

    told = [told for told in one.log if told.startswith(("recall", "announce"))]
    assert told == ["recall a b", "recall b", "announce b"]
    assert one.recorded() == (["a", "b"], ["a", "b"])


async def test_set_aside_until_all_is_judged(desk):
    """What needs no write is neither remembered nor told before all look-ups are done and the rails are judged."""
    one = desk(*MANY, look_first=True, listed=True, max_updates=1)
    one.there.have(*(seen(key, name="B") for key in MANY[2:]), *(seen(key) for key in MANY[:2]))
    with pytest.raises(RailError):
        await one.write()

    assert one.recorded() == ([], [])


async def test_set_aside_as_it_was(desk):
    """What becomes of a record that is set aside is what becomes of it in one pass, in all that is remembered."""
    items = []
    for look_first in (False, True):
        one = desk("a", look_first=look_first, listed=True)
        one.there.have(seen("a", name=" B"))
        one.state.have(memory("a", sent={"name": "B"}, dropped=HASHER.field("name", "C")))
        await one.write()
        items.append(one.state.items)

    assert items[0] == items[1]


async def test_renamed_rows_are_decided_again(desk):
    """A row whose record had another key is not set aside: by its former key it may still be asked for."""
    one = desk(look_first=True, listed=True)
    row = entry("new", 1, "u_old", name="B")
    one.spool.add([replace(row, record=replace(row.record, was="old"))])
    one.there.have(seen("old", name="B"))
    one.state.have(memory("old"))
    one.run.rows.read = 1
    await one.write()

    assert list(one.spool.settled()) == []
    assert one.ended() == {"unchanged": 1}


async def test_a_rival_takes_its_turn_again(desk):
    """What the plan rejects is rejected by the second pass, with what it knows by then."""
    one = desk("a", look_first=True)
    one.there.have(seen("a", name="A"))
    one.there.rivals["u_a"] = Problem("same_record", "the same")
    await one.write()

    assert one.ended() == {"same_record": 1}
    assert one.recorded() == (["a"], ["a"])


async def test_remembered_in_two_passes(desk):
    """What the state is trusted with needs no look in either pass."""
    one = desk("a", look_first=True, trust_state=True)
    one.there.have(seen("a", name="A"))
    one.state.have(memory("a"))
    await one.write()

    assert one.kinds() == ["update"]


async def test_announced_before_the_second_pass(desk):
    """The state is told what is about to be written after the last look, before the first write."""
    one = desk("a", look_first=True)
    one.there.have(seen("a", name="A"))
    one.state.have(memory("a"))
    await one.write()

    told = [told.split()[0] for told in one.log]
    assert told.index("find") < told.index("announce") < told.index("update")


@pytest.mark.parametrize(
    ("limits", "there", "message"),
    [
        ({"max_creates": 1}, "", "2 rows would be created, and max_creates allows 1"),
        ({"max_updates": 1}, "ab", "2 rows would be updated, and max_updates allows 1"),
    ],
)
async def test_rails_between(desk, limits, there, message):
    """Rails are judged between the passes: one that is passed stops before the first write."""
    one = desk("a", "b", look_first=True, **limits)
    one.there.have(*(seen(key, name="A") for key in there))
    with pytest.raises(RailError, match=message):
        await one.write()

    assert one.there.sends == []
    assert one.run.rows.unprocessed == 2


async def test_rails_that_hold(desk):
    """As many as are allowed are written; what is left alone counts for nothing."""
    one = desk("a", "b", "c", look_first=True, max_creates=1, max_updates=1)
    one.there.have(seen("a", name="A"), seen("b", name="B"))
    await one.write()

    assert one.ended() == {"created": 1, "updated": 1, "unchanged": 1}


async def test_dry_run(desk):
    """A dry run foretells what the run would do and cost; nothing is sent, the state is left alone."""
    one = desk("a", "b", "c", look_first=True, dry_run=True)
    one.there.have(seen("a", name="A"), seen("b", name="B"))
    await one.write()

    assert one.ended() == {"created": 1, "updated": 1, "unchanged": 1}
    assert one.writer.recorder.cost == 2
    assert (one.there.sends, one.state.items) == ([], [])
    assert sorted(told for told in one.log if told.startswith("foresee")) == [
        "foresee a u_a",
        "foresee c",
    ]


async def test_foretold_once(desk):
    """What a dry run tells of a record that is told by its key is told by the first look."""
    one = desk("a", "b", "c", look_first=True, dry_run=True, listed=True)
    one.there.have(seen("a", name="A"), seen("b", name="B"))
    await one.write()

    assert [told for told in one.log if told.startswith("recall")] == ["recall a b", "recall c"]
    assert one.ended() == {"created": 1, "updated": 1, "unchanged": 1}
    assert one.writer.recorder.cost == 2


@dataclass(slots=True)
class ShownLate(DictDestination):
    """Only a later page shows the type of an attribute: without it an update takes a request more."""

    def requests(self, outcome, changes):
        return ("patch",) if "page 4" in self.log else ("patch", "post")


@pytest.mark.parametrize("dry_run", [False, True])
async def test_types_that_a_later_page_shows(desk, dry_run):
    """What is foretold, and held against max_requests, is what is sent once all pages were read."""
    one = desk(*"abcdefghij", look_first=True, listed=True, dry_run=dry_run, max_requests=10)
    there = ShownLate(log=one.log).have(*(seen(key, name="A") for key in "abcdefghij"))
    one.use(there)
    await one.write()

    assert one.ended() == {"updated": 10}
    assert one.writer.recorder.cost == (10 if dry_run else 0)


async def test_foretold_as_in_two_passes(desk, tmp_path):
    """Nothing of a row's result is lost where it is kept until all is judged."""
    told, left, tags = [], SeenRecords(tmp_path), TagsToCome(tmp_path)
    for common in (None, CommonRecords("ds_1", "m", (), (), left, tags)):
        one = desk("a", "b", look_first=True, dry_run=True)
        one.writer.deliver = replace(one.writer.deliver, common=common)
        one.there.have(seen("a", name="A", tags=("x",)))
        await one.write()
        told.append(sorted(one.results, key=lambda result: result.row))
    left.close()

    assert told[0] == told[1]
    assert [result.outcome for result in told[0]] == [Outcome.UPDATED, Outcome.CREATED]


async def test_foretold_of_others(desk):
    """Who asks for a record that would be created finds that it is not there, and would be."""
    one = desk("a", "b", look_first=True, dry_run=True)
    one.there.have(seen("a", name="A"))
    await one.write()

    assert one.spool.absent(["a", "b"]) == {"b"}


@pytest.mark.parametrize("rail", [{"max_creates": 1}, {"max_requests": 1}])
async def test_foretold_once_all_is_judged(desk, rail):
    """A dry run that a rail stops tells of no row that it would be written, nor what that would cost."""
    one = desk("a", "b", look_first=True, dry_run=True, **rail)
    with pytest.raises(RailError):
        await one.write()

    assert (one.results, one.writer.recorder.cost) == ([], 0)


# An end before the last row


async def test_a_failure_ends_it(desk):
    """What no row survives is raised, but only once what was under way is recorded; nothing new starts."""
    one = desk(*MANY)
    gate = one.there.gates["create k000"] = Gate()
    one.there.troubles["find k001"] = [Denied("the key is wrong", Answered(401))]
    writing = asyncio.ensure_future(one.write())
    await gate.arrival()
    await idle()
    assert not writing.done()
    gate.open.set()
    with pytest.raises(Denied, match="the key is wrong"):
        await writing

    state, reports = one.recorded()
    assert state == reports
    assert "k000" in state
    assert "k001" not in state
    assert len(state) < 20


async def test_an_end_half_way(desk):
    """What a record had come to when the run ended is told and remembered, and then the run ends."""
    one = desk("a", "b")
    one.there.have(seen("a", name="A"))
    one.there.half_way = CutShort(Denied("the key is wrong", Answered(401)))
    with pytest.raises(Denied):
        await one.write()

    told = next(result for result in one.results if isinstance(result, PartlyWritten))
    assert (told.rejected.key, told.changes) == ("a", {"name": ("A", "B")})
    assert (
        told.rejected.problems[0].message
        == "the run ended in the middle of this row: the key is wrong"
    )
    assert [item.uncertain for item in one.state.items if item.key == "a"] == [True]


async def test_the_first_failure_counts(desk):
    """Of several failures the first one is raised."""
    one = desk("a", "b")
    first = one.there.gates["find b"] = Gate()
    second = one.there.gates["find a"] = Gate()
    one.there.troubles["find b"] = [Denied("first", Answered(401))]
    one.there.troubles["find a"] = [Denied("second", Answered(401))]
    writing = asyncio.ensure_future(one.write())
    await first.arrival()
    await second.arrival()
    first.open.set()
    await idle()
    second.open.set()
    with pytest.raises(Denied, match="first"):
        await writing


async def test_a_failure_of_the_look_ups(desk):
    """A listing that breaks off ends it, too; what it has shown by then is delivered."""
    one = desk("a", "b", "c", "d", listed=True)
    one.there.have(*(seen(key) for key in "abcd"))
    one.there.troubles["page 2"] = [Denied("no more", Answered(402))]
    with pytest.raises(Denied, match="no more"):
        await one.write()

    assert one.run.rows.unprocessed == 4 - one.run.rows.updated
    assert [told for told in one.log if told.startswith("find")] == []


async def test_no_page_too_many(desk):
    """After a failure the listing is not read to its end."""
    keys = MANY[:40]
    one = desk(*keys, listed=True)
    one.there.have(*(seen(key, name="A") for key in keys))
    one.there.troubles["update"] = [Denied("no", Answered(401))]
    gate, update = Gate(), Gate()
    one.there.gates |= {"page 2": gate, "update": update}
    writing = asyncio.ensure_future(one.write())
    await gate.arrival()
    await update.arrival()
    update.open.set()
    await idle()
    gate.open.set()
    with pytest.raises(Denied):
        await writing

    assert [told for told in one.log if told.startswith("page")] == ["page 1", "page 2"]
    assert "listing closed" in one.log


async def test_a_failure_of_the_first_pass(desk):
    """Nothing is written after look-ups that broke off."""
    one = desk("a", "b", look_first=True)
    one.there.troubles["find b"] = [Denied("no", Answered(401))]
    with pytest.raises(Denied):
        await one.write()

    assert (one.there.sends, one.phases) == ([], [("look_up", None)])


async def test_a_state_that_breaks(desk):
    """Where the state cannot be written no more is sent than was under way, and all of it is reported."""
    one = desk(*MANY)
    one.state.broken = StateError("the disk is full")
    with pytest.raises(StateError):
        await one.write()

    told = [told.split()[1] for told in one.there.sends]
    assert 100 <= len(told) < 120  # a hundred are written down together
    assert sorted(told) == one.recorded()[1]


async def test_too_many_rejected(desk):
    """The rail on rejected rows ends it while it writes; the rows that passed it are told."""
    one = desk(*MANY, max_rejected=3)
    one.there.troubles["create"] = [refused() for _ in MANY]
    with pytest.raises(RailError, match="4 rows are rejected"):
        await one.write()

    assert 4 <= one.run.rows.rejected < 20
    assert all(isinstance(result, Rejected) for result in one.results)


async def test_a_bug(desk):
    """An error that is none of ours is not taken for an end: it is raised, after what is known is recorded."""
    one = desk("a", "b")
    one.there.troubles["create b"] = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        await one.write()

    assert one.recorded() == (["a"], ["a"])


@pytest.mark.parametrize("look_first", [False, True])
async def test_asked_to_end(desk, look_first):
    """Once the run is asked to end nothing new starts; what is under way is finished and recorded."""
    one = desk(*MANY, look_first=look_first)
    gate = one.there.gates["create"] = Gate()
    writing = asyncio.ensure_future(one.write())
    await gate.arrival()
    await idle()
    under_way = sorted(told.split()[1] for told in one.there.sends)
    one.stop.request(EXIT_INTERRUPTED)
    gate.open.set()
    await writing

    assert len(under_way) == 2 + 4
    assert (under_way, under_way) == one.recorded()
    assert one.run.rows.unprocessed == len(MANY) - 6


async def test_asked_to_end_before_the_first_row(desk):
    """Then nothing starts at all."""
    one = desk(*MANY)
    one.stop.request(EXIT_INTERRUPTED)
    await one.write()

    assert one.kinds() == []


async def test_cut_short(desk):
    """What does not finish in its time is cut off and not recorded; what did is."""
    one = desk("a", "b", "c")
    one.writer.grace = 0.0
    gate = one.there.gates["create b"] = Gate()
    writing = asyncio.ensure_future(one.write())
    await gate.arrival()
    await idle()
    one.stop.request(EXIT_INTERRUPTED)
    await writing

    assert one.recorded() == (["a", "c"], ["a", "c"])
    assert set() == one.there.turns


async def test_time_to_finish(desk):
    """Until then requests may finish; supervisors kill after ten seconds."""
    one = desk("a")
    assert 5 <= one.writer.grace == GRACE < 10
    gate = one.there.gates["create a"] = Gate()
    writing = asyncio.ensure_future(one.write())
    await gate.arrival()
    one.stop.request(EXIT_INTERRUPTED)
    await idle()
    assert not writing.done()
    gate.open.set()
    await writing

    assert {Outcome.CREATED.value: 1} == one.ended()


async def test_another_mapping_failed(desk):
    """What ends the whole run ends this mapping as well, with the same error."""
    one = desk(*MANY)
    gate = one.there.gates["create"] = Gate()
    writing = asyncio.ensure_future(one.write())
    await gate.arrival()
    one.stop.fail(Denied("the other one", Answered(401)))
    gate.open.set()
    with pytest.raises(Denied, match="the other one"):
        await writing

    assert len(one.recorded()[0]) == 2 + 4
