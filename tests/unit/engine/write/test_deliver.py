"""One record is delivered: what ChartMogul is like decides, and every end is one value."""

import asyncio
from dataclasses import replace

import pytest

from sync.destination.interface import Unresolved
from sync.domain.fingerprint import join
from sync.domain.objects.customer import CUSTOMER
from sync.domain.plan import (
    Absent,
    Changes,
    Create,
    Keep,
    Policy,
    Reject,
    Remembered,
    Seen,
    Skip,
    Update,
)
from sync.domain.policy import Mode, OnAbsent, Overwrite, Overwrites
from sync.domain.record import Problem, Rejected, Stage
from sync.domain.results import Delivered, Outcome, PartlyWritten, Warned
from sync.engine.write.deliver import Deliver
from sync.engine.write.delivery import Delivery, Job, Planned
from sync.errors import (
    AlreadyExists,
    Answered,
    CutShort,
    Denied,
    LockedError,
    NotFound,
    Unavailable,
)
from tests.support.delivering import (
    HASHER,
    CountedLease,
    DictDestination,
    entry,
    lost,
    memory,
    refused,
    seen,
)
from tests.support.gates import Gate

RIVAL = Problem("same_record", "this is row 1 as well")
WAYS = ("deliver", "plan", "foretell")
#: What the warning of a drop says of the future.
AGAIN = (
    "it is tried again by --full, by the next write of the row, and once a day for five rows:"
    " if one sticks, the others follow"
)


def deliver(destination, mode=Mode.UPSERT, absent=OnAbsent.REJECT, good_for=100):
    """A way to deliver to this destination, with a lease for so many writes."""
    lease = CountedLease(destination.log, good_for)
    return Deliver(destination, Policy(mode, absent, HASHER, CUSTOMER), lease)


def rehearse(destination, mode=Mode.UPSERT):
    """The same for a dry run, which has no lease."""
    return Deliver(destination, Policy(mode, OnAbsent.REJECT, HASHER, CUSTOMER), None)


def job(key="a", known=None, remembered=None, **fields):
    """A row that wants this."""
    return Job(entry(key, **fields), remembered, known)


def code(delivery):
    """Stage and code of a rejected row."""
    assert isinstance(delivery.result, Rejected)
    return delivery.result.stage, delivery.result.problems[0].code


def hashes(**fields):
    """The hashes of values, as the state keeps those that ChartMogul dropped."""
    return HASHER.fields(fields)


# What is not there


async def test_created():
    """What no look-up finds is created: with all that has a value, and what the answer shows is known."""
    there = DictDestination()
    wanted = job(name="A", city=None)
    delivery = await deliver(there).deliver(wanted)

    changes: Changes = {"name": (None, "A")}
    expected = Delivered(1, "a", Outcome.CREATED, "not in ChartMogul", "u_a", True, changes)
    assert Delivery(wanted.entry, expected, seen("a", name="A")) == delivery
    assert there.log == ["turn a", "find a", "lease", "create a", "complete a", "end a"]


async def test_known_absent():
    """What a complete listing did not show is created without another look."""
    there = DictDestination()
    await deliver(there).deliver(job(known=Absent(), name="A"))

    assert there.log == ["turn a", "lease", "create a", "complete a", "end a"]


async def test_completed():
    """What the create did not take, and its completion did, is as delivered as the rest."""
    there = DictDestination(apart={"tags"})
    delivery = await deliver(there).deliver(job(name="A", tags=("x",)))

    assert delivery.result.changes == {"name": (None, "A"), "tags": (None, ("x",))}
    assert delivery.result.warnings == ()
    assert there.sends == ["create a", "update u_a tags"]


