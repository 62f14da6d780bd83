"""Clocks that are wrong, by hours and days, in both directions: what waits goes on to end, and never too early."""

from collections import abc
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from sync.domain.record import Object
from sync.errors import LockedError
from sync.state import moments, schema
from sync.state.memory import Doubt, Held, Memory, RejectedRow, Scope
from sync.state.process import boot, boot_by_sysctl
from sync.state.store import Store

TEN_MINUTES = timedelta(minutes=10)
#: By how much a clock is set.
STEPS = [timedelta(hours=3), timedelta(days=40), timedelta(hours=-3), timedelta(days=-40)]


@dataclass(slots=True)
class Machine:
    """A machine: its clock may be set and it may be booted anew; time passes for all its clocks."""

    url: str
    now: datetime = datetime(2026, 1, 31, 10, tzinfo=UTC)
    boot: str = "boot 1"
    up: float = 1000.0
    stores: list[Store] = field(default_factory=list)

    def store(self, *, dry_run: bool = False) -> Store:
        """The state, as a process of this machine opens it now."""
        opened = Store.open_read_only if dry_run else Store.open
        made = opened(self.url, clock=lambda: self.now, monotonic=lambda: self.up, boot=self.boot)
        self.stores.append(made)
        return self.stores[-1]

    def wait(self, passed: timedelta) -> None:
        """Time passes."""
        self.now += passed
        self.up += passed.total_seconds()

    def set_clock(self, step: timedelta) -> None:
        """Somebody, or NTP, sets the clock."""
        self.now += step

    def reboot(self, name: str) -> None:
        """The machine is booted anew, or the process is on another one."""
        self.boot, self.up = name, 10.0


@pytest.fixture
def machine(state_url: str) -> abc.Iterator[Machine]:
    made = Machine(state_url)
    yield made
    for store in made.stores:
        store.close()


def contacts(store: Store) -> Scope:
    return store.scope("acc_1", "ds_1", Object.CONTACT)


def waited(machine: Machine, *, dry_run: bool = False) -> timedelta:
    """For how long a run of now finds the create in doubt to be so."""
    store = machine.store(dry_run=dry_run)
    return machine.now - store.doubts(contacts(store), ["p1"])["p1"].since


def ask(machine: Machine) -> None:
    store = machine.store()
    store.mark_sent(contacts(store), ["p1"], machine.now)


# Creates in doubt


@pytest.mark.parametrize("step", STEPS)
def test_doubt_on_the_same_boot(machine: Machine, step: timedelta):
    """Whatever the clock is set to, a create is as old as a clock says that only grows."""
    ask(machine)
    machine.wait(timedelta(minutes=4))
    machine.set_clock(step)
    assert waited(machine) == timedelta(minutes=4)
    machine.wait(timedelta(minutes=7))
    machine.set_clock(-step)
    assert waited(machine) == timedelta(minutes=11)


@pytest.mark.parametrize("step", STEPS)
def test_doubt_on_another_boot(machine: Machine, step: timedelta):
    """It counts from the first run that meets it there, and from then on by that machine's clocks."""
    ask(machine)
    machine.wait(timedelta(minutes=30))
    machine.reboot("boot 2")
    machine.set_clock(step)
    assert waited(machine) == timedelta()
    machine.wait(timedelta(minutes=6))
    machine.set_clock(-step)
    assert waited(machine) == timedelta(minutes=6)


def test_doubt_on_a_machine_that_was_set_back(machine: Machine):
    """A snapshot that is restored has the boot of before, and was not up yet when the create was asked for."""
    machine.up = 1e6
    ask(machine)
    machine.wait(timedelta(minutes=30))
    machine.reboot("boot 1")
    assert waited(machine) == timedelta()
    machine.wait(timedelta(minutes=6))
    assert waited(machine) == timedelta(minutes=6)


def test_doubt_on_ever_other_machines(machine: Machine):
    """Runs that never meet one machine twice still come to the end of the ten minutes."""
    ask(machine)
    ages = []
    for number in range(5):
        machine.reboot(f"machine {number}")
        ages.append(waited(machine))
        machine.wait(timedelta(minutes=5))
    assert ages == [timedelta(minutes=5 * n) for n in range(5)]


