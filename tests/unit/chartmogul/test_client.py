"""Customers and contacts through a scripted ChartMogul."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from sync.chartmogul.client import Account, DataSource, Written
from sync.domain.plan import Absent
from sync.domain.record import AttributeType, Fields
from sync.errors import (
    CutShort,
    Denied,
    Detached,
    NotFound,
    Outage,
    RailError,
    Refused,
    Unavailable,
)
from tests.unit.chartmogul.scene import AWKWARD, ENCODED, TYPES, answer, scene

KNOWN = frozenset(TYPES)
#: The answer to the question whether ChartMogul is there at all.
ALIVE = answer(200, {"name": "Example", "currency": "EUR"})


def shown(uuid="cus_1", **fields):
    """A customer as ChartMogul shows it, attributes under `custom`."""
    custom, tags = fields.pop("custom", {}), fields.pop("tags", [])
    return {"uuid": uuid, **fields, "attributes": {"custom": custom, "tags": tags}}


def page(*entries, cursor=None, **more):
    """A page of a list, the last one unless there is a cursor."""
    return answer(
        200, {"entries": list(entries), "cursor": cursor, "has_more": bool(cursor), **more}
    )


def paired(uuid, *pairs):
    """A customer with these pairs."""
    return {
        "uuid": uuid,
        "data_source_uuids": [source for source, _ in pairs],
        "external_ids": [external_id for _, external_id in pairs],
    }


async def test_account_and_data_source():
    """What a run shows before it writes."""
    s = scene(
        answer(200, {"id": "acc_1", "name": "Example", "currency": "EUR"}),
        answer(200, {"uuid": "ds_1", "name": "Warehouse", "system": "Custom"}),
    )

    assert await s.client.account() == Account("acc_1", "Example", "EUR")
    assert await s.client.data_source("ds_1") == DataSource("ds_1", "Warehouse", "Custom")


@pytest.mark.parametrize("status", [404, 422])
async def test_an_unknown_data_source_ends_the_run(status):
    """404 for one that is not there, 422 for what is no uuid."""
    s = scene(answer(status, {"error": "Data source not found"}))
    with pytest.raises(Denied) as caught:
        await s.client.data_source("ds_1")

    assert caught.value.message == "the account has no data source ds_1: Data source not found"
    assert "destination.data_source" in caught.value.hint


async def test_a_refusal_that_says_nothing_of_the_data_source():
    """It may be there; the run ends all the same."""
    s = scene(answer(409, {"error": "Conflict, try later"}))
    with pytest.raises(Denied, match="does not show the data source ds_1: Conflict, try later"):
        await s.client.data_source("ds_1")


async def test_another_data_source_is_no_answer():
    """A run would make everything there a second time: it is asked again, and a uuid's case tells nothing."""
    other, ours = ({"uuid": uuid, "name": "W", "system": "Custom"} for uuid in ("ds_2", "DS_a1"))
    s = scene(answer(200, other), answer(200, ours))
    assert (await s.client.data_source("ds_A1")).uuid == "DS_a1"
    assert s.requests.total == 2
    with pytest.raises(Unavailable):
        await scene(*[answer(200, other)] * 20).client.data_source("ds_1")


async def test_a_known_uuid_is_read_or_gone():
    """A merged or deleted record is NotFound."""
    s = scene(answer(200, shown(name="Ada")), answer(404, {"code": 404, "message": "gone"}))

    assert (await s.client.customer("cus_1")).fields == {"name": "Ada"}
    with pytest.raises(NotFound):
        await s.client.contact("con_1")
    assert s.script.lines == ["GET /v1/customers/cus_1", "GET /v1/contacts/con_1"]


async def test_finding_trusts_only_the_very_pair():
    """Other sources, other cases and an ignored filter are no hits; the search goes on."""
    s = scene(
        page(
            paired("cus_1", ("ds_2", "c1"), ("ds_1", "c2")),
            paired("cus_2", ("ds_1", "C1")),
            cursor="next=",
        ),
        page(paired("cus_3", ("ds_2", "x"), ("ds_1", "c1"))),
    )
    found = await s.client.find_customer("ds_1", "c1")

    assert not isinstance(found, Absent)
    assert found.uuid == "cus_3"
    assert s.script.lines[1] == (
        "GET /v1/customers?data_source_uuid=ds_1&external_id=c1&cursor=next%3D&per_page=200"
    )