async def test_create_refused_half_way():
    """A create of which a later part was refused is there: its row is rejected, and what stuck is told."""
    error = refused()
    there = DictDestination(apart={"seats", "tags"}, half_way=error)
    delivery = await deliver(there).deliver(job(name="A", seats=5, tags=("x",)))

    assert isinstance(delivery.result, PartlyWritten)
    told = delivery.result
    assert (told.uuid, told.before_known) == ("u_a", True)
    assert told.changes == {"name": (None, "A"), "seats": (None, 5)}
    assert (told.rejected.stage, told.rejected.problems[0].code) == (Stage.SEND, "refused")
    assert (delivery.error, delivery.uuid) == (error, "u_a")


@pytest.mark.parametrize("error", [refused(), lost(), Denied("no", Answered(401))])
async def test_created_and_not_completed(error):
    """A record that was made is told, though nothing of what it lacks was taken, or no row survives what befell it."""
    there = DictDestination(apart={"tags"}, troubles={"update": [error]})
    delivery = await deliver(there).deliver(job(name="A", tags=("x",)))

    assert isinstance(delivery.result, PartlyWritten)
    assert (delivery.result.created, delivery.result.uuid) == (True, "u_a")
    assert delivery.result.changes == {"name": (None, "A")}
    end = delivery.error.end if isinstance(delivery.error, CutShort) else delivery.error
    assert end is error


async def test_update_of_what_is_absent():
    """In mode update what is not there is rejected, or skipped where that is asked for; nothing is sent."""
    there = DictDestination()
    rejected = await deliver(there, Mode.UPDATE).deliver(job())
    skipped = await deliver(there, Mode.UPDATE, OnAbsent.SKIP).deliver(job())

    assert code(rejected) == (Stage.PLAN, "not_found")
    assert Absent() == rejected.known == skipped.known
    assert (skipped.result.outcome, skipped.result.uuid) == (Outcome.SKIPPED, None)
    assert there.sends == []


async def test_an_update_that_changes_nothing():
    """What ChartMogul had already is no change of ours, whatever the state took it for; what it lacks is warned of."""
    there = DictDestination(unmodified={"name", "city"}, drops={"city"}).have(seen("a"))
    known = Remembered("u_a", HASHER.fields({"name": "before"}))
    had = await deliver(there).deliver(job(known=known, name="A"))
    assert (had.result.outcome, had.result.changes) == (Outcome.UNCHANGED, {})
    assert had.result.reason == "ChartMogul says that this changes nothing"
    assert had.result.warnings == ()

    lacks = await deliver(there).deliver(job(known=known, name="A", city="Bonn"))
    assert lacks.result.outcome is Outcome.UNCHANGED
    assert [warning.field for warning in lacks.result.warnings] == ["city"]
    assert lacks.dropped == hashes(city="Bonn")

    there.unmodified = {"name"}
    there.drops = set()
    part = await deliver(there).deliver(job(known=known, name="A", city="Bonn"))
    assert part.result.outcome is Outcome.UPDATED
    assert set(part.result.changes) == {"city"}


# What is there


async def test_updated():
    """Only what differs is sent, and the value before is known."""
    there = DictDestination().have(seen("a", name="A", city="Bonn"))
    wanted = job(name="B", city="Bonn")
    delivery = await deliver(there).deliver(wanted)

    changes: Changes = {"name": ("A", "B")}
    reason = "differs in ChartMogul: name"
    expected = Delivered(1, "a", Outcome.UPDATED, reason, "u_a", True, changes)
    assert Delivery(wanted.entry, expected) == delivery
    assert there.log == ["turn a", "find a", "lease", "update u_a name", "end a"]


async def test_looked_up_by_the_remembered_uuid():
    """A remembered record is looked up by its uuid."""
    there = DictDestination().have(seen("a", name="A"))
    await deliver(there).deliver(job(remembered=memory("a"), name="A"))

    assert "find a u_a" in there.log


async def test_updated_without_a_look():
    """What the state is trusted with is sent where its hash is new; the value before is unknown, not empty."""
    there = DictDestination().have(seen("a", name="A", city="Bonn"))
    known = Remembered("u_a", hashes(city="Bonn"))
    delivery = await deliver(there).deliver(job(known=known, name="B", city="Bonn"))

    assert delivery.result.changes == {"name": (None, "B")}
    assert delivery.result.before_known is False
    assert delivery.result.reason == "changed since it was last sent: name"
    assert there.log == ["turn a", "lease", "update u_a name", "end a"]


