import dataclasses
import os
import subprocess
import sys
from collections import abc
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import update

from sync.domain.record import Object
from sync.errors import LockedError
from sync.state import leases as leases_module
from sync.state import process
from sync.state.memory import RejectedRow, Scope
from sync.state.process import Process
from sync.state.schema import leases
from sync.state.store import Store
from tests.unit.state.conftest import Clock

ROOT = Path(__file__).parents[3]


@contextmanager
def holder(url: str) -> abc.Iterator[subprocess.Popen[str]]:
    """Another process that holds the lease."""
    command = [sys.executable, "-m", "tests.unit.state.holder"]
    pipe, told = subprocess.PIPE, {**os.environ, "SYNC_STATE_URL": url}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=told) as held:
        assert held.stdout is not None
        assert held.stdout.readline() == "held\n"
        try:
            yield held
        finally:
            held.kill()


def move(store: Store, seconds: float) -> None:
    """Let time pass for all leases, as PostgreSQL's own clock cannot be moved."""
    values = {name: leases.c[name] - seconds for name in ("acquired", "renewed", "expires")}
    store.database.write(lambda c: c.execute(update(leases).values(values)))


def pretend(store: Store, **columns: object) -> None:
    """Let the holder be another one."""
    store.database.write(lambda c: c.execute(update(leases).values(columns)))


def test_one_at_a_time(store: Store, scope: Scope):
    """A second run that wants the same lease is told who holds it, and since when."""
    store.leases.take([scope], "run_1")
    with pytest.raises(LockedError) as caught:
        store.leases.take([scope], "run_2")
    message = caught.value.message
    assert "the customers of ds_1 are being written by process" in message
    assert f"process {os.getpid()} on {process.current().host}, since 20" in message
    assert "its lease runs out at 20" in caught.value.hint


def test_taken_again(store: Store, scope: Scope):
    """Taking one's own lease again is no conflict: a transaction may have to be done twice."""
    store.leases.take([scope], "run_1")
    store.leases.take([scope], "run_1")
    with pytest.raises(LockedError):
        store.leases.take([scope], "run_2")


def test_given_back(store: Store, scope: Scope):
    """A lease that was given back is free."""
    store.leases.take([scope], "run_1")
    store.leases.release("run_1")
    assert store.leases.left(scope) == 0
    store.leases.take([scope], "run_2")


def test_other_scopes(store: Store, scope: Scope):
    """Other data sources and objects are not locked."""
    store.leases.take([scope], "run_1")
    store.leases.take([store.scope("acc_1", "ds_2", Object.CUSTOMER)], "run_2")
    store.leases.take([store.scope("acc_1", "ds_1", Object.CONTACT)], "run_3")


def test_all_or_none(store: Store, scope: Scope):
    """When one of several leases is held, none is taken."""
    free = store.scope("acc_1", "ds_0", Object.CUSTOMER)
    store.leases.take([scope], "run_1")
    with pytest.raises(LockedError):
        store.leases.take([free, scope], "run_2")
    store.leases.take([free], "run_3")


def test_runs_out(store: Store, scope: Scope, clock: Clock):
    """A lease that is not renewed is free after 90 seconds, not before."""
    store.leases.take([scope], "run_1")
    pretend(store, host="elsewhere")
    move(store, 89)
    with pytest.raises(LockedError, match="elsewhere"):
        store.leases.take([scope], "run_2")
    move(store, 2)
    store.leases.take([scope], "run_2")


def test_renewed(store: Store, scope: Scope):
    """A renewed lease lasts for another 90 seconds."""
    other = store.scope("acc_1", "ds_2", Object.CUSTOMER)
    store.leases.take([scope, other], "run_1")
    move(store, 60)
    store.leases.renew("run_1")
    move(store, 60)
    with pytest.raises(LockedError):
        store.leases.take([scope], "run_2")


def test_renewed_late(store: Store, scope: Scope):
    """A lease that ran out, but that nobody took, can still be renewed."""
    store.leases.take([scope], "run_1")
    move(store, 100)
    store.leases.renew("run_1")
    assert store.leases.left(scope) == 90


def test_lost(store: Store, scope: Scope):
    """A lease that another one took, even one of several, cannot be renewed."""
    store.leases.take([scope, store.scope("acc_1", "ds_2", Object.CUSTOMER)], "run_1")
    move(store, 100)
    rival = dataclasses.replace(store)
    rival.leases.take([scope], "run_2")
    with pytest.raises(LockedError, match="took it over"):
        store.leases.renew("run_1")
    assert store.leases.left(scope) == 0
    rival.leases.renew("run_2")


def test_lost_while_it_seems_held(store: Store, scope: Scope):
    """A clock that was set lets another one take it: what would be sent is not noted, so it is not sent."""
    store.leases.take([scope], "run_1")
    store.remember(scope, "customers", "run_1", [RejectedRow("a", "refused")])
    number = store.recall(scope, "customers", ["a"])["a"].record
    writes = [
        lambda: store.mark_sent(scope, ["b"], store.now()),
        lambda: store.announce(scope, "customers", {number: b"p"}),
    ]
    for write in writes:
        write()
    store.resolve(scope, ["b"])
    pretend(store, owner="run_2")
    assert store.leases.left(scope) == 90
    for write in writes:
        with pytest.raises(LockedError, match="took it over"):
            write()
    assert store.doubts(scope, ["b"]) == {}


