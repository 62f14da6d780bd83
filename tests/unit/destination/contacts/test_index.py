"""What listings have shown of contacts, and what they prove."""

import asyncio

import pytest

from sync.domain.parent import Parent
from sync.domain.plan import Seen
from sync.errors import Unavailable
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Square, call


async def emails(square, parent):
    """The addresses of a customer's contacts, as the roster knows them."""
    return sorted(str(seen.fields["email"]) for seen in await square.index.of_customer(parent))


async def town(square, customers, each):
    """So many customers with so many contacts each."""
    uuids = []
    for c in range(customers):
        uuid = await square.customer(f"c{c}")
        uuids.append(uuid)
        for n in range(each):
            await square.contact(uuid, email=f"p{n}@c{c}.example", external_id=f"{c}-{n}")
    return uuids


async def test_a_complete_listing_speaks_for_all():
    """Customers with one pair cost nothing more, those without contacts included."""
    async with Square() as square:
        first, _, *_ = await town(square, 3, 90)
        alone = await square.customer("alone")
        await square.index.list_all(lambda pages: True)
        assert square.index.complete
        assert len(await square.index.of_customer(Parent(first, 1))) == 90
        assert await square.index.of_customer(Parent(alone, 1)) == []
        assert square.asked() == ["GET contacts"] * 2
        assert square.index.size() == (270, None)


async def test_a_merged_customer_is_listed_by_itself():
    """Its contacts may belong to other data sources."""
    async with Square() as square:
        (uuid,) = await town(square, 1, 2)
        await square.index.list_all(lambda pages: True)
        square.forget()
        assert len(await square.index.of_customer(Parent(uuid, 2))) == 2
        assert square.asked() == ["GET contacts customer_uuid"]


async def test_a_listing_that_was_left_proves_nothing():
    """Its contacts are known, but each customer is still listed."""
    async with Square() as square:
        uuid, *_ = await town(square, 3, 90)
        await square.index.list_all(lambda pages: False)
        assert not square.index.complete
        assert square.index.by_external_id("2-0") != []
        assert len(await square.index.of_customer(Parent(uuid, 1))) == 90
        assert square.asked() == ["GET contacts", "GET contacts customer_uuid"]


async def test_a_customer_is_listed_once_for_many():
    """All rows of a customer share one listing."""
    async with Square() as square:
        (uuid,) = await town(square, 1, 2)
        await asyncio.gather(*(square.index.of_customer(Parent(uuid, 1)) for _ in range(9)))
        assert square.asked() == ["GET contacts customer_uuid"]


async def test_a_failed_listing_is_no_answer():
    """Not even an empty one."""
    async with Square() as square:
        (uuid,) = await town(square, 1, 2)
        square.sandbox.fail(method="GET", status=500, times=6)
        with pytest.raises(Unavailable):
            await square.index.of_customer(Parent(uuid, 1))
        assert len(await square.index.of_customer(Parent(uuid, 1))) == 2


async def test_a_listing_that_fails_again_and_again_is_given_up():
    """Its customer's further rows do not ask any more in this run; other customers' rows do."""
    async with Square() as square:
        one, other = await town(square, 2, 1)
        square.sandbox.fail(method="GET", path="*contacts", status=500, times=1000)
        for _ in range(3):
            with pytest.raises(Unavailable):
                await square.index.of_customer(Parent(one, 1))
        asked = len(square.asked())
        with pytest.raises(Unavailable):
            await square.index.of_customer(Parent(one, 1))
        assert len(square.asked()) == asked
        square.sandbox.faults.clear()
        assert len(await square.index.of_customer(Parent(other, 1))) == 1


async def test_all_who_look_again_share_a_listing():
    """It begins after each of them asked; one that is under way already may not show what they look for."""
    async with Square() as square:
        (uuid,) = await town(square, 1, 1)
        await asyncio.gather(*(square.index.renew(Parent(uuid, 1)) for _ in range(9)))
        assert square.asked() == ["GET contacts customer_uuid"] * 2
        await square.index.renew(Parent(uuid, 1))
        assert square.asked() == ["GET contacts customer_uuid"] * 3


async def test_what_was_created_is_known():
    """Before any listing shows it, and once afterwards."""
    async with Square() as square:
        uuid = await square.customer("c1")
        parent = Parent(uuid, 1)
        assert await emails(square, parent) == []
        square.index.add(await square.contact(uuid, email="a@c1.example"), parent)
        assert await emails(square, parent) == ["a@c1.example"]
        await square.index.renew(parent)
        assert await emails(square, parent) == ["a@c1.example"]


async def test_an_update_is_known():
    """A contact that was adopted is found by its new id, and no longer by none."""
    async with Square() as square:
        uuid = await square.customer("c1")
        seen = await square.contact(uuid, email="a@c1.example", title="CEO")
        await square.index.of_customer(Parent(uuid, 1))
        square.index.change(seen.uuid, ["external_id", "title"], {"external_id": "7"})
        (found,) = square.index.by_external_id("7")
        assert (found.fields["external_id"], found.fields.get("title")) == ("7", None)
        square.index.change(seen.uuid, ["external_id"], {"external_id": "8"})
        assert square.index.by_external_id("7") == []
        square.index.change("con_unknown", ["external_id"], {"external_id": "9"})
        assert square.index.by_external_id("9") == []


