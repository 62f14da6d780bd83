"""What happens in one world, drawn from one seed: everything is written out, so that parts can be left out."""

import random
from collections import abc
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.simulation.rows import Rows, draw_rows

#: How a request goes wrong, and with which weight.
TROUBLES: dict[str, int] = {
    "429": 4,
    "503": 4,
    "500 before": 2,
    "500 after": 2,
    "502 before": 2,
    "502 after": 3,
    "504 before": 2,
    "504 after": 3,
    "reset before": 3,
    "reset after": 5,
    "arrives late": 4,
    "refused connection": 2,
    "never answered": 2,
    "answered too late": 3,
    "slow": 3,
    "half a body": 3,
    "no body": 2,
    "a page of HTML": 3,
    "null": 1,
    "a login page behind 302": 1,
    "shows no customer": 1,
}
#: What defines the attribute of contacts in mid-run, or before: what was dropped of it is taken from then on.
DEFINE = "define the attribute"
#: What somebody types into a record between two scenes, when no process is under way: it is a mapping's to leave.
TYPE = "type a value"
#: What was typed is taken back: what it took the place of is there again.
UNTYPE = "take back what was typed"
#: What somebody adds to a customer between two scenes.
TAG = "add a tag"
#: What somebody adds to a customer in the US before a run is put back.
ENTER = "enter a state"
#: What people do in ChartMogul in the middle of a run.
PEOPLE = ("merge", "delete a customer", "delete a contact", "edit")