async def test_tags_are_added():
    """Of tags only those that are missing are sent; the report shows all."""
    there = DictDestination().have(seen("a", tags=("theirs", "x")))
    delivery = await deliver(there).deliver(job(tags=("x", "y")))

    assert delivery.result.changes == {"tags": (("theirs", "x"), ("theirs", "x", "y"))}
    assert there.fields("a") == {"tags": ("theirs", "x", "y")}


async def test_unchanged():
    """What is as it should be is left alone; nobody asks for the lease."""
    there = DictDestination().have(seen("a", name="A"))
    wanted = job(name="A")
    delivery = await deliver(there).deliver(wanted)

    expected = Delivered(1, "a", Outcome.UNCHANGED, "equal in ChartMogul", "u_a")
    assert Delivery(wanted.entry, expected, seen("a", name="A")) == delivery
    assert there.log == ["turn a", "find a", "end a"]


async def test_known_to_be_dropped():
    """A value that ChartMogul is known to drop is no difference, and stays known."""
    there = DictDestination().have(seen("a", name="A"))
    dropped = hashes(role="admin")
    remembered = memory("a", dropped=join(dropped))
    delivery = await deliver(there).deliver(job(remembered=remembered, name="A", role="admin"))

    assert delivery.result.outcome is Outcome.UNCHANGED
    assert dropped == delivery.dropped


async def test_insert_leaves_alone():
    """In mode insert what is there is skipped, with its uuid."""
    there = DictDestination().have(seen("a", name="A"))
    delivery = await deliver(there, Mode.INSERT).deliver(job(name="B"))

    expected = Delivered(1, "a", Outcome.SKIPPED, "exists already, and the mode is insert", "u_a")
    assert (expected, seen("a", name="A")) == (delivery.result, delivery.known)
    assert there.sends == []


async def test_update_refused_half_way():
    """What stuck is told; what was never sent did not stick because it is missing in ChartMogul."""
    error = lost()
    there = DictDestination(half_way=error).have(seen("a", name="A", zip="1"))
    delivery = await deliver(there).deliver(job(name="B", zip=None, seats=5))

    assert isinstance(delivery.result, PartlyWritten)
    told = delivery.result
    assert (told.changes, told.uuid, told.before_known) == ({"name": ("A", "B")}, "u_a", True)
    assert told.rejected.problems[0].code == "unavailable"
    assert (delivery.error, delivery.uuid) == (error, "u_a")


async def test_half_way_without_a_look():
    """Where the state was trusted, the values before what stuck are unknown."""
    there = DictDestination(half_way=refused()).have(seen("a", name="A", city="Bonn"))
    delivery = await deliver(there).deliver(job(known=Remembered("u_a"), name="B", city="Cork"))

    assert isinstance(delivery.result, PartlyWritten)
    assert delivery.result.before_known is False


async def test_refused_before_anything_stuck():
    """Where nothing stuck there is nothing to tell of changes."""
    there = DictDestination(half_way=refused(), drops={"name"}).have(seen("a"))
    delivery = await deliver(there).deliver(job(name="B", city="Bonn"))

    assert code(delivery) == (Stage.SEND, "refused")
    assert delivery.uuid == "u_a"


# What ChartMogul drops in silence


async def test_dropped_by_a_create():
    """The row is created, with a warning that says what to do, and the value is known from now on."""
    there = DictDestination(drops={"attributes.role", "city"})
    delivery = await deliver(there).deliver(job(**{"attributes.role": "x", "city": "C", "b": 1}))

    assert delivery.result.outcome is Outcome.CREATED
    assert delivery.result.changes == {"b": (None, 1)}
    assert delivery.result.warnings == (
        Warned(
            "attributes.role",
            "dropped",
            "ChartMogul answered without an error, but did not take attributes.role:"
            f" define it in the app; {AGAIN}",
        ),
        Warned(
            "city",
            "dropped",
            f"ChartMogul answered without an error, but did not take city; {AGAIN}",
        ),
    )
    assert hashes(**{"attributes.role": "x", "city": "C"}) == delivery.dropped


