"""Contacts: found by what they are known by, created once whatever happens to the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync.chartmogul.client import Client
from sync.chartmogul.health import Health
from sync.chartmogul.permit import Permit
from sync.destination.contacts.in_doubt import DOUBT, InDoubtCreates
from sync.destination.interface import Unresolved
from sync.domain.parent import Parent
from sync.domain.plan import Absent, Seen
from sync.domain.record import Fields
from sync.engine.write.content import all_of
from sync.errors import AlreadyExists, Denied, NotFound, Outage, Refused, Unavailable
from sync.state.memory import Doubt
from tests.support.contacts import START, Square, fields, record

LIST, BY_KEY = "GET contacts customer_uuid", "GET customers external_id"
BY_ID, POST = "GET contacts external_id", "POST contacts"
ADA: dict[str, Any] = {"external_id": "7", "email": "ada@c1.example", "first_name": "Ada"}


async def found(square, uuid=None, **wanted):
    """The uuid of the contact of a row, or `absent`."""
    result = await square.contacts.find(record(**wanted), uuid)
    return result.uuid if isinstance(result, Seen) else "absent"


async def code(square, uuid=None, **wanted):
    """Why a row cannot be told to be a contact."""
    with pytest.raises(Unresolved) as caught:
        await square.contacts.find(record(**wanted), uuid)
    return caught.value.problem.code


# Finding


async def test_a_remembered_contact_is_read_by_its_uuid():
    """One request: it says itself whose it is."""
    async with Square() as square:
        ada = await square.contact(await square.customer("c1"), **ADA)
        assert await found(square, ada.uuid, external_id="7", email="new@c1.example") == ada.uuid
        assert [f"GET contacts/{ada.uuid}"] == square.asked()


async def test_others_are_found_by_id_or_email():
    """Case is ignored in e-mails; a contact with another id is another one."""
    async with Square() as square:
        customer = await square.customer("c1")
        ada = await square.contact(customer, **ADA)
        ben = await square.contact(customer, email="Ben@C1.example")
        assert await found(square, external_id="7") == ada.uuid
        assert await found(square, external_id="8", email="ben@c1.example") == ben.uuid
        assert await found(square, external_id="8", email="ada@c1.example") == "absent"
        assert await found(square, email="ADA@c1.example") == ada.uuid
        assert square.asked() == [BY_KEY, LIST, BY_ID]


async def test_a_uuid_that_is_gone_goes_back_to_the_key():
    """Contacts are merged and deleted in ChartMogul, too."""
    async with Square() as square:
        customer = await square.customer("c1")
        gone = await square.contact(customer, **ADA)
        ada = await square.contact(customer, **ADA)
        square.delete(gone.uuid)
        assert await found(square, gone.uuid, **ADA) == ada.uuid


async def test_several_hits_are_never_guessed_among():
    """Two with one e-mail, recorded in a real account."""
    async with Square() as square:
        customer = await square.customer("c1")
        for _ in range(2):
            await square.contact(customer, email="ada@c1.example")
        assert await code(square, **ADA) == "ambiguous_contact"


async def test_a_contact_that_moved_is_told_by_its_uuid():
    """The row's customer is another one now, ChartMogul's is not: the API cannot move it."""
    async with Square() as square:
        ada = await square.contact(await square.customer("c1"), **ADA)
        await square.customer("c2")
        assert await code(square, ada.uuid, customer="c2", **ADA) == "contact_moved"


async def test_a_contact_that_moved_is_told_by_a_listing():
    """The id under another customer is never created a second time."""
    async with Square() as square:
        await square.contact(await square.customer("c1"), **ADA)
        await square.customer("c2")
        await square.index.list_all(lambda pages: True)
        assert await code(square, customer="c2", **ADA) == "contact_moved"


async def test_no_customer_no_contact():
    """Remembered or not."""
    async with Square() as square:
        ada = await square.contact(await square.customer("c1"), **ADA)
        assert await code(square, customer="c2", **ADA) == "customer_not_found"
        square.delete(ada.uuid)
        assert await code(square, ada.uuid, customer="c2", **ADA) == "customer_not_found"


async def test_a_merged_customer_is_proven_first():
    """Its remembered uuid lists nothing: concluding from that would create all its contacts again."""
    async with Square() as square:
        old, new = await square.customer("c1"), await square.customer("c2")
        ada = await square.contact(old, **ADA)
        square.merge(old, new)
        square.remembered["c1"] = Parent(old, 1)
        await square.parents.prefetch(["c1"])
        assert await found(square, **ADA) == ada.uuid
        assert await found(square, ada.uuid, **ADA) == ada.uuid
        created = await square.contacts.create(record(external_id="8"))
        assert created.customer_uuid == new


async def test_a_complete_listing_saves_requests_for_customers_with_one_pair_only():
    """A merged customer's contacts may belong to other data sources."""
    async with Square() as square:
        alone, old, new = [await square.customer(key) for key in ("c1", "c2", "c3")]
        square.merge(old, new)
        await square.contact(alone, **ADA)
        await square.parents.list_all(3)
        await square.index.list_all(lambda pages: True)
        square.forget()
        assert await found(square, external_id="8") == "absent"
        assert square.asked() == []
        assert await found(square, customer="c2", external_id="8") == "absent"
        assert square.asked() == [LIST]