def test_doubt_met_in_the_future(machine: Machine):
    """A meeting that a wrong clock put into the future is one of now, for all that follow."""
    ask(machine)
    machine.reboot("boot 2")
    machine.set_clock(timedelta(days=2))
    assert waited(machine) == timedelta()
    machine.reboot("boot 3")
    machine.set_clock(timedelta(days=-2))
    assert waited(machine) == timedelta()
    machine.reboot("boot 4")
    machine.wait(timedelta(minutes=6))
    assert waited(machine) == timedelta(minutes=6)


def test_doubt_in_a_dry_run(machine: Machine):
    """It writes nothing down: whoever comes after it still is the first to meet the create."""
    ask(machine)
    machine.wait(timedelta(minutes=30))
    machine.reboot("boot 2")
    assert waited(machine, dry_run=True) == timedelta()
    machine.wait(timedelta(minutes=6))
    assert waited(machine) == timedelta()


@pytest.mark.parametrize("step", STEPS)
def test_doubt_where_no_boot_can_be_told(machine: Machine, step: timedelta):
    """Then the clock has to do, but a moment in the future is now."""
    machine.boot = ""
    ask(machine)
    machine.wait(timedelta(minutes=4))
    assert waited(machine) == timedelta(minutes=4)
    machine.set_clock(step)
    assert waited(machine) == max(step + timedelta(minutes=4), timedelta())
    machine.wait(timedelta(minutes=6))
    assert waited(machine) == max(step + TEN_MINUTES, timedelta(minutes=6))


@pytest.mark.parametrize("name", ["boot 1", ""])
def test_doubt_of_an_older_version(machine: Machine, name: str):
    """It knows no boot: it counts from the first run of this version."""
    ask(machine)
    machine.stores[0].database.write(
        lambda c: c.execute(update(schema.doubts).values(boot=None, up=None))
    )
    machine.wait(timedelta(days=1))
    machine.boot = name
    assert waited(machine) == timedelta()
    machine.wait(timedelta(minutes=11))
    assert waited(machine) == timedelta(minutes=11)


def test_doubt_in_the_future_is_told_as_now(machine: Machine):
    """No message speaks of a create of tomorrow."""
    ask(machine)
    machine.set_clock(timedelta(days=-1))
    told = {"p1": Doubt(machine.now, lost=False)}
    looking = machine.store(dry_run=True)
    assert looking.doubts(contacts(looking), ["p1"]) == told
    store = machine.store()
    assert store.doubts(contacts(store), ["p1"]) == told
    assert store.doubts(contacts(store), ["p1"]) == told


def test_boot():
    """A boot has a name of its own; where neither way to it is there, it has none."""
    assert boot() == boot()
    assert isinstance(boot_by_sysctl(), str)


# Rows that are held back, and rejected


def refuse(machine: Machine, held: Held | None) -> None:
    store = machine.store()
    row = RejectedRow("p1", "refused", held=held)
    store.remember(contacts(store), "contacts", "run_1", [row])


def memory(machine: Machine) -> Memory:
    store = machine.store()
    return store.recall(contacts(store), "contacts", ["p1"])["p1"]


def test_held_in_the_future(machine: Machine):
    """A refusal of tomorrow is one of now, and the seven days begin to pass with the next run."""
    ahead = timedelta(days=40)
    machine.set_clock(ahead)
    refuse(machine, Held(b"f" * 16, machine.now, 422, "email", "refused", "is wrong"))
    machine.set_clock(-ahead)
    found = memory(machine)
    assert found.held == Held(b"f" * 16, machine.now, 422, "email", "refused", "is wrong", "run_1")
    assert found.rejected_since == machine.now

    began = machine.now
    refuse(machine, found.held)
    machine.wait(timedelta(days=3))
    assert memory(machine).held == found.held
    assert memory(machine).rejected_since == began


def test_held_in_the_past(machine: Machine):
    """A clock that was behind shortens the wait at most."""
    began = machine.now
    refuse(machine, Held(b"f" * 16, began, 422, None))
    machine.set_clock(timedelta(days=40))
    assert (memory(machine).rejected_since, memory(machine).held) == (
        began,
        Held(b"f" * 16, began, 422, None),
    )


