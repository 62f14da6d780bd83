"""Kinds of trouble that a world may have beyond those of every world, each drawn by dice of its own.

A kind that the worker does not bear yet is no default: `--kinds` names it, and whoever mends the worker turns it on.
"""

import random
from argparse import ArgumentTypeError
from collections import abc
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.simulation.plan import (
    DEFINE,
    ENTER,
    TAG,
    TYPE,
    UNTYPE,
    Blow,
    Companion,
    Deed,
    Pause,
    Plan,
    Scene,
    Skew,
    Trouble,
    draw_plain,
    draw_scene,
)
from tests.simulation.rows import SEGMENTS, TEAMS, Account, Rows, former

Draw = abc.Callable[[random.Random, Plan], Plan]

#: In so many worlds at least a kind strikes, however many there are.
_SHARE = 0.25
_SORTS = ("all", "customers", "contacts", "contacts", "reads", "updates", "attributes")
#: What proxies, firewalls and gateways answer.
_STATUSES = (200, 304, 400, 403, 403, 404, 407, 408, 409, 413, 421, 422, 425, 451, 499)
_ENDLESS = ("same_cursor", "new_cursor", "empty_pages")
#: The columns of accounts without which a mapping has a sense.
_COLUMNS = ("company", "email", "country", "plan", "seats", "score")
#: What may be otherwise from one day on, see `sync.sandbox.settings`.
_ERAS: dict[str, tuple[Any, ...]] = {
    "generation": ("2026", "2025", "2016", "docs"),
    "contact_custom": ("merge", "replace"),
    "contact_external_id_filter": ("works", "ignored"),
    "not_modified": ("never", "nothing_changed"),
    "attributes_not_modified": ("never", "nothing_changed"),
    "state_shown": ("code", "as_sent"),
    "decimals": ("exact", "double"),
    "emails": ("as_sent", "lowered"),
    "lone_contacts_listed": (False, True),
}
#: Seconds after which everything shows, what arrives late included.
_UNTIL_ALL_SHOWS = 700.0
#: Seconds by which a wall clock may be wrong.
_WRONG = (60.0, 300.0, 900.0, 3600.0, 86_400.0, 3 * 86_400.0)


def pauses(dice: random.Random, plan: Plan) -> Plan:
    """Processes are stopped, and go on after their lease, while another one runs, perhaps with newer rows."""
    return _in_scenes(dice, plan, _paused)


def _paused(dice: random.Random, scene: Scene) -> Scene:
    seconds = round(
        dice.choice((dice.uniform(5, 90), dice.uniform(90, 600), dice.uniform(600, 1200)))
    )
    return replace(
        scene,
        kind="full" if dice.random() < 0.2 else "run",
        pauses=tuple(_pause(dice, seconds) for _ in range(dice.choice((1, 1, 1, 2)))),
        second=round(
            dice.choice((dice.uniform(0, seconds + 60), seconds * dice.uniform(0.55, 1))), 1
        ),
        later=scene.rows.changed(dice) if dice.random() < 0.6 else None,
        elsewhere=dice.random() < 0.5,
    )


def _pause(dice: random.Random, seconds: float) -> Pause:
    by = dice.choice(("step", "commit", "create", "create", "update", "update", "request"))
    at = {
        "step": round(10 ** dice.uniform(0.5, 2.8)),
        "commit": dice.randint(1, 30),
        "create": dice.randint(1, 3),
        "update": dice.randint(1, 6),
        "request": dice.randint(1, 60),
    }
    killed = dice.choice((None, None, None, 0, dice.randint(1, 60)))
    return Pause(
        at[by],
        seconds,
        by,  # type: ignore[arg-type]
        suspended=dice.random() < 0.4,
        killed=killed,
    )


def clocks(dice: random.Random, plan: Plan) -> Plan:
    """Wall clocks are ahead or behind, and jump; those who share a state of SQLite share the machine, and its clock."""
    server = dice.random() < 0.4

    def skewed(dice: random.Random, scene: Scene) -> Scene:
        wrong = tuple(_skew(dice) for _ in range(2 if server else 1))
        return replace(scene, clocks=wrong, troubles=(*scene.troubles, _lost_create(dice)))

    return replace(_in_scenes(dice, plan, skewed), server_clock=server)