async def test_finding_nothing_is_absent():
    """An empty list, or one without the pair."""
    s = scene(page(), page(paired("cus_1", ("ds_2", "c1"))))

    assert await s.client.find_customer("ds_1", "c1") == Absent()
    assert await s.client.find_customer("ds_1", "c1") == Absent()


async def test_awkward_ids_are_encoded_on_the_wire():
    """Plus signs, slashes and all else arrive as they are, in queries and paths."""
    s = scene(page(), answer(200, shown()))
    await s.client.find_customer("ds_1", AWKWARD)
    await s.client.customer(AWKWARD)

    assert s.script.lines == [
        f"GET /v1/customers?data_source_uuid=ds_1&external_id={ENCODED}&per_page=200",
        f"GET /v1/customers/{ENCODED}",
    ]


async def test_listing_follows_cursors_to_the_end():
    """`has_more` ends it, not the cursor; the number of pages is known on the first."""
    s = scene(
        page(shown("cus_1"), cursor="a", total_pages=2),
        answer(200, {"entries": [shown("cus_2")], "cursor": "filled", "has_more": False}),
    )
    pages = [p async for p in s.client.list_customers("ds_1")]

    assert [(p.entries[0].uuid, p.total_pages, p.last) for p in pages] == [
        ("cus_1", 2, False),
        ("cus_2", None, True),
    ]


async def test_listing_contacts_by_any_filter():
    """Data source, customer and e-mail narrow the list."""
    s = scene(page({"uuid": "con_1"}, cursor="x"), page())
    pages = [
        p
        async for p in s.client.list_contacts(
            data_source="ds_1", customer_uuid="cus_1", email="a+b@c.d"
        )
    ]

    assert [len(p.entries) for p in pages] == [1, 0]
    assert s.script.lines[1] == (
        "GET /v1/contacts?data_source_uuid=ds_1&customer_uuid=cus_1&email=a%2Bb%40c.d"
        "&cursor=x&per_page=200"
    )


async def test_contacts_of_a_merged_customer_are_not_found():
    """A 404 for the customer of a filter is about that customer, not about the API's address."""
    s = scene(answer(404, {"error": "Customer not found"}))
    with pytest.raises(NotFound):
        _ = [p async for p in s.client.list_contacts(customer_uuid="cus_1")]


async def test_a_cursor_that_leads_back_is_no_answer():
    """A list that would never end is tried again, then given up."""
    alive = answer(200, {"id": "acc_1", "name": "A"})
    s = scene(page(cursor="a"), page(cursor="b"), *[page(cursor="a")] * 6, alive)
    with pytest.raises(Unavailable, match="leads back"):
        _ = [p async for p in s.client.list_customers("ds_1")]

    assert s.requests.total == 9


async def test_creating_shows_what_was_kept():
    """The answer to a create is read like any other."""
    s = scene(answer(201, shown(name="Ada", custom={"plan": "pro"}, tags=["a"])))
    fields: Fields = {"name": "Ada", "attributes.plan": "pro", "tags": ("a",)}
    seen = await s.client.create_customer("ds_1", "c1", fields, TYPES)

    assert seen.fields == fields
    assert s.requests.methods == {"POST": 1}


async def test_most_updates_are_one_patch():
    """Standard fields and known attributes go together; the answer says what was kept."""
    s = scene(answer(200, shown(name="Ada", owner="old@example.com", custom={"seats": 5})))
    fields: Fields = {
        "name": "Ada",
        "owner": "new@example.com",
        "city": None,
        "attributes.seats": 5,
    }
    written = await s.client.update_customer("cus_1", fields, TYPES, KNOWN)

    assert s.script.lines == ["PATCH /v1/customers/cus_1"]
    assert s.script.bodies == [
        {
            "name": "Ada",
            "owner": "new@example.com",
            "city": "",
            "attributes": {"custom": {"seats": 5}},
        }
    ]
    assert written == Written(
        {"name": "Ada", "owner": "old@example.com", "attributes.seats": 5},
        frozenset(fields),
        None,
        1,
    )


async def test_known_attributes_alone_are_one_patch():
    """There need not be a standard field."""
    s = scene(answer(200, shown(custom={"seats": 5})))
    await s.client.update_customer("cus_1", {"attributes.seats": 5}, TYPES, KNOWN)

    assert s.script.bodies == [{"attributes": {"custom": {"seats": 5}}}]


