"""A run goes through its phases: everything is read before anything is written, and every end has its code."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from sync.domain import objects
from sync.domain.record import AttributeType, Object
from sync.domain.results import MappingRun, Run
from sync.domain.typed import Origin, Typed
from sync.engine.context import Selection, Stop
from sync.engine.run import Coordinator
from sync.errors import (
    EXIT_CHANGES,
    EXIT_CONFIG,
    EXIT_INTERRUPTED,
    EXIT_LOCKED,
    EXIT_OK,
    EXIT_RAIL,
    EXIT_REJECTED,
    EXIT_SERVER,
    EXIT_TERMINATED,
    Answered,
    ConfigError,
    ConfigProblem,
    Denied,
    Interrupted,
    LockedError,
    Outage,
    RailError,
    SourceError,
    StateError,
    told,
)
from sync.state.memory import Scope
from tests.support.bench import NOW
from tests.support.clocks import clock_at
from tests.support.gates import Gate, idle
from tests.support.silent import Silent

INTEGER = Typed(AttributeType.INTEGER, Origin.DECLARED)


class Part:
    """A mapping of a run that does nothing but what a test wants; it writes into the log of all."""

    def __init__(self, log, name, kind=Object.CUSTOMER, *, account="acc"):
        self.log, self.name, self.kind = log, name, kind
        self.run = MappingRun(name, f"{name}.yml", kind, "upsert", "ds_1")
        self.state = SimpleNamespace(scope=Scope(1, account, "ds_1", kind))
        self.about = objects.of(kind)
        self.types: dict[str, Typed] = {}
        self.before: list[Part] = []
        self.alone = False  # waits for all that come first
        self.errors: dict[str, BaseException] = {}
        self.gates: dict[str, Gate] = {}

    def be_of(self, data_source):
        """It feeds this data source."""
        self.run.data_source = data_source
        self.state.scope = replace(self.state.scope, data_source=data_source)

    async def _do(self, what):
        self.log.append(f"{what} {self.name}")
        if gate := self.gates.get(what):
            await gate.wait()
        if error := self.errors.get(what):
            raise error

    def follow(self, tasks):
        self.before = [one for one in tasks if one.kind is self.about.parent]

    async def connect(self):
        await self._do("connect")

    async def read(self):
        await self._do("read")
        self.run.rows.read = 3

    def accept_types(self):
        if error := self.errors.get("accept_types"):
            raise error

    def compare(self, key, typed, other):
        self.log.append(f"compare {key} of {self.name} and {other.name}")
        if error := self.errors.get("compare"):
            raise error

    def waits_for(self, other):
        return self.alone or other in self.before

    async def write(self):
        await self._do("write")
        self.run.rows.created = 3 - self.run.rows.decided

    def close(self):
        self.log.append(f"close {self.name}")


class Leases:
    """The run's entry in the state, and its leases; each call may fail."""

    def __init__(self, log):
        self.log, self.errors = log, {}
        self.locked: set[str] = set()  # the data sources whose leases another process holds
        self.elsewhere = LockedError("somebody writes them", "wait")

    def _do(self, what):
        self.log.append(what)
        if error := self.errors.get(what):
            raise error

    async def begin(self, run):
        self._do("begin")

    @asynccontextmanager
    async def held(self, scopes):
        self._do(f"hold {len(scopes)}")
        yield {scope: self.elsewhere for scope in scopes if scope.data_source in self.locked}
        self.log.append("release")

    async def finish(self, run):
        assert run.status is not None
        self._do("finish")


class Desk(Silent):
    """A run of these mappings, by hand; contacts have names that begin with `contacts`."""

    def __init__(self, *names, dry_run=False):
        self.log: list[str] = []
        self.warnings: list[str] = []
        self.unwritable: ConfigError | None = None
        self.parts = {name: Part(self.log, name, _kind(name)) for name in names}
        self.leases = Leases(self.log)
        self.stop = Stop()
        mappings = [part.run for part in self.parts.values()]
        self.run = Run("run_1", dry_run, NOW, mappings)
        tasks: Any = list(self.parts.values())
        lease: Any = None if dry_run else self.leases
        self.coordinator = Coordinator(self.run, tasks, self, self.stop, lease, clock_at(NOW))

    def __getitem__(self, name):
        return self.parts[name]

    def started(self, run):
        if self.unwritable is not None:
            raise self.unwritable
        self.log.append("started")

    def finished(self, run):
        self.log.append("finished")

    def warned(self, mapping, message):
        self.warnings.append(message)

    async def conduct(self):
        """Carry the run out: its exit code, and how it and its mappings ended."""
        async with asyncio.timeout(30):
            run = await self.coordinator.conduct()
        assert run is self.run
        assert run.status is not None
        assert run.finished_at == NOW
        return run.exit_code, run.status.value, [str(part.run.status) for part in self]

    def __iter__(self):
        return iter(self.parts.values())

    def did(self, *what):
        """Those of these things that were done, in their order."""
        return [told for told in self.log if told.split()[0] in what]