async def test_dropped_by_an_update():
    """What stuck counts as changed; what was known to be dropped before stays known, and is no news."""
    there = DictDestination(drops={"city", "role"}).have(seen("a", name="A"))
    before = hashes(role="admin")
    wanted = job(remembered=memory("a", dropped=join(before)), name="B", city="C", role="admin")
    delivery = await deliver(there).deliver(wanted)

    assert (delivery.result.outcome, delivery.result.changes) == (
        Outcome.UPDATED,
        {"name": ("A", "B")},
    )
    assert [warned.field for warned in delivery.result.warnings] == ["city"]
    assert before | hashes(city="C") == delivery.dropped
    assert there.sends == ["update u_a name city role"]
    assert (delivery.tried, delivery.had_drops) == ({"city", "role"}, True)


async def test_the_next_write_makes_it_stick():
    """An update for another reason sends what was dropped, too; what sticks is known no longer."""
    there = DictDestination().have(seen("a", name="A"))
    before = memory("a", dropped=join(hashes(role="admin")))
    delivery = await deliver(there).deliver(job(remembered=before, name="B", role="admin"))

    assert delivery.result.changes == {"name": ("A", "B"), "role": (None, "admin")}
    assert (delivery.dropped, delivery.stuck) == (frozenset(), {"role"})


async def test_a_value_that_is_tried_again():
    """A value whose turn it is is sent for its own sake, and takes the others along; none is news."""
    there = DictDestination(drops={"role", "city"}).have(seen("a"))
    before = memory("a", dropped=join(hashes(role="admin", city="C")))
    wanted = job(remembered=before, role="admin", city="C")
    trial = replace(wanted.entry, tries=frozenset({"role", "left"}))
    delivery = await deliver(there).deliver(replace(wanted, entry=trial))

    assert there.sends == ["update u_a role city"]
    assert (delivery.result.outcome, delivery.result.warnings) == (Outcome.UNCHANGED, ())
    assert hashes(role="admin", city="C") == delivery.dropped


async def test_a_full_run_tries_all_again():
    """It trusts nothing that is remembered."""
    there = DictDestination().have(seen("a"))
    before = memory("a", dropped=join(hashes(role="admin")))
    await deliver(there).deliver(replace(job(remembered=before, role="admin"), full=True))

    assert there.sends == ["update u_a role"]


async def test_somebody_has_entered_what_was_dropped():
    """What a look-up shows is known to be dropped no longer."""
    there = DictDestination().have(seen("a", role="admin"))
    before = memory("a", dropped=join(hashes(role="admin", city="C")))
    delivery = await deliver(there).deliver(job(remembered=before, role="admin", city="C"))

    assert hashes(city="C") == delivery.dropped
    assert (there.sends, delivery.had_drops) == ([], True)


async def test_dropped_altogether():
    """An update of which nothing stuck leaves the row unchanged, with its warning."""
    there = DictDestination(drops={"city"}).have(seen("a"))
    delivery = await deliver(there).deliver(job(city="C"))

    assert (delivery.result.outcome, delivery.result.changes) == (Outcome.UNCHANGED, {})
    assert delivery.result.reason == "ChartMogul dropped every change"
    assert [warned.code for warned in delivery.result.warnings] == ["dropped"]


# What goes wrong with one row


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("error", "expected", "kept"),
    [
        (Unresolved(Problem("ambiguous_contact", "two")), (Stage.PLAN, "ambiguous_contact"), False),
        (refused(), (Stage.SEND, "refused"), True),
        (lost(), (Stage.SEND, "unavailable"), True),
    ],
)
async def test_look_up_fails(way, error, expected, kept):
    """A row whose look-up fails is rejected; only a failed request is kept as one."""
    there = DictDestination(troubles={"find": [error]})
    wanted = job(name="A")
    delivery = await getattr(deliver(there), way)(wanted)

    assert expected == code(delivery)
    assert (wanted.entry, error if kept else None) == (delivery.entry, delivery.error)
    assert there.log == ["turn a", "find a", "end a"]