async def test_false_and_new_keys_are_posted_with_their_type():
    """PATCH drops false and fixes no types; without standard fields all go in the one POST."""
    kept = {"custom": {"partner": False, "plan": "pro", "seats": 5}}
    s = scene(answer(200, kept))
    fields: Fields = {"attributes.partner": False, "attributes.plan": "pro", "attributes.seats": 5}
    written = await s.client.update_customer("cus_1", fields, TYPES, KNOWN - {"plan"})

    assert s.script.lines == ["POST /v1/customers/cus_1/attributes/custom"]
    assert s.script.bodies == [
        {
            "custom": [
                {"type": "Boolean", "key": "partner", "value": False},
                {"type": "String", "key": "plan", "value": "pro"},
                {"type": "Integer", "key": "seats", "value": 5},
            ]
        }
    ]
    assert (written.seen, written.requests) == (fields, 1)


async def test_what_did_not_stick_is_posted():
    """A PATCH that shows another value is followed by a typed POST of that key only."""
    s = scene(
        answer(200, shown(name="Ada", custom={"seats": 4, "since": "2026-01-31T10:00:00.000Z"})),
        answer(200, {"custom": {"seats": 5, "other": 1}}),
    )
    fields: Fields = {
        "name": "Ada",
        "attributes.seats": 5,
        "attributes.since": "2026-01-31T10:00:00Z",
    }
    written = await s.client.update_customer("cus_1", fields, TYPES, KNOWN)

    assert s.script.bodies[1] == {"custom": [{"type": "Integer", "key": "seats", "value": 5}]}
    assert written.seen == {
        "name": "Ada",
        "attributes.seats": 5,
        "attributes.since": "2026-01-31T10:00:00.000Z",
    }


async def test_all_four_requests_of_an_update():
    """PATCH, POST attributes, DELETE with a body, POST tags: in this order, each at most once."""
    s = scene(
        answer(200, shown(name="Ada")),
        answer(200, {"custom": {"score": 0.5, "seats": 7}}),
        answer(204),
        answer(200, {"tags": ["old", "new"]}),
    )
    fields: Fields = {
        "name": "Ada",
        "attributes.score": Decimal("0.5"),
        "attributes.seats": None,
        "attributes.plan": None,
        "tags": ("new",),
    }
    written = await s.client.update_customer("cus_1", fields, TYPES, frozenset())

    assert s.script.lines == [
        "PATCH /v1/customers/cus_1",
        "POST /v1/customers/cus_1/attributes/custom",
        "DELETE /v1/customers/cus_1/attributes/custom",
        "POST /v1/customers/cus_1/attributes/tags",
    ]
    assert s.script.bodies[2:] == [{"custom": ["seats", "plan"]}, {"tags": ["new"]}]
    assert written.seen == {
        "name": "Ada",
        "attributes.score": Decimal("0.5"),
        "tags": ("old", "new"),
    }
    assert (written.confirmed, written.requests) == (frozenset(fields), 4)


@pytest.mark.parametrize(
    ("removal", "left"),
    [
        (answer(204), {}),
        (answer(200, {}), {}),
        (answer(200, {"custom": {"other": 1}}), {}),
        (answer(200, {"custom": {"plan": "pro"}}), {"attributes.plan": "pro"}),
    ],
)
async def test_removals_take_three_kinds_of_answers(removal, left):
    """No body, an empty object, or the rest, which may show that the key is still there."""
    s = scene(removal)
    written = await s.client.update_customer("cus_1", {"attributes.plan": None}, TYPES, KNOWN)

    assert written == Written(left, frozenset({"attributes.plan"}), None, 1)


@pytest.mark.parametrize("status", [200, 202, 204, 205])
async def test_updates_that_are_answered_without_a_body_are_looked_at_once(status):
    """Whatever the status: only the record shows what was dropped, or is pinned."""
    there = shown(name="Ada", tags=["a", "b"])
    s = scene(answer(status), answer(status), answer(status), answer(200, there))
    fields: Fields = {"name": "Ada", "city": None, "attributes.plan": "pro", "tags": ("a",)}
    written = await s.client.update_customer("cus_1", fields, TYPES, frozenset())

    assert written.seen == {"name": "Ada", "tags": ("a", "b")}
    assert (written.confirmed, written.requests) == (frozenset(fields), 4)