# Leases


def take(machine: Machine, owner: str, lasts: float = 90.0) -> None:
    store = machine.store()
    store.leases.take([contacts(store)], owner, lasts)


def elsewhere(machine: Machine) -> None:
    """The holder is a process of which nobody here can tell whether it lives."""
    values = {"host": "elsewhere"}
    machine.stores[0].database.write(lambda c: c.execute(update(schema.leases).values(values)))


@pytest.mark.parametrize("lasts", [90.0, 655.0])
@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=40)])
def test_lease_in_the_future(machine: Machine, ahead: timedelta, lasts: float):
    """It is waited for as long as a lease of its length lasts, and no longer."""
    machine.set_clock(ahead)
    take(machine, "dead", lasts)
    elsewhere(machine)
    machine.set_clock(-ahead)
    with pytest.raises(LockedError) as caught:
        take(machine, "run_2")
    end = machine.now + timedelta(seconds=lasts)
    assert f"its lease runs out at {end:%Y-%m-%dT%H:%M:%SZ}" in caught.value.hint
    then, here = (f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in (machine.now + ahead, machine.now))
    told = f", since {then} by a clock that was ahead: here it is {here}"
    assert caught.value.message.endswith(told)
    machine.wait(timedelta(seconds=lasts - 1))
    with pytest.raises(LockedError):
        take(machine, "run_3")
    machine.wait(timedelta(seconds=1))
    take(machine, "run_4")


def test_lease_in_the_future_of_one_that_lives(machine: Machine):
    """Its next renewal puts it right."""
    machine.set_clock(timedelta(days=1))
    take(machine, "alive")
    alive = machine.stores[0].leases
    elsewhere(machine)
    machine.set_clock(timedelta(days=-1))
    with pytest.raises(LockedError):
        take(machine, "run_2")
    for _ in range(20):
        machine.wait(timedelta(seconds=15))
        alive.renew("alive")
    with pytest.raises(LockedError):
        take(machine, "run_3")


# The state's own clock


def test_the_clock_of_a_server(database: str):
    """Moments are PostgreSQL's own, whatever the clock of this machine says."""
    with closing(Store.open(database)) as store:
        store.remember(contacts(store), "contacts", "run_1", [RejectedRow("p1", "refused")])
        [at] = store.database.read(lambda c: c.execute(select(schema.synced.c.at)).scalars().all())
        server = store.database.read(store.clock.moment)
        assert timedelta() <= server - at < timedelta(minutes=1)
        assert timedelta() <= store.now() - server < timedelta(minutes=1)
        store.leases.take([contacts(store)], "run_1")
        [holder] = store.leases.all()
        assert abs(holder.renewed - server.timestamp()) < 60
        assert store.clock.is_servers


def test_the_clock_of_a_server_is_followed(database: str):
    """It is asked once; from then on a clock that only grows is enough."""
    ticking = [100.0]
    with closing(Store.open(database, monotonic=lambda: ticking[0])) as store:
        first = store.now()
        ticking[0] += 3600
        assert store.now() == first + timedelta(hours=1)


def test_the_clock_of_a_copy(database: str, monkeypatch: pytest.MonkeyPatch):
    """What looks at a server's state before it is made, or upgraded, goes by the server's clock as well."""
    ahead = datetime.now(UTC) + timedelta(days=3)
    monkeypatch.setattr(moments, "now", lambda: ahead)
    with closing(Store.open_read_only(database)) as store:
        assert store.database.engine.dialect.name == "sqlite"
        assert abs(store.now() - datetime.now(UTC)) < timedelta(minutes=5)
        told = store.database.read(store.clock.moment)
        assert abs(told - datetime.now(UTC)) < timedelta(minutes=5)


def test_the_clock_of_a_file(machine: Machine, tmp_path):
    """It is this machine's, unless one is handed in."""
    with closing(Store.open(f"sqlite:///{tmp_path}/own.db")) as store:
        assert not store.clock.is_servers
        assert abs(store.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert machine.store().now() == machine.now