async def test_a_customer_to_come_has_no_contacts():
    """A dry run asks nothing about it, but for who has the id: one that is elsewhere was moved."""
    async with Square() as square:
        square.coming.add("c2")
        assert await found(square, customer="c2", **ADA) == "absent"
        assert square.asked() == [BY_ID]
        await square.contact(await square.customer("c1"), **ADA)
        await square.index.list_all(lambda pages: True)
        assert await code(square, customer="c2", **ADA) == "contact_moved"


# Creating


async def test_a_create_is_one_request_noted_first():
    """Attributes go with it; what is to be empty is left out."""
    async with Square() as square:
        await square.customer("c1")
        wanted = record(**ADA | {"attributes.role": "admin", "title": None, "position": 3})
        seen = await square.contacts.create(wanted)
        assert fields(seen) == {**ADA, "attributes.role": "admin"}
        assert seen.fields["position"] == 3
        assert square.log == ["ask 0"]
        assert len(square.posts()) == 1
        assert "title" not in square.posts()[0]
        assert {"7": Doubt(START, lost=False)} == square.doubts  # until the state has the uuid


class Stopped:
    """Creates in doubt of a process that is stopped once it has noted one."""

    def __init__(self, in_doubt: InDoubtCreates, mark_sent: Callable[[str], Awaitable[None]]):
        self.mark_sent = mark_sent
        self.resolve, self.doubt = in_doubt.resolve, in_doubt.doubt
        self.mark_lost = in_doubt.mark_lost


@pytest.mark.parametrize("listed", [False, True], ids=["of its customer", "of the data source"])
async def test_who_is_said_to_be_gone_is_looked_for_anew(listed):
    """The 404 may be of this moment alone: what was listed before it does not prove that the contact is missing."""
    async with Square() as square:
        uuid = await square.customer("c1")
        there = await square.contact(uuid, **ADA)
        if listed:
            await square.index.list_all(lambda pages: True)
        else:
            await square.index.of_customer(Parent(uuid, 1))
        square.sandbox.fail(method="PATCH", status=404, times=1)
        with pytest.raises(NotFound):
            await square.contacts.update(there.uuid, {"title": "CEO"}, record(**ADA))
        found = await square.contacts.find(record(**ADA), None)
        assert isinstance(found, Seen)
        assert found.uuid == there.uuid


