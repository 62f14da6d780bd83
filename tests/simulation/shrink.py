"""A failing plan made small: everything is left out that the failure does not need."""

from collections import abc
from dataclasses import replace
from typing import TypeVar

from tests.simulation.plan import Plan, Scene

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
    for number, trouble in enumerate(scene.troubles):
        if trouble.last > trouble.first:
            half = replace(trouble, last=(trouble.first + trouble.last) // 2)
            troubles = (*scene.troubles[:number], half, *scene.troubles[number + 1 :])
            yield replace(scene, troubles=troubles)
    if scene.elsewhere:
        yield replace(scene, elsewhere=False)


def _fewer(things: tuple[T, ...]) -> abc.Iterator[tuple[T, ...]]:
    if len(things) > 1:
        yield ()
    for number in range(len(things)):
        yield things[:number] + things[number + 1 :]


def _fewer_rows(plan: Plan) -> abc.Iterator[Plan]:
    """Without one key, in all scenes: a row that comes and goes is another story."""
    keys = dict.fromkeys(key for scene in plan.scenes for key in scene.rows.all_keys())
    for key in reversed(keys):
        scenes = tuple(replace(scene, rows=scene.rows.without(key)) for scene in plan.scenes)
        if all(scene.rows.accounts for scene in scenes):
            yield replace(plan, scenes=scenes)