@pytest.mark.parametrize("known", [Absent(), seen("a")])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unresolved(Problem("outcome_unknown", "?")), (Stage.PLAN, "outcome_unknown")),
        (refused(), (Stage.SEND, "refused")),
        (lost(), (Stage.SEND, "unavailable")),
    ],
)
async def test_send_fails(known, error, expected):
    """So is a row whose create or update fails, whatever of it may have arrived."""
    there = DictDestination(troubles={"create": [error], "update": [error]}).have(seen("a"))
    delivery = await deliver(there).deliver(job(known=known, name="A"))

    assert expected == code(delivery)
    assert (delivery.error is error) is not isinstance(error, Unresolved)
    assert there.log[-1] == "end a"


@pytest.mark.parametrize("way", WAYS)
async def test_no_row_survives(way):
    """An error that is not of one row is raised, after the turn is given back."""
    there = DictDestination(troubles={"find": [Denied("no", Answered(401))]})
    with pytest.raises(Denied):
        await getattr(deliver(there), way)(job())

    assert there.log[-1] == "end a"


@pytest.mark.parametrize("way", ["deliver", "foretell"])
async def test_rival(way):
    """Two rows never write one record: the later one is rejected, with what was seen."""
    there = DictDestination(rivals={"u_a": RIVAL}).have(seen("a", name="A"))
    delivery = await getattr(deliver(there), way)(job(name="B"))

    assert code(delivery) == (Stage.PLAN, "same_record")
    assert seen("a", name="A") == delivery.known
    assert there.sends == []


async def test_rival_of_a_remembered_row():
    """Who the state remembers is asked about with its uuid."""
    there = DictDestination(rivals={"u_a": RIVAL}).have(seen("a", name="A"))
    delivery = await deliver(there).deliver(job(remembered=memory("a"), name="B"))

    assert delivery.result.outcome is Outcome.UPDATED


# What a rejected row leaves behind of its record


@pytest.mark.parametrize("error", [refused(), lost()])
async def test_a_refused_record_is_known(error):
    """Whatever becomes of an update, which record a look-up has shown is known from now on."""
    there = DictDestination(troubles={"update": [error]}).have(seen("a"))
    delivery = await deliver(there).deliver(job(name="B"))

    assert (delivery.error, delivery.uuid) == (error, "u_a")


async def test_a_refused_record_stays_who_it_was():
    """Where the state knows the record that is gone on with; what is said of another one needs an answer."""
    there = DictDestination(troubles={"update": [refused()]}).have(seen("a"))
    delivery = await deliver(there).deliver(job(remembered=memory("a", uuid="u_b"), name="B"))

    assert delivery.uuid is None


async def test_a_contact_of_another_id_is_not_known():
    """Who was met by an e-mail alone is the row's only once it has the row's external id."""
    there = DictDestination(troubles={"update": [refused(), refused()]})
    there.have(seen("a", email="a@b.de"), seen("b", external_id="b"))
    wanted = job("a", email="a@b.de", name="B", external_id="a")
    by_email = await deliver(there).deliver(wanted)
    by_id = await deliver(there).deliver(job("b", name="B", external_id="b"))

    assert (by_email.uuid, by_id.uuid) == (None, "u_b")


async def test_a_rival_is_not_known():
    """Which record an earlier row stands for says nothing of the later one."""
    there = DictDestination(rivals={"u_a": RIVAL}).have(seen("a", name="A"))
    delivery = await deliver(there).deliver(job(name="B"))

    assert delivery.uuid is None


