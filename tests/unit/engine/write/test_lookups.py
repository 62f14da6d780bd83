"""What waits is handed out, each record once, with what the cheaper way of looking up has shown of it."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from sync.domain.events import MappingReporter
from sync.domain.fingerprint import RULES
from sync.domain.lookup import PAGE
from sync.domain.plan import Absent, Remembered
from sync.domain.record import Object, Record
from sync.domain.results import MappingRun
from sync.engine.seen_records import SeenRecords
from sync.engine.spool import Entry, Spool
from sync.engine.write.delivery import Job
from sync.engine.write.lookups import Lookups, Pending
from sync.errors import Refused
from tests.support.delivering import DictDestination, DictState, entry, memory, refused, seen
from tests.support.gates import Gate, idle
from tests.support.silent import Silent

LOST_STATE = (
    "the state knows nothing of this data source, but ChartMogul has {} records in it."
    " If this is not the first run, the state's volume was lost. The records are looked up"
    " and adopted; nothing is created twice"
)


class Desk(Silent):
    """Look-ups over a real spool, with a dict that is ChartMogul and one that is the state."""

    def __init__(self, folder, *entries, remembered=0, trust_state=False, look_first=False):
        self.warnings = []
        self.spool = Spool(folder)
        self.spool.add(entries)
        self.there = DictDestination()
        self.log = self.there.log
        self.state = DictState(self.log)
        run = MappingRun("m", "m.yml", Object.CUSTOMER, "upsert", "ds_1")
        reporter = MappingReporter(run, self)
        self.pending = Pending(
            self.spool, self.state, reporter, remembered, trust_state, look_first
        )
        self.lookups = Lookups(self.pending, self.there, SeenRecords(folder))

    def warned(self, mapping, message):
        self.warnings.append(message)

    async def known(self):
        """What is known of every job by its key, in the order in which they come."""
        jobs = [job async for job in self.lookups.jobs()]
        assert len({job.record.key for job in jobs}) == len(jobs)
        return {job.record.key: job.known for job in jobs}

    def pages(self):
        """The pages that were asked for."""
        return [int(told.split()[1]) for told in self.log if told.startswith("page")]


@pytest.fixture
def desk(tmp_path):
    """Makes desks, and gives their spools back."""
    desks = []

    def make(*entries, **settings):
        desks.append(Desk(tmp_path, *entries, **settings))
        return desks[-1]

    yield make
    for one in desks:
        one.spool.close()


def entries(keys, **fields):
    """A row for each of these keys."""
    return [entry(key, row, **fields) for row, key in enumerate(keys, 1)]


def contact(row, key, customer, uuid=None):
    """A contact on its way."""
    return Entry(Record(row, key, {}, customer), b"", uuid)


# What waits, in numbers


def test_numbers(desk):
    """All that waits needs a look, but for remembered records where the state is trusted."""
    rows = [contact(1, "a", "c1"), contact(2, "b", "c1", "u_b"), contact(3, "c", "c2")]

    assert desk(*rows).pending.to_look_up() == 3
    assert desk(*rows, trust_state=True).pending.to_look_up() == 2


def test_numbers_of_contacts(desk):
    """Contacts are looked up customer by customer, known ones by their uuid unless the state is trusted."""
    rows = [contact(1, "a", "c1"), contact(2, "b", "c1"), contact(3, "c", "c2", "u_c")]

    assert desk(*rows).pending.one_by_one() == 2
    assert desk(*rows, trust_state=True).pending.one_by_one() == 1
    assert desk(*rows).pending.parents() == 1
    assert desk(*rows).pending.unknown() == 2


def test_numbers_of_rows_to_look_at_first(desk):
    """A remembered record that is looked at first counts as a look-up, with a state that is trusted as well."""
    rows = [contact(1, "a", "c1", "u_a"), replace(contact(2, "b", "c1", "u_b"), unsure=True)]

    assert desk(*rows, trust_state=True).pending.to_look_up() == 1
    assert desk(*rows, trust_state=True).pending.one_by_one() == 1
    assert desk(*rows).pending.to_look_up() == desk(*rows).pending.one_by_one() == 2


# Where records are told by their keys


async def test_listed(desk):
    """A listing says what is there; once it is complete, a new key that no page showed is absent."""
    one = desk(*entries("abc"))
    one.there.have(seen("a", name="A"), seen("x"), seen("c"))

    assert await one.known() == {"a": seen("a", name="A"), "c": seen("c"), "b": Absent()}
    assert one.pages() == [1, 2]


async def test_one_by_one(desk):
    """Where that is cheaper nothing is listed: what is unknown is looked up when it is delivered."""
    one = desk(*entries("ab"), remembered=10 * PAGE)
    one.there.have(seen("a"))

    assert await one.known() == {"a": None, "b": None}
    assert one.pages() == []


async def test_nothing_to_look_up(desk):
    """Where the state is trusted with all that waits, nobody looks."""
    one = desk(entry("a", uuid="u_a"), trust_state=True, remembered=1)
    one.state.have(memory("a"))

    assert await one.known() == {"a": Remembered("u_a")}
    assert one.pages() == []


async def test_merged(desk):
    """A record that stands for several keys is shown to each of them."""
    one = desk(*entries("ab"))
    both = seen("a", "b", name="A")
    one.there.have(both)

    assert await one.known() == {"a": both, "b": both}


async def test_pages_are_streamed(desk):
    """What a page shows is handed out while the next one is under way, and no further one is asked for."""
    one = desk(*entries("abcdef"))
    one.there.have(*(seen(key) for key in "abcdef"))
    one.there.total_pages = 3
    pages = []
    async for job in one.lookups.jobs():
        await idle()
        pages.append((job.record.key, one.pages()[-1]))

    assert pages == [("a", 2), ("b", 2), ("c", 3), ("d", 3), ("e", 3), ("f", 3)]


async def test_a_page_that_is_under_way(desk):
    """What a page shows is handed out without waiting for the next one."""
    one = desk(*entries("abcd"))
    one.there.have(*(seen(key) for key in "abcd"))
    gate = one.there.gates["page 2"] = Gate()
    async with aclosing(one.lookups.jobs()) as jobs:
        assert [(await anext(jobs)).record.key for _ in "ab"] == ["a", "b"]
        await gate.arrival()
        gate.open.set()

        assert [job.record.key async for job in jobs] == ["c", "d"]


async def test_a_page_that_fails(desk):
    """What a page shows is handed out before it is told that the next one cannot be had."""
    one = desk(*entries("abcd"))
    one.there.have(*(seen(key) for key in "abcd"))
    one.there.troubles["page 2"] = [refused()]
    async with aclosing(one.lookups.jobs()) as jobs:
        assert (await anext(jobs)).record.key == "a"
        await idle()
        assert (await anext(jobs)).record.key == "b"
        with pytest.raises(Refused):
            await anext(jobs)

    assert one.log.count("listing closed") == 1


async def test_nobody_wants_more(desk):
    """Who stops taking jobs lets go of the listing."""
    one = desk(*entries("abcd"))
    one.there.have(*(seen(key) for key in "abcd"))
    async with aclosing(one.lookups.jobs()) as jobs:
        assert (await anext(jobs)).record.key == "a"

    assert one.pages() == [1, 2]
    assert one.log[-1] == "listing closed"


async def test_nobody_wants_the_page_under_way(desk):
    """Who stops taking jobs does not wait for the page that is under way."""
    one = desk(*entries("abcd"))
    one.there.have(*(seen(key) for key in "abcd"))
    gate = one.there.gates["page 2"] = Gate()
    async with aclosing(one.lookups.jobs()) as jobs:
        assert (await anext(jobs)).record.key == "a"
        await gate.arrival()

    assert one.log[-1] == "listing closed"


async def test_a_page_that_nobody_takes_fails(desk):
    """What goes wrong with a page that nobody takes any more is told to nobody."""
    one = desk(*entries("abcd"))
    one.there.have(*(seen(key) for key in "abcd"))
    one.there.troubles["page 2"] = [refused()]
    async with aclosing(one.lookups.jobs()) as jobs:
        assert (await anext(jobs)).record.key == "a"
        await idle()

    assert one.log.count("listing closed") == 1


async def test_a_listing_that_does_not_pay(desk):
    """It ends where the rest costs more than to look one by one; then nothing is proven absent."""
    one = desk(*entries("ab"))
    one.there.have(*(seen(key) for key in "axyzvw"))
    one.there.total_pages = 3

    assert await one.known() == {"a": seen("a"), "b": None}
    assert one.pages() == [1]


async def test_what_a_page_shows(desk):
    """A record that a page shows needs no look any more, and is no reason for the next page."""
    one = desk(*entries("abx"))
    one.there.have(seen("a"), seen("b"), seen("c"), seen("d"))
    one.there.total_pages = 2

    assert await one.known() == {"a": seen("a"), "b": seen("b"), "x": None}
    assert one.pages() == [1]


async def test_moved_while_pages_were_read(desk):
    """A remembered record that no page showed may have moved: it is looked up by its uuid, never absent."""
    one = desk(*entries("ab"), remembered=1)
    one.there.have(seen("a"), seen("b"))
    one.there.unlisted = {"b"}
    one.state.have(memory("b"))
    jobs = {job.record.key: job async for job in one.lookups.jobs()}

    assert (jobs["b"].known, jobs["b"].uuid) == (None, "u_b")


async def test_a_lost_uuid(desk):
    """A key whose uuid is no longer remembered is as new as any other."""
    one = desk(*entries("ab"))
    one.state.have(memory("b", uuid=None))

    assert await one.known() == {"a": Absent(), "b": Absent()}


async def test_memories_come_along(desk):
    """Whatever way a job came, it has what the state remembers."""
    one = desk(*entries("ab"))
    one.there.have(seen("a"))
    one.state.have(memory("a", 1), memory("b", 2))
    jobs = {job.record.key: job async for job in one.lookups.jobs()}

    assert {key: job.memory for key, job in jobs.items()} == one.state.memories


# Where they are not


async def test_survey(desk):
    """The destination surveys all candidates before the first job; what it found it keeps to itself."""
    rows = [contact(1, "a", "c1"), contact(2, "b", "c2"), contact(3, "c", "c2", "u_c")]
    one = desk(*rows, remembered=7)
    one.there.listable = False

    assert await one.known() == {"a": None, "b": None, "c": None}
    assert one.log == ["survey 3 2 7", "prefetch a b c", "recall a b c", "announce"]


# Trusting the state


def trusted(desk, remembered, **settings):
    """What is known of a job whose key is remembered so, without a look."""
    job = Job(entry("a"), remembered)
    return desk(**settings).pending.trusted(job).known


@pytest.mark.parametrize(
    ("trust_state", "more", "expected"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"code": "refused", "outcome": "rejected"}, False),
        (True, {"fingerprint": None}, False),  # announced, and the run broke off
        (True, {"outcome": None, "fingerprint": None}, True),  # met by another mapping only
        (
            True,
            {"outcome": None, "hashes": b"", "rules": None},
            True,
        ),  # the same, as the state tells it
        (True, {"outcome": "skipped"}, False),
        (True, {"rules": RULES - 1}, False),
        (True, {"rules": None}, False),  # of an older version
    ],
)
def test_trust(desk, trust_state, more, expected):
    """`live_check: never` trusts the state, but for rows that were left undone, and hashes of other casting rules."""
    remembered = memory("a", sent={"name": "A"}, **more)
    known = Remembered("u_a", remembered.hash_set)

    assert trusted(desk, remembered, trust_state=trust_state) == (known if expected else None)


def test_trust_in_nothing(desk):
    """What is not remembered, or without its uuid, is looked up."""
    assert trusted(desk, None, trust_state=True) is None
    assert trusted(desk, memory("a", uuid=None), trust_state=True) is None


async def test_trust_after_a_listing(desk):
    """What a page shows beats what is remembered; what none shows is as the state has it."""
    one = desk(entry("a", 1, "u_a"), entry("b", 2, "u_b"), entry("c", 3), trust_state=True)
    one.there.have(seen("a", name="theirs"))
    one.state.have(memory("a", 1), memory("b", 2))

    assert await one.known() == {
        "a": seen("a", name="theirs"),
        "b": Remembered("u_b"),
        "c": Absent(),
    }


# The state that was lost


@pytest.mark.parametrize(
    ("total", "told"), [(None, "2 or more"), (1, "2 or more"), (9, "up to 1,800")]
)
async def test_lost_state(desk, total, told):
    """A filled account under an empty state is warned of, once."""
    one = desk(*entries("abcdefghijkl"))
    one.there.have(*(seen(key) for key in "abcdef"))
    one.there.total_pages = total
    await one.known()

    assert len(one.pages()) == 3
    assert [LOST_STATE.format(told)] == one.warnings


@pytest.mark.parametrize(("remembered", "there"), [(1, "a"), (0, "")])
async def test_state_that_is_not_lost(desk, remembered, there):
    """Nothing is warned of where the state knows something, or ChartMogul has nothing."""
    one = desk(*entries("ab"), remembered=remembered)
    one.there.have(*(seen(key) for key in there))
    await one.known()

    assert len(one.pages()) == 1
    assert one.warnings == []


# What is asked for beside the records


async def test_announced(desk):
    """In one pass what is handed out is about to be written: the state is told so first."""
    one = desk(*entries("ab"))
    one.there.have(seen("b"))
    one.state.have(memory("a", 1), memory("b", 2))
    await one.known()

    assert [told for told in one.log if told != "listing closed"] == [
        "page 1",
        "prefetch b",
        "recall b",
        "announce b",
        "prefetch a",
        "recall a",
        "announce a",
    ]


async def test_announced_in_the_second_pass(desk):
    """Where all look-ups come first nothing is about to be written before the second pass."""
    one = desk(*entries("ab"), look_first=True)
    one.state.have(memory("a"))
    await one.known()
    assert [told for told in one.log if told.startswith("announce")] == []

    jobs = await one.lookups.recall(entries("ab"), about_to_write=True)
    assert one.log[-3:] == ["prefetch a b", "recall a b", "announce a"]
    assert [job.uuid for job in jobs] == ["u_a", None]


async def test_nobody_is_asked_about_nothing(desk):
    """A page that shows none of the keys asks the state nothing."""
    one = desk(entry("a"))
    one.there.have(seen("x"))
    await one.known()

    assert [told for told in one.log if told.startswith("recall")] == ["recall a"]


# The second pass


def second(desk, job, *, listable, **settings):
    """What is known of a job in the second pass."""
    one = desk(**settings)
    one.there.listable = listable
    return one.lookups.looked_up(job).known


def looked_up(found):
    """An entry of which the first pass has found this."""
    first = entry("a")
    return Entry(first.record, first.fingerprint, looked_up=True, seen=found)


@pytest.mark.parametrize("found", [seen("a"), None])
def test_looked_up(desk, found):
    """Records that are told by their keys need no second look, found or not."""
    assert second(desk, Job(looked_up(found)), listable=True) == (found or Absent())


def test_looked_up_by_uuid(desk):
    """Nor do others that are known by their uuids."""
    job = Job(looked_up(seen("a")), memory("a"))

    assert seen("a") == second(desk, job, listable=False)


def test_looked_up_anew(desk):
    """A new contact is told anew: an earlier row of this pass may be the same one."""
    for found in (seen("a"), None):
        first = looked_up(found)
        contact = replace(first, record=replace(first.record, customer="c1"))
        assert second(desk, Job(contact), listable=False) is None


@pytest.mark.parametrize("listable", [True, False])
def test_not_looked_up(desk, listable):
    """What the first pass trusted the state with, the second one does."""
    job = Job(entry("a"), memory("a"))

    assert Remembered("u_a") == second(desk, job, listable=listable, trust_state=True)