async def test_a_200_that_shows_something_else_is_no_answer():
    """ChartMogul shows the record; a gateway that does not may never have passed the change on."""
    s = scene(
        answer(200, []),
        answer(200, shown(name="Ada")),
        answer(200, "<p>"),
        answer(200, {"tags": ["a"]}),
    )
    fields: Fields = {"name": "Ada", "tags": ("a",)}
    written = await s.client.update_customer("cus_1", fields, TYPES, frozenset())

    assert (written.seen, written.requests) == (fields, 4)


async def test_a_change_whose_answer_is_another_record():
    """What it shows says nothing of the one that was asked for, be it what was sent: that one is read."""
    for there in ("Eve", "Ada"):
        s = scene(answer(200, shown("cus_2", name="Ada")), answer(200, shown(name=there)))
        written = await s.client.update_customer("cus_1", {"name": "Ada"}, TYPES, frozenset())
        assert (written.seen, written.requests) == ({"name": there}, 2)

    other = {"uuid": "con_2", "customer_uuid": None, "title": "Dr"}
    s = scene(answer(200, other), answer(200, {"uuid": "con_1", "title": "old"}))
    assert (await s.client.update_contact("con_1", {"title": "Dr"})).seen == {"title": "old"}


@pytest.mark.parametrize("nothing", [answer(200), answer(201), answer(200, "")])
async def test_a_200_without_a_body_is_a_success_that_is_looked_at_once(nothing):
    """It should show the record, and does not: one GET tells what all the bare answers have left."""
    s = scene(nothing, answer(200), answer(200, shown(name="Ada", tags=["b"])))
    fields: Fields = {"name": "Ada", "tags": ("a",)}
    written = await s.client.update_customer("cus_1", fields, TYPES, frozenset())

    assert s.script.lines[2:] == ["GET /v1/customers/cus_1?with_overrides=true"]
    assert written.seen == {"name": "Ada", "tags": ("b",)}
    assert (written.confirmed, written.requests) == (frozenset(fields), 3)
    assert written.unmodified == frozenset()


@pytest.mark.parametrize("status", [200, 201, 203, 206, 207])
@pytest.mark.parametrize("nothing", [{}, {"message": "ok"}, {"custom": None, "tags": None}, None])
async def test_a_body_that_shows_nothing_is_as_good_as_none(status, nothing):
    """Whatever is said beside it: what was sent is not taken for shown, one GET tells what is there."""
    whole: Any = {} if nothing else None  # a customer's answer that has no uuid is somebody else's
    s = scene(
        answer(status, whole),
        answer(status, nothing),
        answer(status, nothing),
        answer(200, shown(name="Ada", custom={"plan": "old"})),
    )
    fields: Fields = {"name": "Ada", "attributes.plan": "pro", "tags": ("a",)}
    written = await s.client.update_customer("cus_1", fields, TYPES, frozenset())

    assert s.script.lines[3:] == ["GET /v1/customers/cus_1?with_overrides=true"]
    assert written.seen == {"name": "Ada", "attributes.plan": "old"}
    assert (written.confirmed, written.failed) == (frozenset(fields), None)


async def test_a_contacts_change_whose_answer_shows_nothing():
    """As for a customer: the contact is read once."""
    s = scene(answer(200, {}), answer(200, {"uuid": "con_1", "title": "old"}))
    written = await s.client.update_contact("con_1", {"title": "Dr"})

    assert s.script.lines[1:] == ["GET /v1/contacts/con_1?with_overrides=true"]
    assert written.seen == {"title": "old"}


async def test_a_contacts_change_whose_answer_shows_no_customer():
    """A merge answers so of a contact that keeps its own: the record itself tells whose it is."""
    ours = {"uuid": "con_1", "customer_uuid": "cus_1", "title": "Dr"}
    s = scene(answer(200, ours | {"customer_uuid": None}), answer(200, ours))
    written = await s.client.update_contact("con_1", {"title": "Dr"})

    assert s.script.lines[1:] == ["GET /v1/contacts/con_1?with_overrides=true"]
    assert written.seen == {"title": "Dr"}

    nobodys = answer(200, {"uuid": "con_1", "customer_uuid": None})
    with pytest.raises(Detached):
        await scene(nobodys, nobodys).client.update_contact("con_1", {"title": "Dr"})