async def test_an_edited_record_is_known():
    """A row that is rejected for what somebody has entered knows its record."""
    there = DictDestination().have(seen("a", name="theirs"))
    theirs = Overwrites(Overwrite.REJECT_EDITED)
    policy = Policy(Mode.UPSERT, OnAbsent.REJECT, HASHER, CUSTOMER, overwrites=theirs)
    delivery = await Deliver(there, policy, None).deliver(job(name="B"))

    assert code(delivery) == (Stage.PLAN, "edited")
    assert delivery.uuid == "u_a"


async def test_refused_after_its_deletion():
    """A record that is found deleted while it is written, and then not taken anew, is known to be deleted."""
    there = DictDestination(troubles={"create": [refused()]})
    delivery = await deliver(there).deliver(job(known=seen("a"), remembered=memory("a"), name="B"))

    assert code(delivery) == (Stage.SEND, "refused")
    assert (delivery.known, delivery.uuid) == (Absent(deleted=True), None)


# What has changed since it was seen


async def test_gone_since_it_was_seen():
    """A record that is gone under its uuid is looked up by its key, and decided about again."""
    there = DictDestination().have(seen("b", "a", name="A", city="C"))
    delivery = await deliver(there).deliver(job(known=seen("a", name="A"), name="B", city="C"))

    assert (delivery.result.outcome, delivery.result.uuid) == (Outcome.UPDATED, "u_b")
    assert delivery.result.changes == {"name": ("A", "B")}
    assert there.log == [
        "turn a",
        "lease",
        "update u_a name city",
        "find a",
        "lease",
        "update u_b name",
        "end a",
    ]


async def test_deleted_since_it_was_seen():
    """What is not there by its key either is created anew."""
    there = DictDestination()
    delivery = await deliver(there).deliver(job(known=Remembered("u_a"), name="B"))

    assert delivery.result.outcome is Outcome.CREATED
    assert there.sends == ["update u_a name", "create a"]


async def test_gone_again():
    """Decided about again once only: a second time it is the row's error."""
    there = DictDestination().have(seen("a", name="A"))
    there.troubles["update"] = [NotFound("gone", Answered(404)) for _ in range(9)]
    delivery = await deliver(there).deliver(job(name="B"))

    assert code(delivery) == (Stage.SEND, "gone")
    assert isinstance(delivery.error, NotFound)
    assert there.sends == ["update u_a name"] * 2


async def test_back_and_forth():
    """Nor does a record that is there for creates and gone for updates keep anybody busy for ever."""
    there = DictDestination().have(seen("a", name="A"))
    there.troubles["update"] = [NotFound("gone", Answered(404)) for _ in range(9)]
    there.unseen["a"] = 1
    delivery = await deliver(there).deliver(job(known=seen("a"), name="B"))

    assert code(delivery) == (Stage.SEND, "gone")
    assert there.sends == ["update u_a name", "create a", "update u_a name"]


async def test_exists_after_all():
    """A create that meets the record becomes an update of what differs."""
    there = DictDestination().have(seen("a", name="A", city="C"))
    delivery = await deliver(there).deliver(job(known=Absent(), name="B", city="C"))

    assert delivery.result.outcome is Outcome.UPDATED
    assert delivery.result.changes == {"name": ("A", "B")}
    assert there.log[1:] == ["lease", "create a", "find a", "lease", "update u_a name", "end a"]


async def test_exists_after_all_and_inserted():
    """In mode insert it is left alone."""
    there = DictDestination().have(seen("a", name="A"))
    delivery = await deliver(there, Mode.INSERT).deliver(job(known=Absent(), name="B"))

    assert delivery.result.outcome is Outcome.SKIPPED
    assert there.sends == ["create a"]


async def test_exists_and_is_not_found():
    """Where no look-up finds what is said to exist, the row is rejected, for a matter of moments."""
    there = DictDestination().have(seen("a"))
    there.unseen["a"] = 2
    delivery = await deliver(there).deliver(job(name="B"))

    assert code(delivery) == (Stage.SEND, "refused")
    assert isinstance(delivery.error, AlreadyExists)
    assert "no look-up finds it" in delivery.error.message
    assert "the next run tries again" in delivery.result.problems[0].hint
    assert there.sends == ["create a"]