def _skew(dice: random.Random) -> Skew:
    ahead, then = (dice.choice((0.0, 1.0, 1.0, -1.0)) * dice.choice(_WRONG) for _ in range(2))
    if dice.random() < 0.6:
        return Skew(ahead)
    return Skew(ahead, round(dice.uniform(0, 20), 1), dice.choice((0.0, then)))


def _lost_create(dice: random.Random) -> Trouble:
    """Without it, hardly a create is in doubt."""
    kind = dice.choice(("reset after", "no body", "arrives late", "reset before"))
    first = dice.randint(1, 6)
    seconds = round(dice.random() * 280.0, 1)
    return Trouble(kind, first, first + dice.choice((0, 0, 2)), "contacts", seconds)


def strangers(dice: random.Random, plan: Plan) -> Plan:
    """Answers that are not ChartMogul's own, to every sort of request, while look-ups lag behind."""

    def answered(dice: random.Random, scene: Scene) -> Scene:
        some = tuple(_stranger(dice) for _ in range(dice.choice((1, 2, 3))))
        return replace(scene, troubles=(*some, *scene.troubles))

    stale = dice.choice((0.0, 3.0, 40.0, 290.0))
    return replace(_in_scenes(dice, plan, answered), stale=stale)


def _stranger(dice: random.Random) -> Trouble:
    about: Any = dice.choice(_SORTS)
    first = dice.randint(1, 40 if about in ("all", "reads") else 8)
    last = first + dice.choice((0, 0, 0, 1, 3, 8))
    status = dice.choice(_STATUSES)
    form = dice.choice(("page", "json", "empty", "nothing"))
    when = dice.choice(("before", "after"))
    if status == 304:
        form = "empty"
    if (
        form in ("empty", "nothing") and status < 400
    ):  # a success by its looks: of one that is none nobody could know
        when = "after"
    return Trouble(f"stranger {status} {form} {when}", first, last, about)


def unmodified(dice: random.Random, plan: Plan) -> Plan:
    """An update that changes nothing is answered 304, also where all of it is dropped."""
    switches = {"not_modified": "nothing_changed", "attributes_not_modified": "nothing_changed"}
    plan = _switched(plan, **switches)
    return replace(plan, undefined=dice.random() < 0.8)


def nobody(dice: random.Random, plan: Plan) -> Plan:
    """Contacts of nobody have the external ids and e-mails of ours."""
    people = [person.key for person in plan.scenes[0].rows.people]
    plan = replace(plan, nobodies=_some(dice, people))
    kept = dice.choice(("deleted", "kept"))
    return _switched(plan, lone_contacts_listed=dice.random() < 0.5, contacts_of_deleted=kept)


def unfiltered(dice: random.Random, plan: Plan) -> Plan:
    """The account's API ignores the filter of contacts by external id."""
    return _switched(plan, contact_external_id_filter="ignored")


def astray(dice: random.Random, plan: Plan) -> Plan:
    """ChartMogul has contacts under other customers than their rows say, and may not filter them by external id.

    Where one of them is all that waits, it is asked for by itself: none of the others changes from then on.
    """
    there = {*plan.present, *plan.nobodies}
    rows = plan.scenes[0].rows
    people = [one.key for one in rows.people if one.id and one.key not in there]
    accounts = tuple(row.id for row in rows.accounts)
    if not people or len(accounts) < 2:
        return plan
    chosen = _some(dice, people) if dice.random() < 0.3 else (dice.choice(people),)
    plan = replace(plan, astray=chosen, present=tuple(dict.fromkeys((*plan.present, *accounts))))
    return _switched(plan, contact_external_id_filter=dice.choice(("works", "ignored")))


def pins(dice: random.Random, plan: Plan) -> Plan:
    """Values are pinned: a plain write is ignored, ignored with 304, replaces them, or is refused."""
    policy = dice.choice(("ignored", "not_modified", "replaced", "refused"))
    keys = plan.scenes[0].rows.all_keys()
    present = tuple(dict.fromkeys((*plan.present, *_some(dice, keys))))
    plan = replace(plan, present=present, pinned=_some(dice, present))
    return _switched(plan, pinned_writes=policy)