async def test_a_create_that_its_customer_is_blamed_for_is_looked_for():
    """It took effect all the same: before it is sent for the customer as it is now, its contacts are listed."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", status=404, when="after", times=1)
        with pytest.raises(AlreadyExists):
            await square.contacts.create(record(**ADA))
        assert len(square.posts()) == len(square.sandbox.world.contacts) == 1


async def test_a_lost_answer_is_looked_for():
    """The contact is there: the row is created, and nothing is asked for twice."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", drop=True, when="after", times=1)
        seen = await square.contacts.create(record(**ADA))
        assert fields(seen) == ADA
        assert square.log == ["ask 0"]
        assert len(square.posts()) == len(square.sandbox.world.contacts) == 1


async def test_a_lost_answer_may_show_later():
    """Look, wait, look again."""
    async with Square(stale=6.0) as square:
        await square.customer("c1")
        await square.hurry.sleep(10)
        square.sandbox.fail(method="POST", drop=True, when="after", times=1)
        seen = await square.contacts.create(record(**ADA))
        assert fields(seen) == ADA
        assert square.log == ["ask 0", "wait 2", "wait 5"]
        assert len(square.posts()) == 1


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 500}, {"status": 504}])
async def test_a_create_that_shows_nowhere_stays_in_doubt(fault):
    """It may still come true: the row is rejected, and the state remembers why."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", **fault)
        with pytest.raises(Unresolved) as caught:
            await square.contacts.create(record(**ADA))
        assert caught.value.problem.code == "outcome_unknown"
        assert square.log == ["ask 0", "wait 2", "wait 5", "wait 15"]
        assert len(square.posts()) == 1
        assert {"7": Doubt(START, lost=True)} == square.doubts


async def test_a_503_is_asked_for_once_more():
    """It is documented as not carried out: look, wait, look, repeat."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", status=503, times=1)
        assert fields(await square.contacts.create(record(**ADA))) == ADA
        assert square.log == ["ask 0", "wait 2", "wait 5", "ask 1"]
        assert square.asked() == [BY_KEY, LIST, BY_ID, POST, LIST, LIST, LIST, POST]


async def test_a_429_is_looked_for_before_it_is_asked_for_again():
    """It is documented as not carried out, and yet: look, wait as long as asked, look, and only then repeat."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", status=429, times=3, retry_after=9)
        assert fields(await square.contacts.create(record(**ADA))) == ADA
        looks = ["wait 9", "wait 2", "wait 5"]
        assert square.log == ["ask 0", *looks, "ask 1", *looks, "ask 2", *looks, "ask 3"]


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 413, "page": True}, {"status": 503}])
async def test_whoever_answers_a_create_that_took_effect(fault):
    """One contact, whatever was answered in ChartMogul's place."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", when="after", times=1, **fault)
        assert fields(await square.contacts.create(record(**ADA))) == ADA
        assert len(square.posts()) == len(square.sandbox.world.contacts) == 1


@pytest.mark.parametrize("status", [401, 402, 407])
async def test_a_strangers_denial_leaves_the_doubt(status):
    """It ends the run, and does not tell whether there is a contact; ChartMogul's own does."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", status=status, page=True, when="after", times=1)
        with pytest.raises(Denied):
            await square.contacts.create(record(**ADA))
        assert square.doubts.keys() == {"7"}
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", status=status, times=1)
        with pytest.raises(Denied):
            await square.contacts.create(record(**ADA))
        assert square.doubts == {}


async def test_a_503_may_have_been_carried_out_all_the_same():
    """The look comes before the repeat."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", status=503, when="after", times=1)
        assert fields(await square.contacts.create(record(**ADA))) == ADA
        assert len(square.posts()) == len(square.sandbox.world.contacts) == 1