# A create whose answer was lost


async def test_met():
    """What a look shows as it was sent is created; nothing is sent twice."""
    there = DictDestination(meanwhile={})
    delivery = await deliver(there).deliver(job(name="A", city=None))

    changes: Changes = {"name": (None, "A")}
    expected = Delivered(1, "a", Outcome.CREATED, "not in ChartMogul", "u_a", True, changes)
    assert expected == delivery.result
    assert isinstance(delivery.known, Seen)
    assert there.log == ["turn a", "find a", "lease", "create a", "end a"]


async def test_met_and_changed():
    """What somebody has changed in between is sent once more, and is no drop."""
    there = DictDestination(meanwhile={"name": "theirs"})
    delivery = await deliver(there).deliver(job(name="A", city="C"))

    assert delivery.result.outcome is Outcome.CREATED
    assert delivery.result.changes == {"name": (None, "A"), "city": (None, "C")}
    assert (delivery.result.warnings, delivery.dropped) == ((), frozenset())
    assert there.sends == ["create a", "update u_a name"]
    assert there.fields("a") == {"name": "A", "city": "C"}


async def test_met_and_dropped():
    """What is not taken the second time either is a drop."""
    there = DictDestination(meanwhile={}, drops={"city"})
    delivery = await deliver(there).deliver(job(name="A", city="C"))

    assert delivery.result.changes == {"name": (None, "A")}
    assert hashes(city="C") == delivery.dropped
    assert there.sends == ["create a", "update u_a city"]


async def test_met_half_way():
    """A second request that fails leaves what the create has brought."""
    there = DictDestination(meanwhile={"name": "x", "city": "y"}, half_way=refused())
    delivery = await deliver(there).deliver(job(name="A", city="C", zip="1"))

    assert isinstance(delivery.result, PartlyWritten)
    assert delivery.result.changes == {"name": (None, "A"), "zip": (None, "1")}


async def test_met_in_mode_insert():
    """Mode insert leaves alone what somebody has changed; nobody was asked, so nothing was dropped."""
    there = DictDestination(meanwhile={"name": "theirs"})
    delivery = await deliver(there, Mode.INSERT).deliver(job(name="A", city="C"))

    assert delivery.result.outcome is Outcome.CREATED
    assert delivery.result.changes == {"city": (None, "C")}
    assert (delivery.result.warnings, delivery.dropped) == ((), frozenset())
    assert there.sends == ["create a"]


async def test_met_as_a_rival():
    """What was merged, since it was sent, with the record of an earlier row is that row's."""
    there = DictDestination(meanwhile={"name": "theirs"}, rivals={"u_a": RIVAL})
    delivery = await deliver(there).deliver(job(name="A"))

    assert code(delivery) == (Stage.PLAN, "same_record")
    assert there.sends == ["create a"]


# Deciding without sending


@pytest.mark.parametrize(
    ("mode", "known", "expected"),
    [
        (Mode.UPSERT, Absent(), Create),
        (Mode.UPSERT, seen("a", name="A"), Update),
        (Mode.UPSERT, Remembered("u_a"), Update),
        (Mode.UPSERT, seen("a", name="B"), Keep),
        (Mode.INSERT, seen("a", name="A"), Skip),
        (Mode.UPDATE, Absent(), Reject),
    ],
)
async def test_plan(mode, known, expected):
    """A plan is a job, what is known, and what is to be done; nothing is sent, no lease is needed."""
    there = DictDestination()
    wanted = job(known=known, name="B")
    planned = await rehearse(there, mode).plan(wanted)

    assert isinstance(planned, Planned)
    assert (wanted, known, expected) == (planned.job, planned.known, type(planned.operation))
    assert there.log == ["turn a", "end a"]


async def test_plan_looks():
    """What is known of a plan is what a look-up has just shown."""
    there = DictDestination().have(seen("a", name="A"))
    planned = await rehearse(there).plan(job(name="B"))

    assert isinstance(planned, Planned)
    assert seen("a", name="A") == planned.known