def spellings(dice: random.Random, plan: Plan) -> Plan:
    """States are shown as codes, numbers are rounded to doubles, e-mails are folded."""
    switches = {"state_shown": "code", "decimals": "double", "emails": "lowered"}
    chosen = {name: switches[name] for name in _some(dice, sorted(switches))}
    scenes = tuple(_respelt(scene) for scene in plan.scenes)
    return _switched(replace(plan, scenes=scenes, states=True), **chosen)


def _respelt(scene: Scene) -> Scene:
    later = _spelt(scene.later) if scene.later else None
    return replace(scene, rows=_spelt(scene.rows), later=later)


def _spelt(rows: Rows) -> Rows:
    """The rows with values that have another spelling; always the same."""
    return replace(rows, accounts=tuple(map(_spelt_account, rows.accounts)))


def _spelt_account(row: Account) -> Account:
    dice = random.Random(f"{row.id} {row.company}")
    state = dice.choice(("US-NY", "NY", "New York", "California")) if row.country == "US" else None
    digits = Decimal("0.123456789012345678901")
    score = row.score + digits if row.score is not None and dice.random() < 0.7 else row.score
    email = row.email and row.email.replace("firms", dice.choice(("firms", "Firms")))
    return replace(row, state=state, score=score, email=email)


def eras(dice: random.Random, plan: Plan) -> Plan:
    """ChartMogul answers otherwise from some scene on: another generation, other spellings, other filters."""

    def changed(dice: random.Random, scene: Scene) -> Scene:
        chosen = _some(dice, sorted(_ERAS))
        return replace(scene, switches=tuple((name, dice.choice(_ERAS[name])) for name in chosen))

    scenes = tuple(_respelt(scene) for scene in plan.scenes)
    if len(scenes) == 1:
        scenes = (*scenes, _another(dice, plan, scenes[0].newest))
    return _in_scenes(dice, replace(plan, scenes=scenes, states=True), changed)


def deploys(dice: random.Random, plan: Plan) -> Plan:
    """The mapping of accounts changes from scene to scene: fields leave it and come back, in the end all are there.

    Others' values may win from some scene on only, before which nobody has typed any. Not where runs are put back: a
    changed mapping ends that.
    """
    if plan.undoing:
        return plan

    def deployed(dice: random.Random, scene: Scene) -> Scene:
        return replace(scene, lacking=_some(dice, _COLUMNS))

    scenes = list(_in_scenes(dice, plan, deployed).scenes)
    for number in range(dice.choice((0, len(scenes)))):
        if any(deed.what in (TYPE, "edit") for deed in scenes[number].deeds):
            break
        scenes[number] = replace(scenes[number], overwrite="always")
    return replace(plan, scenes=tuple(scenes))


def floods(dice: random.Random, plan: Plan) -> Plan:
    """Lists say for ever that there is more, and answers begin with much white space."""

    def flooded(dice: random.Random, scene: Scene) -> Scene:
        kind = dice.choice((*(f"endless {how}" for how in _ENDLESS), "much white space"))
        first = dice.randint(1, 20)
        last = first + (dice.choice((0, 2)) if kind == "much white space" else 150)
        return replace(scene, troubles=(Trouble(kind, first, last, "reads"), *scene.troubles))

    return _in_scenes(dice, plan, flooded)


def deletions(dice: random.Random, plan: Plan) -> Plan:
    """People delete customers and contacts, in the middle of runs and between them."""

    def deleted(dice: random.Random, scene: Scene) -> Scene:
        deeds = tuple(_deletion(dice) for _ in range(dice.choice((1, 2, 4))))
        return replace(scene, deeds=(*scene.deeds, *deeds))

    kept = dice.choice(("deleted", "deleted", "kept"))
    return _switched(_in_scenes(dice, plan, deleted), contacts_of_deleted=kept)


def _deletion(dice: random.Random) -> Deed:
    what = dice.choice(("delete a customer", "delete a contact"))
    return Deed(what, dice.choice((0, 0, dice.randint(1, 60))), dice.randrange(100))


def drops(dice: random.Random, plan: Plan) -> Plan:
    """ChartMogul drops an attribute of contacts, until people define it in one of the scenes."""
    place = dice.randrange(len(plan.scenes))
    scene = plan.scenes[place]
    deed = Deed(DEFINE, dice.choice((0, dice.randint(1, 60))), 0)
    changed = replace(scene, deeds=(*scene.deeds, deed))
    return replace(plan.without(place, changed), undefined=True)