async def test_a_second_503_is_enough():
    """The row is rejected without a doubt: the next run may create it at once."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", status=503)
        with pytest.raises(Unavailable):
            await square.contacts.create(record(**ADA))
        assert len(square.posts()) == 2
        assert square.doubts == {}


async def test_a_503_and_then_a_lost_answer():
    """The doubt is about the second request, and as old as that."""
    async with Square() as square:
        await square.customer("c1")
        square.sandbox.fail(method="POST", status=503, times=1)
        square.sandbox.fail(method="POST", drop=True)
        with pytest.raises(Unresolved):
            await square.contacts.create(record(**ADA))
        first = ["ask 0", "wait 2", "wait 5"]
        assert square.log == [*first, "ask 1", "wait 2", "wait 5", "wait 15"]
        assert {"7": Doubt(START + timedelta(seconds=7), lost=True)} == square.doubts


async def test_without_a_look_nothing_is_repeated():
    """Where the look fails as well, nobody knows: the create stays in doubt, even after a 503."""
    async with Square() as square:
        await square.customer("c1")
        assert await found(square, **ADA) == "absent"
        square.sandbox.fail(method="POST", status=503)
        square.sandbox.fail(method="GET", path="/v1/contacts", status=500)
        with pytest.raises(Unresolved) as caught:
            await square.contacts.create(record(**ADA))
        assert caught.value.problem.code == "outcome_unknown"
        assert " UTC, ten minutes later, looks again" in caught.value.problem.hint
        assert f"the first run after {START + DOUBT:%Y-%m-%d %H:%M}:" in caught.value.problem.hint
        assert len(square.posts()) == 1
        assert square.doubts["7"].lost


async def test_an_answer_leaves_no_doubt():
    """Refused, or never sent: it is known that there is no contact."""
    async with Square() as square:
        await square.customer("c1")
        with pytest.raises(Refused):
            await square.contacts.create(record(external_id="7", email="no address"))
        assert square.doubts == {}
        square.sandbox.fail(method="POST", status=429)
        with pytest.raises(Unavailable):
            await square.contacts.create(record(**ADA))
        assert square.doubts == {}


@pytest.mark.parametrize(("waited", "posts"), [(299, 1), (300, 0), (900, 0)])
async def test_a_create_that_was_noted_long_ago_is_not_sent(waited, posts):
    """A later run trusts the note: what has waited for longer than it allows is given up as not sent."""
    async with Square() as square:
        await square.customer("c1")
        mark_sent = square.in_doubt.mark_sent

        async def stopped(key: str) -> None:
            await mark_sent(key)
            await square.hurry.sleep(waited)

        object.__setattr__(square.contacts, "in_doubt", Stopped(square.in_doubt, stopped))
        if posts:
            await square.contacts.create(record(**ADA))
        else:
            with pytest.raises(Unavailable, match="was not sent") as caught:
                await square.contacts.create(record(**ADA))
            assert not caught.value.sent
            assert square.doubts == {}
        assert len(square.posts()) == posts


async def test_an_outage_leaves_the_doubt():
    """The last request may have been carried out, whatever ends the run."""
    async with Square() as square:
        await square.customer("c1")
        assert await found(square, **ADA) == "absent"
        health = Health(square.hurry.clock, 0.0)
        object.__setattr__(square.client._transport, "health", health)
        square.sandbox.fail(method="POST", drop=True)
        with pytest.raises(Outage):
            await square.contacts.create(record(**ADA))
        assert {"7"} == square.doubts.keys()


async def test_a_doubt_lasts_ten_minutes():
    """No POST of that key before; then a listing of that moment decides, not one of before."""
    async with Square() as square:
        await square.customer("c1")
        await square.parents.list_all(1)
        await square.index.list_all(lambda pages: True)
        await square.doubting("7", Doubt(START, lost=False))
        square.forget()
        await square.hurry.sleep(599)
        assert await code(square, **ADA) == "outcome_unknown"
        assert square.asked() == []
        await square.hurry.sleep(1)
        assert await found(square, **ADA) == "absent"
        assert square.asked() == [LIST]
        assert square.doubts == {}


async def test_a_doubt_that_came_true():
    """The contact that shows in the end is the row's."""
    async with Square() as square:
        customer = await square.customer("c1")
        await square.parents.list_all(1)
        await square.index.list_all(lambda pages: True)
        await square.doubting("7", Doubt(START, lost=True))
        ada = await square.contact(customer, **ADA)
        await square.hurry.sleep(600)
        assert await found(square, **ADA) == ada.uuid