def test_left(store: Store, scope: Scope, clock: Clock):
    """How long leases last is counted from before they were asked for."""
    assert store.leases.left(scope) == 0
    store.leases.take([scope], "run_1")
    clock.forward(60)
    assert store.leases.left(scope) == 30
    store.leases.renew("run_1")
    assert store.leases.left(scope) == 90
    clock.forward(100)
    assert store.leases.left(scope) == -10


def test_left_with_a_clock_set_back(store: Store, scope: Scope, clock: Clock):
    """A clock that is set back lengthens no lease."""
    ticking = [0.0]
    store.clock.monotonic = lambda: ticking[0]
    store.leases.take([scope], "run_1")
    clock.forward(-3600)
    ticking[0] = 40.0
    assert store.leases.left(scope) == 50


def test_another_process(store: Store, scope: Scope, state_url: str, clock: Clock):
    """Another process that lives is respected, one that was killed is not waited for."""
    with holder(state_url) as held:
        clock.now = clock.now.now(clock.now.tzinfo)
        with pytest.raises(LockedError, match=f"by process {held.pid} on"):
            store.leases.take([scope], "run_1")
        held.kill()
        held.wait()
        store.leases.take([scope], "run_1")
    assert store.leases.left(scope) > 80


def test_uncollected_process(store: Store, scope: Scope, state_url: str, clock: Clock):
    """A process that was killed is gone even before its parent has noticed."""
    with holder(state_url) as held:
        clock.now = clock.now.now(clock.now.tzinfo)
        held.kill()
        os.waitid(os.P_PID, held.pid, os.WEXITED | os.WNOWAIT)
        store.leases.take([scope], "run_1")


def test_reused_pid(store: Store, scope: Scope):
    """A process that has the pid of a dead one does not keep its lease alive."""
    store.leases.take([scope], "run_1")
    pretend(store, started="another time")
    store.leases.take([scope], "run_2")


@pytest.mark.parametrize("column", ["host", "machine"])
def test_elsewhere(store: Store, scope: Scope, column: str):
    """Of a process on another machine, or in another container, nobody can say that it is gone."""
    store.leases.take([scope], "run_1")
    pretend(store, started="another time", **{column: "elsewhere"})
    with pytest.raises(LockedError):
        store.leases.take([scope], "run_2")


def test_two_at_once(state_url: str):
    """Of many that take a lease at the same moment, one gets it."""
    Store.open(state_url).close()
    code = (
        "import os, sys; from sync.state.store import *; from sync.errors import LockedError\n"
        "from sync.domain.record import Object\n"
        "store = Store.open(os.environ['SYNC_STATE_URL']); sys.stdin.readline()\n"
        "scopes = [store.scope('acc_1', f'ds_{i}', Object.CUSTOMER) for i in range(3)]\n"
        "try: store.leases.take(scopes, sys.argv[1]); print('taken')\n"
        "except LockedError: print('locked')\n"
        "sys.stdin.read(); store.close()\n"
    )
    pipe = subprocess.PIPE
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", code, f"run_{i}"],
            stdin=pipe,
            stdout=pipe,
            text=True,
            cwd=ROOT,
            env={**os.environ, "SYNC_STATE_URL": state_url},
        )
        for i in range(3)
    ]
    for rival in rivals:
        assert rival.stdin is not None
        rival.stdin.write("go\n")
        rival.stdin.flush()
    said = [rival.stdout.readline().strip() for rival in rivals if rival.stdout is not None]
    for rival in rivals:
        rival.communicate()
    assert sorted(said) == ["locked", "locked", "taken"]


def test_is_gone():
    """A process is gone when nothing, or something else, has its pid on its machine."""
    here = process.current()
    assert not process.is_gone(here, here, process.started)
    assert process.is_gone(here, here, lambda _: None)
    assert process.is_gone(here, here, lambda _: "later")
    there = dataclasses.replace(here, machine="another container")
    assert not process.is_gone(there, here, lambda _: None)


def test_by_ps():
    """Where there is no /proc, ps tells the same: this process lives, and no other has its start."""
    began = process.started_by_ps(os.getpid())
    assert began
    assert began == process.started_by_ps(os.getpid())
    assert process.started_by_ps(2**22 + 1) is None
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert process.started_by_ps(ended.pid) is None
        assert process.started(ended.pid) is None
    assert process.started(2**22 + 1) is None


def test_without_proc(monkeypatch: pytest.MonkeyPatch):
    """Where there is no /proc, a process is told by ps, and a machine by its name alone."""
    monkeypatch.setattr(process, "_BOOT", Path("/nowhere"))
    here = process.current()
    assert here.machine == ""
    assert here.started == process.started_by_ps(os.getpid())


def test_given_back_meanwhile():
    """A lease whose holder left between two looks is told without a holder."""
    error = leases_module.locked(("acc_1", "ds_1", "customer"), None, 0.0)
    assert error.message == "the customers of ds_1 are being written by another process"


def test_process():
    """A process is told by its host and pid, and by more than that."""
    here = process.current()
    assert os.getpid() == here.pid
    assert here == Process(here.host, here.machine, here.pid, here.started)
    assert all((here.host, here.machine, here.started))