def _kind(name):
    return Object.CONTACT if name.startswith("contacts") else Object.CUSTOMER


# Phases


async def test_phases():
    """Connect, take the leases, read everything, write everything, give all back, tell."""
    desk = Desk("a", "b")

    assert await desk.conduct() == (EXIT_OK, "succeeded", ["succeeded", "succeeded"])
    assert desk.log == [
        *("started", "begin", "connect a", "connect b", "hold 2", "read a", "read b"),
        *("write a", "write b", "release", "close a", "close b", "finish", "finished"),
    ]


async def test_dry_run():
    """A dry run goes the same way, without an entry in the state and without leases."""
    desk = Desk("a", dry_run=True)

    assert await desk.conduct() == (EXIT_OK, "succeeded", ["succeeded"])
    assert desk.log == ["started", "connect a", "read a", "write a", "close a", "finished"]


async def test_customers_first():
    """Contacts are written after customers, however the files are called."""
    desk = Desk("contacts", "customers")
    await desk.conduct()

    assert desk.did("read", "write") == [
        "read contacts",
        "read customers",
        "write customers",
        "write contacts",
    ]


async def test_side_by_side():
    """Mappings that have nothing in common do not wait for one another."""
    desk = Desk("a", "b")
    gate = desk["a"].gates["write"] = Gate()
    conducting = asyncio.ensure_future(desk.conduct())
    desk["b"].gates["write"] = Gate()
    await gate.arrival()
    await desk["b"].gates["write"].arrival()
    gate.open.set()
    desk["b"].gates["write"].open.set()

    assert (await conducting)[0] == EXIT_OK


async def test_one_after_the_other():
    """Those that have wait until the one before them is written."""
    desk = Desk("a", "b")
    desk["b"].alone = True
    gate = desk["a"].gates["write"] = Gate()
    conducting = asyncio.ensure_future(desk.conduct())
    await gate.arrival()
    await idle()
    assert desk.did("write") == ["write a"]
    gate.open.set()
    await conducting
    assert desk.did("write") == ["write a", "write b"]


# One mapping breaks off


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(RailError("too many", "raise it"), "stopped", EXIT_RAIL),
     (ConfigError(ConfigProblem("no such column")), "failed", EXIT_CONFIG)],
)  # fmt: skip
async def test_a_mapping_breaks_off_while_writing(error, status, code):
    """A rail, or types that do not fit, end their own mapping; the other is written."""
    desk = Desk("a", "b")
    desk["b"].alone = True
    desk["a"].errors["write"] = error

    assert await desk.conduct() == (code, status, [status, "succeeded"])
    assert desk["a"].run.error in ("too many; raise it", "no such column")
    assert desk["b"].run.error is None


async def test_a_rail_while_reading():
    """A rail that shows by then ends its mapping before the first write."""
    desk = Desk("a", "b")
    desk["a"].errors["read"] = RailError("empty")

    assert await desk.conduct() == (EXIT_RAIL, "stopped", ["stopped", "succeeded"])
    assert desk.did("read", "write") == ["read a", "read b", "write b"]


@pytest.mark.parametrize(
    ("phase", "error", "status"),
    [
        ("read", RailError("no"), "stopped"),
        ("write", RailError("no"), "stopped"),
        ("write", ConfigError(ConfigProblem("no")), "failed"),
    ],
)
async def test_contacts_of_a_broken_mapping(phase, error, status):
    """Contacts whose customers broke off do not start, and say whose fault it is."""
    desk = Desk("customers", "contacts")
    desk["customers"].errors[phase] = error

    assert (await desk.conduct())[2] == [status, "failed"]
    assert desk["contacts"].run.error == (
        "not started: its customers come from customers, which broke off"
    )
    assert "write contacts" not in desk.log