async def test_what_a_doubt_says():
    """Whether the answer was lost, or the run; and when it ends."""
    async with Square() as square:
        await square.customer("c1")
        messages = []
        for lost in (True, False):
            await square.doubting("7", Doubt(START, lost=lost))
            with pytest.raises(Unresolved) as caught:
                await square.contacts.find(record(**ADA), None)
            messages.append(caught.value.problem.message)
            assert "08:10:00 UTC" in caught.value.problem.hint
        assert "was not answered" in messages[0]
        assert "a run broke off" in messages[1]


async def test_two_rows_of_one_person_create_one_contact():
    """Both found nothing; the second create finds what the first one has made."""
    async with Square() as square:
        old, new = await square.customer("c1"), await square.customer("c2")
        square.merge(old, new)
        one, two = (
            record(1, "c1", email="ada@c1.example"),
            record(2, "c2", email="ADA@c1.example"),
        )
        results = await asyncio.gather(
            square.contacts.create(one), square.contacts.create(two), return_exceptions=True
        )
        assert isinstance(results[0], Seen)
        assert isinstance(results[1], AlreadyExists)
        assert len(square.posts()) == 1


async def test_others_do_not_wait_for_one_another():
    """Rows with other e-mails cannot be one contact: a large customer is not delivered one by one."""
    async with Square() as square, square.contacts.turn(record(email="a@c1.example")):
        assert await gets_a_turn(square, email="b@c1.example")
        assert await gets_a_turn(square, external_id="7")
        assert await gets_a_turn(square, customer="c2", email="a@c1.example")
        assert not await gets_a_turn(square, external_id="8", email="A@c1.example")


async def gets_a_turn(square, **wanted):
    """Whether a row has its turn at once."""
    try:
        async with asyncio.timeout(0.05), square.contacts.turn(record(**wanted)):
            return True
    except TimeoutError:
        return False


async def test_a_customer_that_is_merged_meanwhile():
    """ChartMogul takes the proven customer no longer: it is proven anew, and the contact created there."""
    async with Square() as square:
        old, new = await square.customer("c1"), await square.customer("c2")
        assert await found(square, **ADA) == "absent"
        square.merge(old, new)
        assert (await square.contacts.create(record(**ADA))).customer_uuid == new
        assert len(square.sandbox.world.contacts) == 1
        assert len(square.posts()) == 2


async def test_a_customer_that_is_refused_for_good():
    """One refresh, then it is the row's error, and in no doubt."""
    async with Square() as square:
        await square.customer("c1")
        body = '{"code":422,"message":"no","param":"customer_uuid"}'
        square.sandbox.fail(method="POST", status=422, body=body)
        with pytest.raises(Refused):
            await square.contacts.create(record(**ADA))
        assert len(square.posts()) == 2
        assert square.doubts == {}


# Changing


async def test_attributes_are_updated_together():
    """Nobody knows whether PATCH merges them; None empties, and adoption writes the id."""
    async with Square() as square:
        customer = await square.customer("c1")
        shown: dict[str, Any] = {
            "email": "ada@c1.example",
            "title": "CEO",
            "attributes.role": "admin",
        }
        ada = await square.contact(customer, **shown)
        wanted = record(**ADA | {"attributes.role": "owner", "attributes.more": 1, "title": None})
        written = await square.contacts.update(
            ada.uuid, {"external_id": "7", "title": None, "attributes.role": "owner"}, wanted
        )
        (sent,) = [call.json for call in square.sandbox.calls("PATCH")]
        assert {one["key"]: one["value"] for one in sent["custom"]} == {"role": "owner", "more": 1}
        assert (sent["external_id"], sent["title"]) == ("7", None)
        assert written.seen == {"external_id": "7", "attributes.role": "owner"}