def edits(dice: random.Random, plan: Plan) -> Plan:
    """People type values between the scenes, and take some back; the mappings say whose value wins."""
    how = dice.choice(("always", "if_empty", "unless_edited", "unless_edited", "reject_edited"))

    def typed(dice: random.Random, scene: Scene) -> Scene:
        whats = [dice.choice((TYPE, TYPE, UNTYPE)) for _ in range(dice.choice((1, 2)))]
        deeds = tuple(Deed(what, 0, dice.randrange(100)) for what in whats)
        return replace(scene, deeds=(*deeds, *scene.deeds))

    checked = plan.live_check if how == "always" else "changed"
    return replace(_in_scenes(dice, plan, typed), overwrite=how, live_check=checked)


def plans(dice: random.Random, plan: Plan) -> Plan:
    """What a dry run has found is sent by processes that may die, after people have edited some of it."""

    def applied(dice: random.Random, scene: Scene) -> Scene:
        edits = tuple(Deed("edit", 0, dice.randrange(100)) for _ in range(dice.choice((0, 1, 3))))
        return replace(scene, kind="apply", deeds=(*edits, *scene.deeds))

    return _in_scenes(dice, plan, applied)


def undos(dice: random.Random, plan: Plan) -> Plan:
    """Runs are put back, by processes that may die, after people have edited some of what they wrote."""
    sure = dice.randrange(len(plan.scenes))
    scenes: list[Scene] = []
    for number, scene in enumerate(plan.scenes):
        scenes.append(scene)
        if number == sure or dice.random() < 0.4:
            undo = _undo(dice, plan, scene.newest)
            scenes += [undo] if dice.random() < 0.7 else [undo, replace(undo, blows=(), deeds=())]
    return replace(plan, scenes=tuple(scenes))


def retries(dice: random.Random, plan: Plan) -> Plan:
    """What is rejected is asked to be sent again, by processes that may die, perhaps with newer rows."""
    scenes: list[Scene] = []
    sure = dice.randrange(len(plan.scenes))
    for number, scene in enumerate(plan.scenes):
        scenes.append(scene)
        if number == sure or dice.random() < 0.3:
            rows = scene.newest.changed(dice) if dice.random() < 0.4 else scene.newest
            scenes.append(replace(_another(dice, plan, rows), kind="retry"))
    return replace(plan, scenes=tuple(scenes))


def canaries(dice: random.Random, plan: Plan) -> Plan:
    """Some writes of each kind are read back before the others follow."""

    def careful(dice: random.Random, scene: Scene) -> Scene:
        kind: Any = scene.kind if scene.kind in ("full", "apply") else "run"
        return replace(scene, kind=kind, canary=dice.choice((1, 2, 5)))

    return _in_scenes(dice, plan, careful)


def looks(dice: random.Random, plan: Plan) -> Plan:
    """Rows are audited, and one of them is explained, before the last runs and after them."""
    return plan


def _another(dice: random.Random, plan: Plan, rows: Rows) -> Scene:
    """One more scene; in a world of two mappings no records become one, see `draw_plain`."""
    scene = draw_scene(dice, rows)
    deeds = tuple(deed for deed in scene.deeds if not (plan.split and deed.what == "merge"))
    return replace(scene, deeds=deeds)


def _undo(dice: random.Random, plan: Plan, rows: Rows) -> Scene:
    what = ("edit", "edit", ENTER)
    edits = tuple(
        Deed(dice.choice(what), 0, dice.randrange(100)) for _ in range(dice.choice((0, 0, 1, 3)))
    )
    scene = _another(dice, plan, rows)
    deeds = (*edits, *scene.deeds) if dice.random() < 0.3 else edits
    return replace(scene, kind="undo", deeds=deeds, since=dice.choice((0, 0, 1, 2)))