async def test_contacts_of_rejected_customers():
    """Rejected rows break nothing off."""
    desk = Desk("customers", "contacts")
    desk["customers"].run.rows.rejected = 1

    assert (await desk.conduct())[2] == ["completed_with_errors", "succeeded"]
    assert desk.did("write") == ["write customers", "write contacts"]


# What is wrong with two mappings


async def test_types_are_compared():
    """Attributes of one account are compared across mappings, whatever the case of their names."""
    desk = Desk("a", "b", "c", "contacts", "contacts2")
    desk["a"].types = {"seats": INTEGER, "plan": INTEGER}
    desk["b"].types = {"SEATS": INTEGER, "other": INTEGER}
    desk["c"].types = {"seats": INTEGER}
    desk["c"].state.scope = Scope(2, "another account", "ds_1", Object.CUSTOMER)
    desk["contacts"].types = desk["contacts2"].types = {"seats": INTEGER}
    await desk.conduct()

    assert desk.did("compare") == ["compare SEATS of b and a"]


async def test_types_that_differ():
    """Two mappings that would lock one type in two ways end the run before the first write."""
    desk = Desk("a", "b")
    desk["a"].types = desk["b"].types = {"seats": INTEGER}
    desk["b"].errors["compare"] = ConfigError(ConfigProblem("seats is Integer and String"))

    assert await desk.conduct() == (EXIT_CONFIG, "failed", ["failed", "failed"])
    assert desk.did("read", "write") == ["read a", "read b"]


async def test_a_type_that_nobody_declares():
    """It ends its own mapping after all were compared, and before anything is written."""
    desk = Desk("a", "b")
    desk["a"].types = desk["b"].types = {"seats": INTEGER}
    desk["a"].errors["accept_types"] = ConfigError(ConfigProblem("seats is only suggested"))

    assert await desk.conduct() == (EXIT_CONFIG, "failed", ["failed", "succeeded"])
    assert desk.did("compare", "write") == ["compare seats of b and a", "write b"]


async def test_types_of_a_mapping_that_broke_off():
    """What is not written locks nothing."""
    desk = Desk("a", "b")
    desk["a"].types = desk["b"].types = {"seats": INTEGER}
    desk["a"].errors["read"] = RailError("empty")
    await desk.conduct()

    assert desk.did("compare") == []


# The whole run breaks off


@pytest.mark.parametrize(
    ("phase", "done"),
    [
        ("connect", ["connect a", "connect b", "read a"]),
        ("read", ["connect a", "connect b", "read a", "read b"]),
    ],
)
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (SourceError("the warehouse broke off", "try again"), "failed", EXIT_SERVER),
        (ConfigError(ConfigProblem("no column")), "failed", EXIT_CONFIG),
        (Denied("the key is wrong", Answered(401)), "failed", EXIT_SERVER),
        (LockedError("somebody else"), "locked", EXIT_LOCKED),
    ],
)
async def test_a_mapping_breaks_off_early(phase, done, error, status, code):
    """Whatever goes wrong before the first write ends its own mapping; everything is given back."""
    desk = Desk("a", "b")
    desk["b"].errors[phase] = error

    assert await desk.conduct() == (code, status, ["succeeded", status])
    assert desk.did("connect", "read", "write") == [*done, "write a"]
    assert desk.log[-4:] == ["close a", "close b", "finish", "finished"]
    assert [part.run.error for part in desk] == [None, told(error)]


@pytest.mark.parametrize("phase", ["connect", "read"])
@pytest.mark.parametrize("error", [Outage("nobody answers"), StateError("the disk is full")])
async def test_the_run_breaks_off_early(phase, error):
    """What no mapping can do without ends all of them before the first write."""
    desk = Desk("a", "b")
    desk["b"].errors[phase] = error

    assert await desk.conduct() == (EXIT_SERVER, "failed", ["failed", "failed"])
    assert desk.did("write") == []
    assert {part.run.error for part in desk} == {told(error)}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Outage("nobody answers"), "failed", EXIT_SERVER),
        (StateError("the disk is full"), "failed", EXIT_SERVER),
    ],
)
async def test_the_run_breaks_off_while_writing(error, status, code):
    """What has ended stays as it ended; what is under way ends with the error, what waits never starts."""
    desk = Desk("a", "b", "c", "d")
    desk["b"].alone = desk["d"].alone = True
    desk["b"].errors["write"] = error
    gate = desk["c"].gates["write"] = Gate()
    conducting = asyncio.ensure_future(desk.conduct())
    await gate.arrival()
    await idle()
    assert not conducting.done()
    gate.open.set()

    assert await conducting == (code, status, ["succeeded", status, "succeeded", status])
    assert "write d" not in desk.log
    assert desk["d"].run.error == str(error)