async def test_standard_fields_go_alone():
    """Attributes that do not differ are not sent."""
    async with Square() as square:
        ada = await square.contact(await square.customer("c1"), **ADA)
        wanted = record(**ADA | {"attributes.role": "owner"})
        await square.contacts.update(ada.uuid, {"first_name": "Ida"}, wanted)
        assert [call.json for call in square.sandbox.calls("PATCH")] == [{"first_name": "Ida"}]


async def test_an_adopted_contact_is_no_longer_without_an_id():
    """The next row with this e-mail, and another id, is another contact."""
    async with Square() as square:
        ada = await square.contact(await square.customer("c1"), email="ada@c1.example")
        assert await found(square, **ADA) == ada.uuid
        await square.contacts.update(ada.uuid, {"external_id": "7"}, record(**ADA))
        assert await found(square, external_id="8", email="ada@c1.example") == "absent"


async def test_a_contact_that_is_gone_is_not_found_again():
    """What a listing showed before is no longer true."""
    async with Square() as square:
        ada = await square.contact(await square.customer("c1"), **ADA)
        assert await found(square, **ADA) == ada.uuid
        square.delete(ada.uuid)
        with pytest.raises(NotFound):
            await square.contacts.update(ada.uuid, {"first_name": "Ida"}, record(**ADA))
        assert await found(square, **ADA) == "absent"


# Two rows, one contact


async def rivals(square, seen, *rows):
    """The messages, or None, that rows get which stand for one contact."""
    problems = [square.contacts.claim(row, seen, None) for row in rows]
    return [problem and (problem.code, problem.message) for problem in problems]


async def test_the_first_row_of_a_contact_has_it():
    """The later one is rejected and names the first; asked twice it is the same."""
    async with Square() as square:
        seen = Seen("con_1", {})
        said = ("same_record", "this is the contact of row 1 as well, which is sent")
        one, two = record(1, external_id="7"), record(2, email="a@c1.example")
        assert await rivals(square, seen, one, two, one, two) == [None, said, None, said]


async def test_a_remembered_row_has_it():
    """Also while it has nothing to send; a row that lost keeps nobody else from the contact."""
    async with Square() as square:
        seen = Seen("con_1", {})
        square.rows["con_1"] = [0, 9]
        said = ("same_record", "this is the contact of row 9 as well, which is sent")
        one, nine = record(1, external_id="7"), record(9, external_id="8")
        assert await rivals(square, seen, one, nine, one) == [said, None, said]


async def test_keys_that_left_the_query_have_nothing():
    """The row that stands for the contact now takes it over."""
    async with Square() as square:
        square.rows["con_1"] = [0]
        assert await rivals(square, Seen("con_1", {}), record(1, external_id="7")) == [None]


async def test_what_a_row_created_is_its_own():
    """A later row with the same e-mail finds it, and may not have it."""
    async with Square() as square:
        await square.customer("c1")
        seen = await square.contacts.create(record(1, **ADA))
        (said,) = await rivals(square, seen, record(2, email="ada@c1.example"))
        assert said == ("same_record", "this is the contact of row 1 as well, which is sent")


# Dry runs and warnings


async def test_a_dry_run_foresees_its_creates_and_adoptions():
    """Later rows find what the run would have made of ChartMogul by then."""
    async with Square() as square:
        ben = await square.contact(await square.customer("c1"), email="ben@c1.example")
        assert await found(square, external_id="1", email="ben@c1.example") == ben.uuid
        one = record(1, external_id="1", email="ben@c1.example")
        await square.contacts.foresee(one, ben.uuid, {"external_id": (None, "1")})
        assert await found(square, external_id="2", email="ben@c1.example") == "absent"
        three = record(3, **ADA)
        await square.contacts.foresee(three, None, all_of(three))
        seen = await square.contacts.find(record(4, email="ada@c1.example"), None)
        assert isinstance(seen, Seen)
        (said,) = await rivals(square, seen, record(4, email="ada@c1.example"))
        assert said is not None
        assert "row 3" in said[1]
        assert square.posts() == []


