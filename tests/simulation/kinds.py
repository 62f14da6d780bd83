"""Kinds of trouble that a world may have beyond those of every world, each drawn by dice of its own.

A kind that the worker does not bear yet is no default: `--kinds` names it, and whoever mends the worker turns it on.
"""

import random
from argparse import ArgumentTypeError
from collections import abc
from dataclasses import replace

from tests.simulation.plan import Pause, Plan, Scene, Skew, Trouble, draw_plain

Draw = abc.Callable[[random.Random, Plan], Plan]

#: In so many worlds at least a kind strikes, however many there are.
_SHARE = 0.25
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


KINDS: dict[str, Draw] = {"pauses": pauses, "clocks": clocks}

#: What the worker bears today.
DEFAULT: tuple[str, ...] = ()


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
