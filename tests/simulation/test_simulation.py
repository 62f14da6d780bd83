"""Some worlds with every `make test`; `make simulate` plays many more."""

from dataclasses import replace

import pytest

from tests.simulation.__main__ import folder, live
from tests.simulation.kinds import KINDS, draw
from tests.simulation.mutations import ADA, KILLED_AT, REFUSES, answers_lost, killed_and_back
from tests.simulation.plan import ENTER, Blow, Deed, Pause, Plan, Scene, Trouble, draw_plain
from tests.simulation.rows import Account, Rows
from tests.simulation.shrink import shrink


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_worlds(first):
    """Every promise holds in these worlds."""
    with folder() as place:
        broken = {n: live(draw(n), place).broken for n in range(first, first + 20)}
    assert not {seed: what for seed, what in broken.items() if what}


ONE = Account("acc-1", "Company", None, "DE", None, None, None, None)


def small(*troubles: Trouble, deeds: tuple[Deed, ...] = (), stale: float = 0.0) -> Plan:
    """A world of one row, and one run that goes wrong in this way."""
    scene = Scene(Rows((ONE,), ()), troubles=troubles, deeds=deeds)
    return Plan(0, stale=stale, scenes=(scene,))


def test_a_page_of_html_instead_of_a_refusal():
    """Seed 226: a create whose answer was lost is repeated, and a proxy answers 422; nothing is held back."""
    lost = Trouble("502 after", 1, 1, "customers")
    with folder() as place:
        seen = live(small(lost, Trouble("a page of HTML", 2, 9, "customers"), stale=290), place)
    assert seen.events["a page of HTML (answer)"] > 0
    assert seen.broken == {}


def test_an_edit_between_a_lost_create_and_the_look_for_it():
    """Seed 447: what people changed meanwhile was taken for what ChartMogul drops, and never sent again."""
    lost = Trouble("no body", 1, 1, "customers")
    with folder() as place:
        for before in range(4, 14):
            seen = live(small(lost, deeds=(Deed("edit", before, 0),)), place)
            assert seen.broken == {}


def test_asked_to_end_while_nobody_answers():
    """Seed 688: the first question hung, and the process went on for its whole time-out."""
    plan = small(Trouble("never answered", 1, 1))
    scene = replace(plan.scenes[0], blows=(Blow("terminate", 1, 0.5),))
    with folder() as place:
        seen = live(plan.without(0, scene), place)
    assert seen.broken == {}
    assert "exit 143" in "".join(seen.story)


@pytest.mark.parametrize("pick", [0, 7])
def test_a_merge_between_a_lost_create_and_the_look_for_it(pick):
    """Seed 6491: the row that came second was taken for delivered, and never sent when the first one left."""
    another = replace(ONE, id="acc-2", company="Another", country="NL")
    lost = Trouble("no body", 1, 2, "customers")
    with folder() as place:
        for before in range(3, 14):
            plan = small(lost, deeds=(Deed("merge", before, pick),))
            both = replace(plan.scenes[0], rows=Rows((ONE, another), ()))
            after = Scene(Rows((another,), ()))
            seen = live(replace(plan, scenes=(both, after)), place)
            assert seen.broken == {}


def test_killed_in_mid_update_and_changed_back():
    """Seed 6826: nobody knew of an update of a killed process, and the row looked unchanged when it changed back."""
    with folder() as place:
        for step in KILLED_AT:
            assert live(killed_and_back(step), place).broken == {}


@pytest.mark.parametrize("seed", range(4))
def test_a_gateway_answers_for_attributes_and_tags(seed):
    """Seed 319539: a gateway's JSON, with 200, told that tags were added which never arrived."""
    trouble = Trouble("stranger 200 json before", 1, 5, "attributes")
    scene = Scene(Rows((replace(ONE, plan="team"),), ()), troubles=(trouble,))
    plan = Plan(seed, live_check="never", present=("acc-1",), scenes=(scene,))
    with folder() as place:
        seen = live(plan, place)
    assert seen.events[f"{trouble.kind} (answer)"] > 0
    assert seen.broken == {}


@pytest.mark.parametrize("overwrite", ["always", "unless_edited"])
def test_what_a_stopped_process_writes_down_late(overwrite):
    """Seed 316113: its older row counted as delivered, though another process had sent a newer one meanwhile."""
    before, after = (
        Rows(tuple(replace(ONE, id=f"acc-{n}", company=word) for n in range(12)), ())
        for word in ("Before", "After")
    )
    pause = Pause(12, 600.0, "request")
    stopped = Scene(before, pauses=(pause,), second=300.0, later=after, elsewhere=True)
    with folder() as place:
        plan = Plan(0, overwrite=overwrite, scenes=(stopped, Scene(before)))
        assert live(plan, place).broken == {}


PINNED = Plan(0, switches=REFUSES)