#: Bodies that 304 has no right to, and an address that nobody has to go to.
_NOT_MODIFIED = [
    answer(304),
    answer(304, "<html>"),
    answer(304, {"name": "Eve"}),
    answer(304, Location="http://["),
]


@pytest.mark.parametrize("nothing", _NOT_MODIFIED)
async def test_304_is_a_success_of_every_change(nothing):
    """PATCH, POST and DELETE of attributes, POST of tags: nothing changed, and one GET shows what is there."""
    held = shown(name="Ada", city="Rome", custom={"plan": "pro", "seats": 3}, tags=["old"])
    s = scene(*[nothing] * 4, answer(200, held))
    fields: Fields = {
        "name": "Ada",
        "city": "Bonn",
        "attributes.seats": None,
        "attributes.plan": "pro",
        "tags": ("new",),
    }
    written = await s.client.update_customer("cus_1", fields, TYPES, frozenset())

    methods = [line.split()[0] for line in s.script.lines]
    assert methods == ["PATCH", "POST", "DELETE", "POST", "GET"]
    assert written.seen == {
        "name": "Ada",
        "city": "Rome",
        "attributes.seats": 3,
        "attributes.plan": "pro",
        "tags": ("old",),
    }
    assert written.confirmed == written.unmodified == frozenset(fields)
    assert (written.failed, written.requests, s.waits) == (None, 5, [])


async def test_304_is_a_success_of_a_contacts_change():
    """As for a customer: the contact is read once."""
    s = scene(answer(304), answer(200, {"uuid": "con_1", "title": "Dr"}))
    written = await s.client.update_contact("con_1", {"title": "Dr", "phone": "1"})

    assert s.script.lines[1:] == ["GET /v1/contacts/con_1?with_overrides=true"]
    assert (written.seen, written.requests) == ({"title": "Dr"}, 2)


async def test_what_a_patch_left_as_it_was_is_not_posted():
    """A 304 to a PATCH with attributes says no: they are not sent again by another call."""
    s = scene(answer(304), answer(200, shown(custom={"seats": 3})))
    written = await s.client.update_customer("cus_1", {"attributes.seats": 4}, TYPES, KNOWN)

    assert len(s.script.lines) == 2
    assert written.seen == {"attributes.seats": 3}


async def test_a_304_after_a_lost_answer_is_our_own_change():
    """The attempt before may have changed what the second one found in place."""
    s = scene(httpx.ReadError("lost"), answer(304), answer(200, shown(name="Ada")))
    written = await s.client.update_customer("cus_1", {"name": "Ada"}, TYPES, KNOWN)

    assert (written.seen, written.unmodified) == ({"name": "Ada"}, frozenset())


async def test_nobody_knows_what_a_304_left_where_the_record_cannot_be_read():
    """The row is not delivered, whatever else was sent: nothing is taken for shown that nobody has seen."""
    refusal = answer(422, {"code": 422, "message": "no", "param": "tags"})
    s = scene(answer(304), refusal)
    with pytest.raises(Refused):
        await s.client.update_customer("cus_1", {"name": "Ada", "tags": ("a",)}, TYPES, KNOWN)

    s = scene(answer(304), answer(200, {"tags": ["a"]}), *[httpx.ReadError("x")] * 6, ALIVE)
    written = await s.client.update_customer("cus_1", {"name": "Ada", "tags": ("a",)}, TYPES, KNOWN)
    assert isinstance(written.failed, Unavailable)
    assert (written.seen, written.confirmed) == ({"tags": ("a",)}, frozenset({"tags"}))


async def test_304_is_no_answer_to_a_look_or_a_create():
    """Neither asks whether something has changed: somebody else has answered."""
    s = scene(answer(304), answer(200, shown(name="Ada")), answer(304))
    assert (await s.client.customer("cus_1")).fields == {"name": "Ada"}
    with pytest.raises(Unavailable) as caught:
        await s.client.create_contact("ds_1", "cus_1", {})
    assert (caught.value.sent, caught.value.answered.status) == (True, 304)


@pytest.mark.parametrize("fields", [{}, {"tags": ()}, {"external_id": "c1"}])
async def test_nothing_to_write_is_no_request(fields):
    """An id is never changed, and no tags are no tags."""
    s = scene()
    written = await s.client.update_customer("cus_1", fields, TYPES, KNOWN)

    assert written == Written({}, frozenset(), None, 0)
    assert await s.client.update_contact("con_1", {}) == written