async def test_the_first_failure_counts():
    """Of two mappings that fail side by side, the first tells why the run ended."""
    desk = Desk("a", "b")
    desk["a"].errors["write"] = StateError("first")
    desk["b"].errors["write"] = LockedError("second")

    assert await desk.conduct() == (EXIT_SERVER, "failed", ["failed", "failed"])
    assert {part.run.error for part in desk} == {"first"}


async def test_a_lost_lease():
    """A mapping whose lease was lost ends as locked, and so does what depends on it; the others are written."""
    desk = Desk("a", "b", "contacts")
    desk["a"].errors["write"] = LockedError("the lease ran out")

    assert await desk.conduct() == (EXIT_LOCKED, "locked", ["locked", "succeeded", "locked"])
    assert desk["a"].run.error == "the lease ran out"
    assert desk["contacts"].run.error == "not started: its customers come from a, which broke off"


async def test_a_bug():
    """An error that is none of ours takes the others along, and is raised; all is given back."""
    desk = Desk("a", "b")
    gate = desk["a"].gates["write"] = Gate()
    desk["b"].errors["write"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await desk.conduct()

    assert not gate.open.is_set()
    assert desk.log[-2:] == ["close a", "close b"]


async def test_no_report():
    """Where no report can be written the run does not begin."""
    desk = Desk("a")

    desk.unwritable = ConfigError(ConfigProblem("the folder is not writable"))
    with pytest.raises(ConfigError):
        await desk.conduct()

    assert desk.log == []


# Rejected rows


@pytest.mark.parametrize(
    ("rejected", "tolerated", "expected"),
    [
        (0, 0, (EXIT_OK, "succeeded")),
        (1, 0, (EXIT_REJECTED, "completed_with_errors")),
        (2, 2, (EXIT_OK, "completed_with_errors")),
        (3, 2, (EXIT_REJECTED, "completed_with_errors")),
    ],
)
async def test_rejected(rejected, tolerated, expected):
    """Rejected rows show in the status; in the exit code where there are more than tolerated."""
    desk = Desk("a")
    desk["a"].run.rows.rejected = rejected
    desk["a"].run.tolerated = tolerated

    assert (await desk.conduct())[:2] == expected


@pytest.mark.parametrize(
    ("detailed", "created", "rejected", "expected"),
    [
        (False, 1, 0, EXIT_OK),
        (True, 1, 0, EXIT_CHANGES),
        (True, 0, 0, EXIT_OK),
        (True, 1, 1, EXIT_REJECTED),
    ],
)
async def test_detailed(detailed, created, rejected, expected):
    """A dry run may tell by its exit code that there is something to send, where it would be 0."""
    desk = Desk("a", dry_run=True)
    desk.coordinator.selection = Selection(detailed=detailed)
    rows = desk["a"].run.rows
    rows.unchanged, rows.rejected = 3 - created - rejected, rejected  # the rest is created

    assert (await desk.conduct())[0] == expected


async def test_several_ends():
    """Of several ends the gravest gives the exit code, and the status that is worst."""
    desk = Desk("a", "b", "c")
    desk["a"].run.rows.rejected = 1
    desk["b"].errors["read"] = RailError("empty")

    assert await desk.conduct() == (
        EXIT_RAIL,
        "stopped",
        ["completed_with_errors", "stopped", "succeeded"],
    )


async def test_a_failed_mapping_among_stopped_ones():
    """A mapping that does not fit counts more than a rail."""
    desk = Desk("a", "b")
    desk["a"].errors["write"] = RailError("no")
    desk["b"].errors["write"] = ConfigError(ConfigProblem("no"))

    assert await desk.conduct() == (EXIT_CONFIG, "failed", ["stopped", "failed"])


# Asked to end


async def test_interrupted_while_connecting():
    """Nobody waits for an answer then: nothing was read."""
    desk = Desk("a", "b")
    gate = desk["a"].gates["connect"] = Gate()
    conducting = asyncio.ensure_future(desk.conduct())
    await gate.arrival()
    desk.stop.request(EXIT_TERMINATED)

    assert await conducting == (EXIT_TERMINATED, "interrupted", ["interrupted"] * 2)
    assert desk.did("connect", "hold", "read") == ["connect a"]


async def test_interrupted_while_reading():
    """What is read by then is not written."""
    desk = Desk("a", "b", "c")
    gate = desk["b"].gates["read"] = Gate()
    desk["b"].errors["read"] = Interrupted("interrupted while reading")
    conducting = asyncio.ensure_future(desk.conduct())
    await gate.arrival()
    desk.stop.request(EXIT_INTERRUPTED)
    gate.open.set()

    assert await conducting == (EXIT_INTERRUPTED, "interrupted", ["interrupted"] * 3)
    assert desk.did("read", "write") == ["read a", "read b"]
    assert [part.run.error for part in desk] == [None] * 3


async def test_interrupted_between_two_queries():
    """A query that was not begun is not begun any more."""
    desk = Desk("a", "b")
    gate = desk["a"].gates["read"] = Gate()
    conducting = asyncio.ensure_future(desk.conduct())
    await gate.arrival()
    desk.stop.request(EXIT_INTERRUPTED)
    gate.open.set()

    assert (await conducting)[0] == EXIT_INTERRUPTED
    assert desk.did("read", "write") == ["read a"]


@pytest.mark.parametrize(
    ("unprocessed", "expected"),
    [
        (1, (EXIT_INTERRUPTED, "interrupted", ["interrupted"])),
        (0, (EXIT_OK, "succeeded", ["succeeded"])),
    ],
)
async def test_interrupted_while_writing(unprocessed, expected):
    """A mapping that came to its last row all the same is as done as any."""
    desk = Desk("a")
    gate = desk["a"].gates["write"] = Gate()
    conducting = asyncio.ensure_future(desk.conduct())
    await gate.arrival()
    desk.stop.request(EXIT_INTERRUPTED)
    desk["a"].run.rows.read += unprocessed
    gate.open.set()

    assert await conducting == expected


async def test_interrupted_with_a_rail():
    """An interruption counts more than whatever else has happened."""
    desk = Desk("a", "b")
    desk["a"].errors["read"] = RailError("empty")
    gate = desk["b"].gates["read"] = Gate()
    conducting = asyncio.ensure_future(desk.conduct())
    await gate.arrival()
    desk.stop.request(EXIT_TERMINATED)
    gate.open.set()

    assert await conducting == (EXIT_TERMINATED, "interrupted", ["stopped", "interrupted"])


# The run's place in the state


async def test_locked():
    """Where somebody else holds a lease nothing is read."""
    desk = Desk("a", "b")
    desk.leases.errors["hold 2"] = LockedError("somebody writes them", "wait")

    assert await desk.conduct() == (EXIT_LOCKED, "locked", ["locked", "locked"])
    assert desk.did("read", "write") == []
    assert desk["a"].run.error == "somebody writes them; wait"


async def test_one_data_source_is_locked():
    """Where somebody else holds the leases of a data source its mappings are not read; the others run."""
    desk = Desk("a", "b")
    desk["b"].be_of("ds_2")
    desk.leases.locked = {"ds_2"}

    assert await desk.conduct() == (EXIT_LOCKED, "locked", ["succeeded", "locked"])
    assert desk.did("read", "write") == ["read a", "write a"]
    assert desk["b"].run.error == "somebody writes them; wait"


async def test_no_entry():
    """A run that the state does not take asks nobody anything."""
    desk = Desk("a")
    desk.leases.errors["begin"] = StateError("the disk is full")

    assert await desk.conduct() == (EXIT_SERVER, "failed", ["failed"])
    assert desk.log == ["started", "begin", "close a", "finish", "finished"]


async def test_finish_fails():
    """A run whose end cannot be noted has failed, loudly, whatever its mappings did."""
    desk = Desk("a")
    desk.leases.errors["finish"] = StateError("the disk is full", "make room")

    assert await desk.conduct() == (EXIT_SERVER, "failed", ["succeeded"])
    assert desk.warnings == ["the disk is full; make room"]
    assert desk.log[-1] == "finished"


async def test_finish_fails_after_an_interruption():
    """The signal still decides the exit code."""
    desk = Desk("a")
    desk.stop.request(EXIT_TERMINATED)
    desk.leases.errors["finish"] = StateError("the disk is full")

    assert (await desk.conduct())[:2] == (EXIT_TERMINATED, "failed")