def renames(dice: random.Random, plan: Plan) -> Plan:
    """Accounts get other keys, once all that was on its way has arrived; their rows tell the keys before.

    Not where contacts have no ids of their own and others' values win: by their new keys nothing is known of them.
    """
    if plan.by_email and plan.yielding:
        return plan
    first = dice.randrange(len(plan.scenes))
    keys = frozenset(_some(dice, [row.id for row in plan.scenes[0].rows.accounts]))
    scenes = tuple(
        _renamed(scene, keys) if number >= first else scene
        for number, scene in enumerate(plan.scenes)
    )
    begun = replace(scenes[first], pause=max(scenes[first].pause, 700.0))
    return replace(plan, scenes=(*scenes[:first], begun, *scenes[first + 1 :]), renaming=True)


def _renamed(scene: Scene, keys: frozenset[str]) -> Scene:
    later = scene.later.renamed(keys) if scene.later else None
    return replace(scene, rows=scene.rows.renamed(keys), later=later)


def words(dice: random.Random, plan: Plan) -> Plan:
    """The warehouse has words of its own for values, and the mapping says what they stand for."""
    keys = frozenset(_some(dice, [row.id for row in plan.scenes[0].rows.accounts]))
    scenes = tuple(
        replace(
            scene,
            rows=_worded(scene.rows, keys),
            later=_worded(scene.later, keys) if scene.later else None,
        )
        for scene in plan.scenes
    )
    return replace(plan, scenes=scenes, mapped=True)


def _worded(rows: Rows, keys: frozenset[str]) -> Rows:
    accounts = (replace(row, worded=former(row.id) in keys) for row in rows.accounts)
    return replace(rows, accounts=tuple(accounts))


def tags(dice: random.Random, plan: Plan) -> Plan:
    """Rows bring tags, which change from run to run, and people add some of the same between the scenes."""

    def tagged(dice: random.Random, scene: Scene) -> Scene:
        deeds = tuple(Deed(TAG, 0, dice.randrange(1000)) for _ in range(dice.choice((0, 1, 3))))
        scene = replace(scene, deeds=(*deeds, *scene.deeds))
        if scene.blows or dice.random() < 0.5:
            return scene
        arrives = dice.choice((-1.0, 0.0, 0.0, 2.0, 60.0))
        return replace(scene, blows=(Blow("kill at a removal", dice.randint(1, 3), arrives),))

    era, scenes = 0, []
    for scene in plan.scenes:
        era += dice.random() < 0.4  # else tags change with their rows alone
        later = _tagged(scene.later, era) if scene.later else None
        scenes.append(replace(scene, rows=_tagged(scene.rows, era), later=later))
    return replace(_in_scenes(dice, replace(plan, scenes=tuple(scenes)), tagged), tagged=True)


def _tagged(rows: Rows, era: int) -> Rows:
    """The rows with tags; always the same in one era."""
    return replace(rows, accounts=tuple(_tagged_account(row, era) for row in rows.accounts))


def _tagged_account(row: Account, era: int) -> Account:
    dice = random.Random(f"{former(row.id)} {row.company} {era}")
    some = [tag for tag in SEGMENTS if dice.random() < 0.3]
    return replace(row, segments=",".join(some) or dice.choice((None, ",")))


def teams(dice: random.Random, plan: Plan) -> Plan:
    """A second mapping of the same accounts brings tags of its own, some of which the first one brings as well.

    Not where runs are put back: what both have done to a record is told by two lines.
    """
    if plan.undoing:
        return plan
    era, scenes = 0, []
    for scene in plan.scenes:
        era += dice.random() < 0.5
        later = _teamed(scene.later, era) if scene.later else None
        between = _teamed(scene.between, era) if scene.between else None
        rows = _teamed(scene.rows, era)
        scenes.append(replace(scene, rows=rows, later=later, between=between))
    return replace(plan, scenes=tuple(scenes), doubled=True)


def _teamed(rows: Rows, era: int) -> Rows:
    """The rows with the tags of a second mapping; always the same in one era."""
    return replace(rows, accounts=tuple(_teamed_account(row, era) for row in rows.accounts))


def _teamed_account(row: Account, era: int) -> Account:
    dice = random.Random(f"{former(row.id)} {era} teams")
    return replace(row, teams=",".join(tag for tag in TEAMS if dice.random() < 0.4) or None)