async def test_a_refused_first_request_is_raised():
    """Nothing was written: the row is simply refused."""
    s = scene(answer(422, {"code": 422, "message": "No.", "param": "email"}))
    with pytest.raises(Refused):
        await s.client.update_customer("cus_1", {"email": "x", "tags": ("a",)}, {}, frozenset())

    assert s.requests.total == 1


@pytest.mark.parametrize(
    ("trouble", "kind", "requests"),
    [
        ([answer(400, {"message": "No.", "param": None})], Refused, 2),
        ([*[answer(502)] * 6, answer(200, {})], Unavailable, 7),
    ],
)
async def test_a_later_failure_tells_what_was_written(trouble, kind, requests):
    """The fields of the requests before it stuck, and those after it were not sent."""
    s = scene(answer(200, shown(name="Ada")), *trouble)
    fields: Fields = {"name": "Ada", "attributes.plan": None, "tags": ("a",)}
    written = await s.client.update_customer("cus_1", fields, TYPES, KNOWN)

    assert (written.seen, written.confirmed) == ({"name": "Ada"}, frozenset({"name"}))
    assert isinstance(written.failed, kind)
    assert written.requests == requests
    assert s.requests.total == 1 + len(trouble)


async def test_what_ends_the_run_is_raised_from_a_first_request():
    """A key that was withdrawn, an outage or a spent budget is no matter of one row."""
    for s, error in (
        (scene(answer(401)), Denied),
        (scene(answer(502), outage=0), Outage),
        (scene(budget=0), RailError),
    ):
        with pytest.raises(error):
            await s.client.update_customer("cus_1", {"name": "Ada"}, {}, frozenset())


async def test_what_ends_the_run_half_way_tells_what_was_written():
    """What was answered before it is not forgotten, and the end is told along."""
    fields: Fields = {"name": "Ada", "tags": ("a",)}
    first = answer(200, shown(name="Ada"))
    for s, error in (
        (scene(first, answer(401)), Denied),
        (scene(first, answer(502), outage=0), Outage),
        (scene(first, budget=1), RailError),
    ):
        written = await s.client.update_customer("cus_1", fields, {}, frozenset())
        assert (written.seen, written.confirmed) == ({"name": "Ada"}, frozenset({"name"}))
        assert isinstance(written.failed, CutShort)
        assert isinstance(written.failed.end, error)


@pytest.mark.parametrize("lost", [answer(304), answer(200, {})], ids=["304", "nothing"])
async def test_tags_that_were_taken_off_are_told_whatever_becomes_of_others(lost):
    """An answer that shows nothing of the tags that are added, and a look that fails, take nothing back."""
    s = scene(answer(200, {"tags": ["eu"]}), lost, answer(502), outage=0)
    written = await s.client.update_customer("cus_1", {"tags": ("a",)}, {}, frozenset(), ("b",))

    assert (written.seen, written.confirmed) == ({"tags": ("eu",)}, frozenset({"tags"}))
    assert isinstance(written.failed, CutShort)


async def test_contacts_are_changed_in_one_request():
    """Null empties, attributes go as a list, and what was dropped in silence is not shown."""
    s = scene(answer(200, {"uuid": "con_1", "first_name": "Ada", "title": None, "custom": {}}))
    fields: Fields = {"first_name": "Ada", "title": None, "attributes.plan": "pro"}
    written = await s.client.update_contact("con_1", fields)

    assert s.script.bodies == [
        {"first_name": "Ada", "title": None, "custom": [{"key": "plan", "value": "pro"}]}
    ]
    assert written == Written({"first_name": "Ada"}, frozenset(fields), None, 1)


async def test_a_contact_of_an_unknown_customer_is_not_found():
    """The customer may have been merged a moment ago."""
    s = scene(answer(404, {"code": 404, "message": "Customer does not exist", "param": "customer"}))
    with pytest.raises(NotFound):
        await s.client.create_contact("ds_1", "cus_1", {})


def test_types_are_spelled_as_the_api_wants():
    """An unknown type name is a 400."""
    assert {kind.value for kind in AttributeType} == {
        "String",
        "Integer",
        "Decimal",
        "Timestamp",
        "Boolean",
    }
