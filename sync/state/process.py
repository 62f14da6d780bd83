"""Processes of this machine: which one this is, and whether another one is gone."""

import os
import socket
import subprocess
from collections import abc
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_BOOT = _PROC / "sys/kernel/random/boot_id"
_NAMESPACE = _PROC / "self/ns/pid"
#: Ended, but not yet collected by their parent.
_DEAD = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Process:
    """A process. `machine`: one boot, one pid namespace; `started` tells reused pids apart."""

    host: str
    machine: str
    pid: int
    started: str


def current() -> Process:
    """This process."""
    pid = os.getpid()
    return Process(socket.gethostname(), _machine(), pid, started(pid) or "")


def is_gone(process: Process, here: Process, start_of: abc.Callable[[int], str | None]) -> bool:
    """Whether a process has surely ended; of one on another machine nobody can tell."""
    return _is_here(process, here) and start_of(process.pid) != process.started


def lives(process: Process, here: Process, start_of: abc.Callable[[int], str | None]) -> bool:
    """Whether a process of this machine surely is still there."""
    return _is_here(process, here) and start_of(process.pid) == process.started


def _is_here(process: Process, here: Process) -> bool:
    return (process.host, process.machine) == (here.host, here.machine)


def started(pid: int) -> str | None:
    """When a process began, in the machine's own words; None where there is none."""
    return _by_proc(pid) if _BOOT.exists() else started_by_ps(pid)


def boot() -> str:
    """A name for the time since the machine was booted, which no other boot has; empty where there is none."""
    return _BOOT.read_text().strip() if _BOOT.exists() else boot_by_sysctl()


def boot_by_sysctl() -> str:
    """The name of this boot as sysctl tells it, where there is no /proc, as on macOS."""
    try:
        asked = ["sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _machine() -> str:
    """Two containers may share a name; the same pid then means two processes."""
    if not _BOOT.exists():
        return ""
    return f"{boot()} {os.readlink(_NAMESPACE)}"


def _by_proc(pid: int) -> str | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name before may hold spaces and brackets
    return None if fields[0] in _DEAD else fields[19]


def started_by_ps(pid: int) -> str | None:
    """When a process started, where there is no /proc, as on macOS."""
    asked = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    state, _, began = said.strip().partition(" ")
    return None if not began or state.startswith(_DEAD) else began.strip()