def named_contacts(dice: random.Random, plan: Plan) -> Plan:
    """A second mapping of some contacts knows them by the uuids that they had beforehand.

    Not where runs are put back, see `teams`, nor where keys change, by which those contacts are found here. It always
    looks: with `live_check: never` a mapping sends what it has not sent itself, be it there or not.
    """
    people = [person.key for person in plan.scenes[0].rows.people]
    if plan.undoing or plan.renaming or not people:
        return plan
    owners = {person.customer for person in plan.scenes[0].rows.people}
    accounts = [row.id for row in plan.scenes[0].rows.accounts if row.id in owners]
    present = (*plan.present, *accounts, *_some(dice, people))
    present = tuple(dict.fromkeys(present))
    return replace(plan, present=present, by_uuid=True, live_check="changed")


def phones(dice: random.Random, plan: Plan) -> Plan:
    """A second mapping of the same people brings their phones, and makes their contacts where it comes first.

    Not where runs are put back, see `teams`, nor where keys change, by which those are found here. It always looks,
    see `named_contacts`.
    """
    if plan.undoing or plan.renaming:
        return plan
    return replace(plan, phoned=True, live_check="changed")


def fleet(dice: random.Random, plan: Plan) -> Plan:
    """Two to five processes work on one state at once, in two accounts and two data sources."""

    def accompanied(dice: random.Random, scene: Scene) -> Scene:
        few = tuple(_companion(dice) for _ in range(dice.choice((1, 2, 3))))
        more = scene.rows.with_more(dice, dice.choice((0, 20, 40)))  # else there is no crowd
        return replace(scene, companions=few, rows=more)

    return replace(_in_scenes(dice, plan, accompanied), latency=dice.choice((0.01, 0.2)))


def _companion(dice: random.Random) -> Companion:
    account = dice.choice((0, 0, 1))
    source = dice.choice((0, 1)) if account else 1
    kind: Any = dice.choice(("run", "run", "dry run"))
    return Companion(round(dice.uniform(0, 1), 2), account, source, kind)


def _some(dice: random.Random, of: abc.Sequence[str]) -> tuple[str, ...]:
    """Some of them, one at least where there is any."""
    if not of:
        return ()
    sure = dice.randrange(len(of))
    return tuple(one for number, one in enumerate(of) if number == sure or dice.random() < 0.5)


def _switched(plan: Plan, **switches: Any) -> Plan:
    return replace(plan, switches=tuple({**dict(plan.switches), **switches}.items()))


def _in_scenes(
    dice: random.Random, plan: Plan, change: abc.Callable[[random.Random, Scene], Scene]
) -> Plan:
    """The plan with some of its scenes changed, one at least."""
    sure = dice.randrange(len(plan.scenes))
    scenes = tuple(
        change(dice, scene) if number == sure or dice.random() < 0.4 else scene
        for number, scene in enumerate(plan.scenes)
    )
    return replace(plan, scenes=scenes)


def fingerprints(dice: random.Random, plan: Plan) -> Plan:
    """The warehouse compares; somebody writes to it between its answers, and what changed changes back."""

    def written(dice: random.Random, scene: Scene) -> Scene:
        return replace(scene, between=scene.rows.changed(dice)) if dice.random() < 0.5 else scene

    scenes = [
        scene if scene.kind != "full" else replace(scene, kind="run") for scene in plan.scenes
    ]
    if dice.random() < 0.5:
        # Keys do not change back: a row that does not tell its key before is a new one.
        keys = frozenset(row.was for scene in scenes for row in scene.rows.accounts if row.was)
        scenes.append(Scene(scenes[0].rows.renamed(keys)))
    plan = replace(plan, scenes=tuple(scenes), buckets=dice.choice((1, 3, 7, 7, 65_536)))
    return _in_scenes(dice, replace(plan, wavering=dice.random() < 0.3), written)


def orders(dice: random.Random, plan: Plan) -> Plan:
    """Queries say no order: the warehouse gives their rows in another one from scene to scene."""

    def turned(dice: random.Random, scene: Scene) -> Scene:
        return replace(scene, rows=scene.rows.shuffled(dice))

    return _in_scenes(dice, plan, turned)