@pytest.mark.parametrize("answer", ["304 empty", "200 empty", "200 nothing"])
def test_a_refusal_that_somebody_on_the_way_calls_a_success(answer):
    """Seed 2251: of an update that ChartMogul refuses, and a stranger calls done, a run can tell what is missing."""
    trouble = Trouble(f"stranger {answer} after", 1, 1, "updates")
    scene = Scene(Rows((replace(ONE, seats=7),), ()), troubles=(trouble,))
    plan = replace(PINNED, present=("acc-1",), pinned=("acc-1",), scenes=(scene,))
    with folder() as place:
        seen = live(plan, place)
    assert seen.events[f"{trouble.kind} (answer)"] == 1
    assert seen.broken == {}


@pytest.mark.parametrize("email", ["ada@example.com", "ada.l@example.com"])
def test_a_contact_whose_refusal_somebody_on_the_way_calls_a_success(email):
    """The same with contacts, also with one that has not taken the external id of its row then."""
    ada = replace(ADA, email=email, title="Countess")
    trouble = Trouble("stranger 304 empty after", 2, 2, "updates")
    scene = Scene(Rows((replace(ONE, id=ada.customer),), (ada,)), troubles=(trouble,))
    held = (ada.customer, ada.key)
    with folder() as place:
        seen = live(replace(PINNED, present=held, pinned=(ada.key,), scenes=(scene,)), place)
    assert seen.events[f"{trouble.kind} (answer)"] == 1
    assert seen.broken == {}


def test_a_merge_with_a_customer_that_has_a_pinned_value():
    """Seed 2270: the pin is the record's, and ChartMogul refuses the row of either customer."""
    another = replace(ONE, id="acc-2", company="Another")
    changed = replace(ONE, seats=8)
    merged = Scene(Rows((changed, another), ()), deeds=(Deed("merge", 0, 7),))
    scenes = (Scene(Rows((ONE, another), ())), merged)
    plan = replace(PINNED, present=("acc-1", "acc-2"), pinned=("acc-2",), scenes=scenes)
    with folder() as place:
        seen = live(plan, place)
    assert "people merge" in "".join(seen.story)
    assert seen.broken == {}


@pytest.mark.parametrize("kind", ["run", "dry run"])
@pytest.mark.parametrize("present", [False, True], ids=["created", "updated"])
def test_another_key_after_answers_that_were_lost(present, kind):
    """Seed 319064: what was asked for by the key before was taken for somebody's edit, and left as it was."""
    with folder() as place:
        seen = live(answers_lost(present=present, kind=kind), place)
    assert "nothing but failures" in "".join(seen.story)
    assert seen.broken == {}


IN_NEW_YORK = Rows((replace(ONE, country="US", state="NY"),), ())


@pytest.mark.parametrize("overwrite", ["unless_edited", "reject_edited"])
def test_a_state_that_people_have_entered(overwrite):
    """Seed 12752: it was entered before a run that puts nothing back, and stays, or rejects its row."""
    entered = Scene(IN_NEW_YORK, deeds=(Deed(ENTER, 0, 0),))
    plan = Plan(0, states=True, overwrite=overwrite, scenes=(Scene(IN_NEW_YORK), entered))
    with folder() as place:
        seen = live(plan, place)
    assert "people enter a state" in "".join(seen.story)
    assert seen.broken == {}


def test_a_state_without_its_country():
    """Seed 13437: a mapping that takes no notice of countries sends a state beside another country, and says so."""
    moved = Scene(IN_NEW_YORK, lacking=("country",))
    plan = Plan(0, states=True, scenes=(Scene(Rows((ONE,), ())), moved))
    with folder() as place:
        assert live(plan, place).broken == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_leaves_other_worlds_as_they_are(kind):
    """Each kind has dice of its own: a world without it is what it was, one with it is always the same."""
    with_it = draw(7, [kind])
    assert with_it == draw(7, [kind])
    assert with_it.kinds == (kind,)
    assert draw(7, ()) == draw_plain(7)


def test_a_process_that_is_stopped_goes_on_later():
    """What it had handed to the network arrives meanwhile, and nobody else's clock stands still."""
    pause = Pause(2, 300.0, "request", suspended=True)
    plan = small()
    with folder() as place:
        seen = live(plan.without(0, replace(plan.scenes[0], pauses=(pause,))), place)
    told = "\n".join(seen.story)
    assert seen.events["pauses"] == 1
    assert "the machine sleeps for 300 s" in told
    assert "goes on" in told


def test_a_pause_is_shrunk_with_the_rest():
    """What a failure does not need of pauses, clocks and companions is left out."""
    plan = draw(3, ("pauses", "clocks", "fleet"))
    least = shrink(plan, lambda p: any(s.rows.accounts for s in p.scenes))
    scene = least.scenes[0]
    assert (scene.pauses, scene.clocks, scene.companions, scene.later) == ((), (), (), None)


def test_a_seed_is_a_world():
    """The same seed tells the same story."""
    with folder() as place:
        assert live(draw(7), place).story == live(draw(7), place).story


def test_shrinking():
    """What a failure does not need is left out."""
    plan = draw(11)
    least = shrink(plan, lambda p: any(s.rows.accounts for s in p.scenes))
    assert len(least.scenes) == 1
    assert len(least.scenes[0].rows.accounts) == 1
    assert least.scenes[0].rows.people + least.present == ()
    assert least.scenes[0].troubles == ()