async def test_foretell_a_create():
    """A dry run tells the create, what it would cost, and lets later rows see it as done."""
    there = DictDestination()
    wanted = job(name="A", city=None)
    delivery = await rehearse(there).foretell(wanted)

    changes: Changes = {"name": (None, "A")}
    expected = Delivered(1, "a", Outcome.CREATED, "not in ChartMogul", None, True, changes)
    assert Delivery(wanted.entry, expected, Absent(), cost=1) == delivery
    assert there.log == ["turn a", "find a", "foresee a", "end a"]


async def test_foretell_an_update():
    """So it does with an update, under its uuid."""
    there = DictDestination()
    known = seen("a", name="A", city="B", zip="1")
    delivery = await rehearse(there).foretell(job(known=known, name="B", city="C", zip="1"))

    changes: Changes = {"name": ("A", "B"), "city": ("B", "C")}
    reason = "differs in ChartMogul: name, city"
    expected = Delivered(1, "a", Outcome.UPDATED, reason, "u_a", True, changes)
    assert (expected, 2) == (delivery.result, delivery.cost)
    assert there.log == ["turn a", "foresee a u_a", "end a"]


async def test_foretell_nothing():
    """What would be left alone costs nothing, and later rows see nothing new."""
    there = DictDestination()
    delivery = await rehearse(there).foretell(job(known=seen("a", name="A"), name="A"))

    assert (delivery.result.outcome, delivery.cost) == (Outcome.UNCHANGED, 0)
    assert there.log == ["turn a", "end a"]


async def test_told_and_done():
    """What a dry run foretells is what the run does, field by field."""
    for known in (Absent(), seen("a", name="A", tags=("t",))):
        there = DictDestination()
        if isinstance(known, Seen):
            there.have(known)
        wanted = job(known=known, name="B", city="C", tags=("x",))
        told = (await rehearse(there).foretell(wanted)).result
        done = (await deliver(there).deliver(wanted)).result

        assert (told.outcome, told.reason, told.changes) == (
            done.outcome,
            done.reason,
            done.changes,
        )


# The right to write


@pytest.mark.parametrize("known", [Absent(), seen("a")])
async def test_no_lease(known):
    """Without a lease nothing can be sent, by whatever mistake."""
    there = DictDestination().have(seen("a"))
    with pytest.raises(RuntimeError, match="a dry run is about to write"):
        await rehearse(there).deliver(job(known=known, name="A"))

    assert there.sends == []


@pytest.mark.parametrize("known", [Absent(), seen("a")])
async def test_lease_that_runs_out(known):
    """The lease is asked before the request; where it would not outlast it, nothing is sent."""
    there = DictDestination().have(seen("a"))
    with pytest.raises(LockedError):
        await deliver(there, good_for=0).deliver(job(known=known, name="A"))

    assert there.log == ["turn a", "lease", "end a"]


async def test_lease_that_runs_out_half_way():
    """It is asked again where a record is decided about again."""
    there = DictDestination()
    with pytest.raises(LockedError):
        await deliver(there, good_for=1).deliver(job(known=Remembered("u_a"), name="A"))

    assert there.sends == ["update u_a name"]


async def test_turn():
    """The turn is held from the look to the answer, however long that takes."""
    gate = Gate()
    there = DictDestination(gates={"create": gate})
    delivering = asyncio.ensure_future(deliver(there).deliver(job(name="A")))
    await gate.arrival()
    assert {"a"} == there.turns
    gate.open.set()
    await delivering
    assert set() == there.turns


async def test_unavailable_says_whether_it_was_sent():
    """The error of a lost request goes along, so that the state knows that nothing is certain."""
    there = DictDestination(troubles={"create": [lost()]})
    delivery = await deliver(there).deliver(job(name="A"))

    assert isinstance(delivery.error, Unavailable)
    assert delivery.error.sent
    assert delivery.uuid is None
