"""A failing plan made small: everything is left out that the failure does not need."""

from collections import abc
from dataclasses import replace
from typing import TypeVar

from tests.simulation.plan import Plan, Scene, Skew

T = TypeVar("T")

#: Plans that are tried at most.
_MOST = 200


def shrink(plan: Plan, still_fails: abc.Callable[[Plan], bool]) -> Plan:
    """The smallest plan found that still fails in the same way."""
    tried = 0
    found = True
    while found:
        found = False
        for smaller in _smaller(plan):
            tried += 1
            if tried > _MOST:
                return plan
            if still_fails(smaller):
                plan, found = smaller, True
                break
    return plan


def _smaller(plan: Plan) -> abc.Iterator[Plan]:
    """The plan with one thing less, in every way; the big things first."""
    for number, scene in enumerate(plan.scenes):
        if len(plan.scenes) > 1:
            yield plan.without(number, None)
        yield from (plan.without(number, less) for less in _less(scene))
    if plan.present:
        yield replace(plan, present=())
        for key in plan.present:
            yield replace(plan, present=tuple(one for one in plan.present if one != key))
    for calm in (
        replace(plan, stale=0.0),
        replace(plan, latency=0.05),
        replace(plan, live_check="changed"),
        replace(plan, split=False),
        replace(plan, server_clock=False),
        replace(plan, undefined=False),
        replace(plan, nobodies=()),
        replace(plan, astray=()),
        replace(plan, pinned=()),
        *(
            replace(plan, switches=plan.switches[:number] + plan.switches[number + 1 :])
            for number in range(len(plan.switches))
        ),
    ):
        if calm != plan:
            yield calm
    yield from _fewer_rows(plan)


def _less(scene: Scene) -> abc.Iterator[Scene]:
    if scene.second is not None:
        yield replace(scene, second=None)
    yield from (replace(scene, troubles=less) for less in _fewer(scene.troubles))
    yield from (replace(scene, deeds=less) for less in _fewer(scene.deeds))
    yield from (replace(scene, blows=less) for less in _fewer(scene.blows))
    if scene.overwrite:
        yield replace(scene, overwrite="")
    yield from (replace(scene, lacking=less) for less in _fewer(scene.lacking))
    yield from (replace(scene, switches=less) for less in _fewer(scene.switches))
    for number, trouble in enumerate(scene.troubles):
        if trouble.last > trouble.first:
            half = replace(trouble, last=(trouble.first + trouble.last) // 2)
            troubles = (*scene.troubles[:number], half, *scene.troubles[number + 1 :])
            yield replace(scene, troubles=troubles)
    if scene.elsewhere:
        yield replace(scene, elsewhere=False)
    yield from _calmer(scene)


def _calmer(scene: Scene) -> abc.Iterator[Scene]:
    """With fewer or simpler pauses, and with clocks that are right or do not jump."""
    yield from (replace(scene, pauses=less) for less in _fewer(scene.pauses))
    for number, pause in enumerate(scene.pauses):
        for less in (replace(pause, killed=None), replace(pause, suspended=False)):
            if less != pause:
                pauses = (*scene.pauses[:number], less, *scene.pauses[number + 1 :])
                yield replace(scene, pauses=pauses)
    yield from (replace(scene, clocks=less) for less in _fewer(scene.clocks))
    if any(skew.jumps is not None for skew in scene.clocks):
        yield replace(scene, clocks=tuple(Skew(skew.ahead) for skew in scene.clocks))
    yield from (replace(scene, companions=less) for less in _fewer(scene.companions))
    if scene.later is not None:
        yield replace(scene, later=None)


def _fewer(things: tuple[T, ...]) -> abc.Iterator[tuple[T, ...]]:
    if len(things) > 1:
        yield ()
    for number in range(len(things)):
        yield things[:number] + things[number + 1 :]


def _fewer_rows(plan: Plan) -> abc.Iterator[Plan]:
    """Without one key, in all scenes: a row that comes and goes is another story."""
    seen = [rows for scene in plan.scenes for rows in scene.seen]
    keys = dict.fromkeys(key for rows in seen for key in rows.all_keys())
    for key in reversed(keys):
        scenes = tuple(scene.without(key) for scene in plan.scenes)
        if all(rows.accounts for scene in scenes for rows in scene.seen):
            yield replace(plan, scenes=scenes)