@dataclass(frozen=True, slots=True)
class Trouble:
    """The `first` to `last` request of a scene, counted from 1, go wrong in one way.

    `about`: only requests that create one of these count, or those of one sort: reads, updates (PATCH), and what
    goes to attributes and tags.

    A kind that begins with `stranger` is an answer that is not ChartMogul's own: its status, its body (page, json,
    empty, or nothing: JSON that shows nothing of a record), and whether the request was carried out (after) or not
    (before). One that begins with `endless` is a list whose every page says that there is another.
    """

    kind: str
    first: int
    last: int
    about: Literal["all", "customers", "contacts", "reads", "updates", "attributes"] = "all"
    #: Seconds: a delay, a Retry-After, or until a late request takes effect.
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody changes something in ChartMogul just before a request, before the scene where that is 0.

    `pick` says which record.
    """

    what: str
    before: int
    pick: int


@dataclass(frozen=True, slots=True)
class Blow:
    """Something strikes a process.

    `at` counts, from 1, what it does: steps of its loop, commits, batches and requests (kill), creates of
    contacts (kill at a create), commits (kill at a commit), requests that take tags off (kill at a removal), statements
    (state), writes (report), batches (source), requests (the others); terminate counts nothing.
    """

    what: Literal[
        "kill",
        "kill at a create",
        "kill at a commit",
        "kill at a removal",
        "terminate",
        "state",
        "report",
        "source",
        "revoke",
        "read only",
    ]
    at: int
    #: kill: what is on its way arrives so many seconds later, never if below 0; terminate: after so many seconds;
    #: state: for so many statements.
    much: float = 0.0
    which: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """A process is stopped for so many seconds, and goes on with what it had in its hands.

    `at` counts, from 1, its steps, its commits, its commits that note what is about to be sent (creates, updates), or
    its requests, as `by` says; it stops before the next step.
    """

    at: int
    seconds: float
    by: Literal["step", "commit", "create", "update", "request"] = "step"
    which: int = 0
    #: The machine slept: the clock that only grows stood still as well.
    suspended: bool = False
    #: It is killed so many steps after it goes on; 0: while it is stopped; None: not at all.
    killed: int | None = None


@dataclass(frozen=True, slots=True)
class Skew:
    """How many seconds a wall clock is ahead (behind, below 0), and from some second of the scene on."""

    ahead: float
    jumps: float | None = None
    then: float = 0.0

    def at(self, seconds: float) -> float:
        """How far ahead it is, so many seconds after the scene began."""
        return self.ahead if self.jumps is None or seconds < self.jumps else self.then


@dataclass(frozen=True, slots=True)
class Companion:
    """One more process on the same state, which starts after so many seconds.

    `account` and `source`: 0 is that account and data source that the world is judged by, 1 another one.
    """

    after: float
    account: int = 0
    source: int = 0
    kind: Literal["run", "dry run"] = "run"


@dataclass(frozen=True, slots=True)
class Scene:
    """One process, or two at once, and what befalls them; the rows of that moment."""

    rows: Rows
    #: `apply`: a plan was made in calm just before, and people had their way since. `undo`: an earlier run is put back.
    #: `retry`: what is rejected is sent again. `audit` and `explain` (of one account) only look.
    kind: Literal["run", "full", "dry run", "apply", "undo", "retry", "audit", "explain"] = "run"
    #: A dry run makes a plan, which looks also where the state is trusted.
    plans: bool = True
    troubles: tuple[Trouble, ...] = ()
    deeds: tuple[Deed, ...] = ()
    blows: tuple[Blow, ...] = ()
    #: Seconds after which a second process starts; None for none.
    second: float | None = None
    #: Seconds that pass before the scene.
    pause: float = 60.0
    #: Another machine each time: a dead process' lease has to run out.
    elsewhere: bool = False
    #: The rows have changed when the second process reads them.
    later: Rows | None = None
    pauses: tuple[Pause, ...] = ()
    #: The wall clocks of the processes, in turn; none: all are right.
    clocks: tuple[Skew, ...] = ()
    companions: tuple[Companion, ...] = ()
    #: How many runs that changed anything came after the one that an `undo` is of.
    since: int = 0
    #: So many writes of each kind are read back before others follow; None: all are alike.
    canary: int | None = None
    #: Somebody writes to the warehouse once it has answered its first question of a query: the rows from then on.
    between: Rows | None = None
    #: Switches of the sandbox that change before it, and stay so.
    switches: tuple[tuple[str, Any], ...] = ()
    #: Columns of accounts that the mapping of this day takes no notice of.
    lacking: tuple[str, ...] = ()
    #: Whose value wins by the mappings of this day; empty: as in the world's end.
    overwrite: str = ""

    @property
    def looks(self) -> bool:
        """Whether its processes write nothing, by what they are asked for."""
        return self.kind in ("dry run", "audit", "explain")

    @property
    def newest(self) -> Rows:
        """The rows that were read last."""
        return self.later or self.between or self.rows

    @property
    def seen(self) -> tuple[Rows, ...]:
        """All rows that processes of this scene read."""
        return tuple(rows for rows in (self.rows, self.later, self.between) if rows is not None)

    def without(self, key: str) -> "Scene":
        """The scene without the rows of this key."""
        later = self.later.without(key) if self.later else None
        between = self.between.without(key) if self.between else None
        return replace(self, rows=self.rows.without(key), later=later, between=between)


@dataclass(frozen=True, slots=True)
class Plan:
    """A world: what ChartMogul holds, how it is mapped, and the scenes in their order."""

    seed: int
    live_check: str = "changed"
    by_email: bool = False
    #: Two mappings share the accounts.
    split: bool = False
    #: Seconds for which look-ups miss what was just created.
    stale: float = 0.0
    latency: float = 0.05
    #: Keys of customers and contacts that ChartMogul holds beforehand, with other values.
    present: tuple[str, ...] = ()
    scenes: tuple[Scene, ...] = field(default=())
    #: The clock of the state is a server's, always right, as PostgreSQL's is; else it is the process' own.
    server_clock: bool = False
    #: Switches of the sandbox, in force once all is there that it holds beforehand.
    switches: tuple[tuple[str, Any], ...] = ()
    #: The account does not define the attribute of contacts: it is dropped in silence.
    undefined: bool = False
    #: Keys of people whose e-mail and external id a contact of nobody has.
    nobodies: tuple[str, ...] = ()
    #: Keys of people whose contacts ChartMogul has beforehand under another customer than their rows say.
    astray: tuple[str, ...] = ()
    #: Keys of those present that have a value which somebody pinned.
    pinned: tuple[str, ...] = ()
    #: The mapping of customers has a state.
    states: bool = False
    #: Rows tell the key that their record had before.
    renaming: bool = False
    #: The mapping of customers says what the warehouse's words stand for.
    mapped: bool = False
    #: Rows bring tags of their own.
    tagged: bool = False
    #: A second mapping of the same accounts brings tags of its own.
    doubled: bool = False
    #: A second mapping of the same people brings their phones.
    phoned: bool = False
    #: A second mapping of the contacts that were there beforehand knows them by their uuids.
    by_uuid: bool = False
    #: Whose value wins, for all fields.
    overwrite: str = "always"
    #: The warehouse compares, and keys fall into so many buckets; 0: rows are read.
    buckets: int = 0
    #: No question is answered with the rows in the order of another one, nor with the same values where nobody looks.
    wavering: bool = False
    #: The kinds of trouble that struck beyond those of every world, see `kinds`.
    kinds: tuple[str, ...] = ()

    @property
    def dropping(self) -> bool:
        """Whether ChartMogul drops values of good rows."""
        return self.undefined or bool(self.pinned)

    @property
    def yielding(self) -> bool:
        """Whether values of others are left, or reject their rows."""
        return self.overwrite != "always"

    @property
    def skewed(self) -> bool:
        """Whether a wall clock was ever wrong."""
        return any(scene.clocks for scene in self.scenes)

    @property
    def queries(self) -> dict[str, str]:
        """The mappings and what they query, see `Rows.of`."""
        shared = {"customers": "accounts 0", "others": "accounts 1"}
        return {**(shared if self.split else {"customers": "accounts"}), "contacts": "people"}

    @property
    def all_queries(self) -> dict[str, str]:
        """These, and those of the second mappings of accounts and of contacts."""
        second = {"teams": "accounts"} if self.doubled else {}
        second |= {"phones": "people"} if self.phoned else {}
        return {**self.queries, **second, **({"known": "contacts"} if self.by_uuid else {})}

    @property
    def meddling(self) -> bool:
        """Whether people change what was synced: then only a full run brings everything back."""
        return any(deed.what != DEFINE for scene in self.scenes for deed in scene.deeds)

    @property
    def undoing(self) -> bool:
        """Whether what a run did is ever put back: then only a full run sends it again."""
        return any(scene.kind == "undo" for scene in self.scenes)

    @property
    def defining(self) -> bool:
        """Whether people let ChartMogul take what it has dropped."""
        return any(deed.what == DEFINE for scene in self.scenes for deed in scene.deeds)

    @property
    def merging(self) -> bool:
        """Whether records become one, so that rows may stand for the same one."""
        return any(deed.what == "merge" for scene in self.scenes for deed in scene.deeds)

    def without(self, position: int, scene: Scene | None) -> "Plan":
        """The plan with this scene instead of that at `position`; None leaves it out."""
        scenes = list(self.scenes)
        scenes[position : position + 1] = [] if scene is None else [scene]
        return replace(self, scenes=tuple(scenes))


def draw_plain(seed: int) -> Plan:
    """The plan of a seed with the troubles of every world; always the same."""
    dice = random.Random(seed)
    by_email = dice.random() < 0.25
    rows = draw_rows(dice, by_email=by_email)
    present = tuple(key for key in rows.all_keys() if dice.random() < dice.choice((0.0, 0.2, 0.5)))
    scenes = []
    history = [rows]
    for _ in range(dice.choice((1, 1, 2, 2, 3, 4))):
        scenes.append(draw_scene(dice, rows))
        roll = dice.random()
        if roll < 0.5:
            rows = rows.changed(dice)
            history.append(rows)
        elif roll < 0.65:
            rows = dice.choice(history)  # what was changed is changed back
    plan = Plan(
        seed,
        live_check="never" if dice.random() < 0.25 else "changed",
        by_email=by_email,
        stale=dice.choice((0.0, 0.0, 0.0, 3.0, 40.0, 290.0)),
        latency=dice.choice((0.01, 0.05, 0.2, 0.6)),
        present=present,
        scenes=tuple(scenes),
    )
    # Rows of two mappings whose customers are merged have no last word but that of the later one.
    return replace(plan, split=dice.random() < 0.3 and not plan.merging)


def draw_scene(dice: random.Random, rows: Rows) -> Scene:
    """A scene with these rows, and what befalls its processes."""
    return Scene(
        rows,
        kind=dice.choice(("run", "run", "run", "run", "full", "dry run")),
        troubles=tuple(_trouble(dice) for _ in range(dice.choice((0, 0, 1, 2, 4, 8)))),
        deeds=tuple(_deed(dice) for _ in range(dice.choice((0, 0, 0, 0, 1, 2)))),
        blows=tuple(_blows(dice)),
        second=dice.uniform(0, 3) if dice.random() < 0.15 else None,
        pause=dice.choice((1.0, 20.0, 100.0, 700.0, 4000.0)),
        elsewhere=dice.random() < 0.3,
    )


def _trouble(dice: random.Random) -> Trouble:
    kind = dice.choices(list(TROUBLES), list(TROUBLES.values()))[0]
    first = dice.randint(1, 60)
    lasts = dice.choice((0, 0, 0, 0, 1, 3, 8, 30, 400))
    seconds = {"slow": 20.0, "arrives late": 280.0}.get(kind, 4.0)
    about: Any = dice.choice(("all", "all", "customers", "contacts"))
    if about != "all":
        first = dice.randint(1, 8)
    return Trouble(kind, first, first + lasts, about, round(dice.random() ** 3 * seconds, 2))


def _deed(dice: random.Random) -> Deed:
    return Deed(dice.choice(PEOPLE), dice.randint(1, 60), dice.randrange(100))


def _blows(dice: random.Random) -> abc.Iterator[Blow]:
    roll = dice.random()
    at = round(10 ** dice.uniform(0.3, 3.2))
    if roll < 0.35:
        arrives = dice.choice((-1.0, 0.0, 0.0, 2.0, 60.0, 200.0))
        if roll < 0.1:
            yield Blow("kill at a create", dice.randint(1, 8), arrives, dice.randrange(2))
        elif roll < 0.17:
            yield Blow("kill at a commit", dice.randint(1, 30), arrives, dice.randrange(2))
        else:
            yield Blow("kill", at, arrives, dice.randrange(2))
    elif roll < 0.45:
        yield Blow("terminate", 1, round(10 ** dice.uniform(-1.3, 1.8), 2))
    elif roll < 0.53:
        yield Blow("state", dice.randint(1, 150), dice.choice((1, 1, 2, 5, 1000)))
    elif roll < 0.58:
        yield Blow("report", dice.randint(1, 6))
    elif roll < 0.63:
        yield Blow("source", dice.randint(0, 8))
    elif roll < 0.68:
        yield Blow(dice.choice(("revoke", "read only")), dice.randint(1, 60))
