"""The customers of contacts: remembered, but proven before anything hangs on them."""

import asyncio

import pytest

from sync.destination.interface import LeftAlone, Unresolved
from sync.domain.parent import Parent
from sync.errors import Unavailable
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Square

OTHER = "ds_00000000-0000-4000-8000-000000000002"


async def test_a_remembered_one_is_proven_by_its_uuid():
    """One GET for a run; afterwards it is known."""
    async with Square() as square:
        uuid = await square.customer("c1")
        square.remembered["c1"] = Parent(uuid, 1)
        await square.parents.prefetch(["c1", "c2"])
        assert Parent(uuid, 1, proven=True) == await square.parents.of("c1")
        assert await square.parents.of("c1") == await square.parents.of("c1")
        assert [f"GET customers/{uuid}"] == square.asked()


async def test_one_that_is_not_remembered_is_asked_for_by_key():
    """The state may know nothing of customers at all."""
    async with Square() as square:
        uuid = await square.customer("c1")
        assert (await square.parents.of("c1")).uuid == uuid
        assert square.asked() == ["GET customers external_id"]


async def test_one_that_was_merged_away_is_found_by_its_key():
    """The uuid in the state is gone; the primary customer bears the pair."""
    async with Square() as square:
        old, new = await square.customer("c1"), await square.customer("c2")
        square.remembered["c1"] = Parent(old, 1)
        await square.parents.prefetch(["c1"])
        square.merge(old, new)
        assert Parent(new, 2, proven=True) == await square.parents.of("c1")
        assert [f"GET customers/{old}", "GET customers external_id"] == square.asked()
        assert [("c1", old, new)] == square.learnt


async def test_one_whose_uuid_stands_for_others_now_is_found_by_its_key():
    """After an unmerge the uuid is still there, but the pair is elsewhere."""
    async with Square() as square:
        mine, other = await square.customer("c1"), await square.customer("c2")
        square.remembered["c1"] = Parent(other, 1)
        await square.parents.prefetch(["c1"])
        assert (await square.parents.of("c1")).uuid == mine


async def test_one_that_was_deleted():
    """The state learns it, once; what hangs on it is rejected where somebody may make it again."""
    async with Square() as square:
        square.remembered["c1"] = Parent("cus_gone", 1)
        await square.parents.prefetch(["c1"])
        for _ in range(2):
            with pytest.raises(Unresolved):
                await square.parents.of("c1")
        assert square.learnt == [("c1", "cus_gone", None)]


@pytest.mark.parametrize("grave", [None, False, True])
async def test_one_that_was_deleted_and_is_left_so(grave):
    """What hangs on it is left alone: by its own mapping's word, or because the customer's mapping leaves it."""
    async with Square() as square:
        square.parents.leave_deleted = not grave
        if grave is None:
            square.remembered["c1"] = Parent("cus_gone", 1)
            await square.parents.prefetch(["c1"])
        else:
            square.graves["c1"] = grave
        with pytest.raises(LeftAlone, match="deleted there"):
            await square.parents.of("c1")


async def test_one_that_was_never_there_is_not_left():
    """A customer that nobody ever saw is missing, whatever becomes of deleted ones."""
    async with Square() as square:
        square.parents.leave_deleted = True
        with pytest.raises(Unresolved):
            await square.parents.of("c1")


async def test_a_missing_customer_is_asked_for_once():
    """All its contacts are rejected, with what to do."""
    async with Square() as square:
        for _ in range(2):
            with pytest.raises(Unresolved) as caught:
                await square.parents.of("c1")
        problem = caught.value.problem
        assert (problem.code, problem.field) == ("customer_not_found", "customer_external_id")
        assert problem.hint.startswith("sync customers first")
        assert len(square.asked()) == 1


async def test_many_ask_at_once():
    """All contacts of a customer share one look-up."""
    async with Square() as square:
        await square.customer("c1")
        found = await asyncio.gather(*(square.parents.of("c1") for _ in range(9)))
        assert len({parent.uuid for parent in found}) == 1
        assert len(square.asked()) == 1


async def test_a_failed_look_up_is_no_answer():
    """The next contact asks again."""
    async with Square() as square:
        uuid = await square.customer("c1")
        square.sandbox.fail(method="GET", status=500, times=6)
        with pytest.raises(Unavailable):
            await square.parents.of("c1")
        assert (await square.parents.of("c1")).uuid == uuid


async def test_a_listing_proves_what_it_shows():
    """450 customers cost three requests; a merged one counts for each of its keys."""
    async with Square() as square:
        uuids = {f"c{n}": await square.customer(f"c{n}") for n in range(450)}
        square.merge(uuids["c7"], uuids["c8"])
        await square.parents.list_all(450)
        assert square.asked() == ["GET customers"] * 3
        assert Parent(uuids["c8"], 2, proven=True) == await square.parents.of("c7")
        assert Parent(uuids["c9"], 1, proven=True) == await square.parents.of("c9")
        assert len(square.asked()) == 3


async def test_a_listing_ends_where_asking_is_cheaper():
    """Three pages are not worth it for two customers: the first page has told so."""
    async with Square() as square:
        for n in range(450):
            await square.customer(f"c{n}")
        await square.parents.list_all(2)
        assert square.asked() == ["GET customers"]


async def test_one_to_come_is_there_for_a_dry_run():
    """The run before it would create the customer; nothing is asked."""
    async with Square() as square:
        square.coming |= {"c1", "c2"}
        first, second = await square.parents.of("c1"), await square.parents.of("c2")
        assert first.to_come
        assert first.uuid != second.uuid
        assert square.asked() == []


async def test_a_customer_of_another_source_is_none():
    """External ids repeat across data sources."""
    async with Square() as square:
        square.sandbox.world.sources[OTHER] = {
            **square.sandbox.world.sources[DATA_SOURCE],
            "uuid": OTHER,
        }
        await square.customer("c1", OTHER)
        with pytest.raises(Unresolved):
            await square.parents.of("c1")