def lag(dice: random.Random, plan: Plan) -> Plan:
    """Look-ups show changed records as they were, and what is read by uuid lags behind as well.

    Within a run. To a later one a contact looks deleted that is denied by its uuid and by its key, and is made again;
    and where a value went there and back, what a look-up shows from before is just what the row says. So a run that
    may meet one of these comes once everything shows. Nor does a look-up show what people have typed since, by which
    edits, tags, plans and undos are judged: there nothing lags.
    """
    judged = plan.yielding or plan.tagged
    if judged or any(scene.kind in ("apply", "undo") for scene in plan.scenes):
        return plan
    changes, reads = dice.choice(((True, False), (False, True), (True, True)))
    scenes: list[Scene] = []
    for scene in plan.scenes:
        before = [_empty(plan.scenes[0].rows), *(rows for one in scenes for rows in one.seen)]
        if reads or _returns(scene.rows, before):
            scene = replace(scene, pause=max(scene.pause, _UNTIL_ALL_SHOWS))
        if reads:
            scene = replace(scene, second=None, companions=())
        if scene.later is not None and _returns(scene.later, [*before, scene.rows]):
            scene = replace(scene, later=None)
        scenes.append(scene)
    plan = replace(plan, stale=dice.choice((3.0, 40.0, 290.0)), scenes=tuple(scenes))
    return _switched(plan, stale=plan.stale, stale_changes=changes, stale_reads=reads)


def _empty(rows: Rows) -> Rows:
    """The rows as records that were there beforehand show them: of what is emptied for a null, nothing."""
    return Rows(
        tuple(replace(row, country=None) for row in rows.accounts),
        tuple(replace(row, title=None) for row in rows.people),
    )


def _returns(rows: Rows, before: abc.Sequence[Rows]) -> bool:
    """Whether a row has a value that it had before, but not last."""
    if not before:
        return False
    now, past = _by_key(rows), [_by_key(one) for one in before]
    return any(
        value != last and value in earlier
        for key, values in now.items()
        for value, last, *earlier in zip(
            values, *(one.get(key, values) for one in reversed(past)), strict=True
        )
    )


def _by_key(rows: Rows) -> dict[str, tuple[Any, ...]]:
    accounts = {f"account {former(row.id)}": row.values for row in rows.accounts}
    return {**accounts, **{f"person {row.key}": row.values for row in rows.people}}


KINDS: dict[str, Draw] = {
    "pauses": pauses,
    "clocks": clocks,
    "strangers": strangers,
    "unmodified": unmodified,
    "nobody": nobody,
    "unfiltered": unfiltered,
    "astray": astray,
    "pins": pins,
    "spellings": spellings,
    "eras": eras,
    "floods": floods,
    "deletions": deletions,
    "drops": drops,
    "fleet": fleet,
    "edits": edits,
    "plans": plans,
    "undos": undos,
    "retries": retries,
    "canaries": canaries,
    "looks": looks,
    "renames": renames,
    "words": words,
    "tags": tags,
    "deploys": deploys,
    "fingerprints": fingerprints,
    "teams": teams,
    "uuids": named_contacts,
    "phones": phones,
    "orders": orders,
    "lag": lag,  # the last one: it knows all scenes
}

#: What the worker bears.
DEFAULT: tuple[str, ...] = tuple(KINDS)


def draw(seed: int, kinds: abc.Sequence[str] = DEFAULT) -> Plan:
    """The plan of a seed and of these kinds; always the same. A kind that is alone strikes in every world."""
    plan = draw_plain(seed)
    for kind in KINDS:
        dice = random.Random(f"{seed} {kind}")
        if kind in kinds and dice.random() < max(_SHARE, 1 / len(kinds)):
            plan = KINDS[kind](dice, plan)
            plan = replace(plan, kinds=(*plan.kinds, kind))
    return plan


def named(told: str) -> tuple[str, ...]:
    """The kinds that a command line names: `all`, `default`, `none`, or some with commas between them.

    Raises:
        ArgumentTypeError: there is no such kind.
    """
    sets = {"all": tuple(KINDS), "default": DEFAULT, "none": ()}
    if told in sets:
        return sets[told]
    kinds = tuple(name.strip() for name in told.split(","))
    if unknown := set(kinds) - KINDS.keys():
        told = ", ".join(sorted(unknown))
        raise ArgumentTypeError(f"no such kind: {told}; there are {', '.join(KINDS)}")
    return kinds