async def test_customers_to_come_keep_their_contacts_apart():
    """One e-mail under two of them makes two contacts."""
    async with Square() as square:
        square.coming |= {"c1", "c2"}
        one = record(1, "c1", **ADA)
        await square.contacts.foresee(one, None, all_of(one))
        wanted: dict[str, Any] = {"email": "ada@c1.example"}
        assert await found(square, customer="c1", **wanted) == "to come: 1"
        assert await found(square, customer="c2", **wanted) == "absent"


async def test_advice_names_the_key():
    """Only the app can define a contact attribute."""
    async with Square() as square:
        advice = square.contacts.advice("attributes.referred_by")
        assert advice == "define referred_by in the ChartMogul app, as a contact attribute"
        assert square.contacts.advice("twitter") == ""
        assert await square.contacts.complete(record(**ADA), Seen("con_1", {})) is None


async def test_nothing_is_found_without_a_trace():
    """An absent contact of a proven customer, in no doubt."""
    async with Square() as square:
        await square.customer("c1")
        assert Absent() == await square.contacts.find(record(**ADA), None)


class Forgetful(Client):
    """A client of a ChartMogul whose answers to creates show no customer; `makes`: for whom they are carried out."""

    makes = True

    def under(self, permit: Permit) -> "Forgetful":
        return self

    async def create_contact(self, data_source: str, customer_uuid: str, fields: Fields) -> Seen:
        if not self.makes:
            return Seen("con_lone", fields)
        made = await super().create_contact(data_source, customer_uuid, fields)
        return replace(made, customer_uuid=None)


async def test_a_create_whose_answer_shows_no_customer():
    """It is looked for, as after a lost answer; a contact of nobody is never taken for the row's own."""
    async with Square() as square:
        customer = await square.customer("c1")
        square.contacts.client = client = Forgetful(square.client._transport)
        assert (await square.contacts.create(record(**ADA))).customer_uuid == customer
        client.makes = False
        with pytest.raises(Unresolved) as caught:
            await square.contacts.create(record(external_id="8"))
        assert caught.value.problem.code == "outcome_unknown"
        assert "con_lone" in caught.value.problem.message
        assert square.doubts["8"].lost


class Astray(Forgetful):
    """A client of a ChartMogul that keeps what is created elsewhere than it was asked to, and says so."""

    def keep(self, square: Square, **where: Any) -> None:
        self.square, self.where = square, where

    async def create_contact(self, data_source: str, customer_uuid: str, fields: Fields) -> Seen:
        made = await Client.create_contact(self, data_source, customer_uuid, fields)
        world = self.square.sandbox.world
        world.put_contact(replace(world.contacts[made.uuid], **self.where))
        return await self.contact(made.uuid)


@pytest.mark.parametrize("what", ["customer_uuid", "data_source_uuid"])
async def test_a_create_that_is_kept_elsewhere(what):
    """The row is rejected with the contact that it has made, and none is made a second time."""
    async with Square() as square:
        await square.customer("c1")
        elsewhere = {"customer_uuid": await square.customer("c2"), "data_source_uuid": "ds_2"}
        square.contacts.client = client = Astray(square.client._transport)
        client.keep(square, **{what: elsewhere[what]})
        with pytest.raises(Unresolved) as caught:
            await square.contacts.create(record(**ADA))
        uuid = caught.value.uuid or ""
        assert caught.value.problem.code == "contact_moved"
        assert uuid in caught.value.problem.message
        assert await code(square, uuid, **ADA) == "contact_moved"
        square.delete(uuid)
        square.forget()
        assert await found(square, uuid, **ADA) == "absent"