async def test_what_is_gone_is_known():
    """And may come back, once."""
    async with Square() as square:
        uuid = await square.customer("c1")
        seen = await square.contact(uuid, email="a@c1.example", external_id="7")
        parent = Parent(uuid, 1)
        await square.index.of_customer(parent)
        square.index.drop(seen.uuid)
        square.index.drop(seen.uuid)
        assert await square.index.of_customer(parent) == []
        assert square.index.by_external_id("7") == []
        await square.index.renew(parent)
        assert await emails(square, parent) == ["a@c1.example"]


async def test_a_contact_belongs_to_whom_it_says():
    """A listing by customer answers with others' contacts if the filter is ignored: they are not taken in."""
    async with Square() as square:
        mine, other = "cus_mine", "cus_other"
        square.index.add(Seen("con_1", {}, customer_uuid=other), Parent(mine, 1))
        square.index.add(Seen("con_2", {}), Parent(mine, 1))
        square.index.complete = True
        assert [seen.uuid for seen in await square.index.of_customer(Parent(mine, 1))] == ["con_2"]
        assert [seen.uuid for seen in await square.index.of_customer(Parent(other, 1))] == ["con_1"]


async def test_a_contact_that_follows_a_merge_moves():
    """Seen under the old customer first, under the new one later."""
    async with Square() as square:
        square.index.add(Seen("con_1", {}, customer_uuid="cus_old"), Parent("cus_old", 1))
        square.index.add(Seen("con_1", {}, customer_uuid="cus_new"), Parent("cus_new", 1))
        square.index.complete = True
        assert await square.index.of_customer(Parent("cus_old", 1)) == []
        assert len(await square.index.of_customer(Parent("cus_new", 1))) == 1


async def test_only_wanted_fields_are_kept():
    """And what a contact is known by, mapped or not."""
    async with Square() as square:
        square.index.wanted = frozenset({"title", "attributes.role"})
        shown = {
            "external_id": "7",
            "email": "a@c1.example",
            "title": "CEO",
            "notes": "long",
            "attributes.role": "x",
        }
        square.index.add(Seen("con_1", shown, customer_uuid="cus_1"), Parent("cus_1", 1))
        kept = square.index.by_uuid("con_1")
        assert kept is not None
        assert set(kept.fields) == {"external_id", "email", "title", "attributes.role"}


async def test_asking_by_external_id():
    """Once for each id; an entry with another id proves that nobody filters, and nothing of it is taken in."""
    async with Square() as square:
        await town(square, 1, 3)
        assert await square.index.ask_for("0-1")
        assert await square.index.ask_for("0-1")
        assert [len(square.index.by_external_id(f"0-{n}")) for n in (1, 2)] == [1, 0]
        assert square.asked() == ["GET contacts external_id"]
        square.sandbox.set(contact_external_id_filter="ignored")
        assert not await square.index.ask_for("0-2")
        assert not await square.index.ask_for("0-1")
        assert square.index.by_external_id("0-2") == []
        assert square.asked() == ["GET contacts external_id"] * 2


async def test_a_filter_that_is_refused_is_no_filter():
    """An API that does not know it may say so."""
    async with Square() as square:
        square.sandbox.fail(method="GET", status=400, times=1)
        assert not await square.index.ask_for("7")
        assert square.index.ignores_ids


async def test_knowing_all_of_an_external_id():
    """Where nobody filters, all contacts are listed, once for all who ask, and what is known already stays so."""
    async with Square() as square:
        uuid, _ = await town(square, 2, 2)
        await square.index.know_all_of("0-1")
        assert square.asked() == ["GET contacts external_id"]
        square.forget()
        square.sandbox.set(contact_external_id_filter="ignored")
        (known,) = square.index.by_external_id("0-1")
        square.index.change(known.uuid, ["email"], {"email": "new@c1.example"})
        await asyncio.gather(*(square.index.know_all_of(id) for id in ("0-0", "1-0", "nope")))
        assert square.asked().count("GET contacts") == 1
        assert [len(square.index.by_external_id(id)) for id in ("0-0", "1-0", "nope")] == [1, 1, 0]
        assert square.index.by_external_id("0-1")[0].fields["email"] == "new@c1.example"
        assert not square.index.complete
        assert not square.index.knows(Parent(uuid, 1))


async def test_who_is_gone_is_asked_for_again():
    """A contact that was merged may have handed its id on."""
    async with Square() as square:
        (uuid,) = await town(square, 1, 1)
        await square.index.ask_for("0-0")
        (seen,) = square.index.by_external_id("0-0")
        square.index.drop(seen.uuid)
        assert await square.index.ask_for("0-0")
        assert [again.customer_uuid for again in square.index.by_external_id("0-0")] == [uuid]


async def test_contacts_of_nobody_do_not_count():
    """A data source that holds nothing of ours is empty, whatever else its lists show."""
    async with Square() as square:
        square.index.add(Seen("con_1", {}, data_source=DATA_SOURCE), Parent("cus_1", 1))
        square.index.add(Seen("con_2", {}, data_source="ds_other"), Parent("cus_1", 1))
        square.sandbox.set(lone_contacts_listed=True)
        call(square.sandbox, "POST", "/v1/contacts", body={"email": "lone@x.example"})
        await square.index.list_all(lambda pages: True)
        assert square.index.size() == (1, None)
