"""The program as a process that is forked, not started: its modules are loaded once, which takes longer than a test.

What runs is the real entry point in a process of its own, with its own arguments, environment, folder and streams, and
it ends as an interpreter ends. What only a start can show (what is imported, how streams are encoded) is tested with
processes that are started.
"""

import array
import atexit
import gc
import importlib
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import abc
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: What most commands load; nothing of it starts a thread or looks at the environment.
_LOADED = (
    "sync.cli.main",
    "sync.cli.execute",
    "sync.cli.check",
    "sync.cli.preview",
    "sync.cli.status",
    "sync.cli.validate",
    "sync.cli.history",
    "sync.cli.follow",
    "sync.report.page",
    "sqlalchemy.dialects.sqlite",
    "sqlglot",
    "pycountry",
    "prometheus_client",
    "anyio._backends._asyncio",
    "certifi",
    "httpcore",
    "sqlglot.dialects.sqlite",
    "_strptime",
)
_LENGTH = 8


def run(
    arguments: abc.Sequence[str],
    folder: Path,
    environment: abc.Mapping[str, str],
    timeout: float,
    more: tuple[str, ...] = (),
) -> "subprocess.CompletedProcess[str]":
    """Run the program there and wait for it; TimeoutExpired ends it after so many seconds.

    `more` are modules that it has loaded besides what most commands load.
    """
    command = [sys.executable, "-m", "sync", *arguments]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        told, tells = os.pipe()
        try:
            asked = {
                "arguments": list(arguments),
                "folder": str(folder),
                "environment": dict(environment),
            }
            with open(os.devnull, "rb") as nothing:
                fds = [nothing.fileno(), out.fileno(), err.fileno(), tells]
                _ask(_forge(more), json.dumps(asked).encode(), fds)
            os.close(tells)
            code = _await(told, command, timeout)
        finally:
            os.close(told)
        out.seek(0), err.seek(0)
        texts = (stream.read().decode(errors="replace") for stream in (out, err))
        return subprocess.CompletedProcess(command, code, *texts)


@cache
def _forge(more: tuple[str, ...]) -> socket.socket:
    """The process that forks, one for each that tests and for what is loaded; what is written here reaches it."""
    ours, theirs = socket.socketpair()
    told = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    forge = subprocess.Popen(
        [sys.executable, "-m", "tests.support.forking", str(theirs.fileno()), *more],
        cwd=ROOT,
        env=told | {"PYTHONPATH": str(ROOT)},
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    atexit.register(_end, ours, forge)
    return ours


def _end(ours: socket.socket, forge: "subprocess.Popen[bytes]") -> None:
    ours.close()  # which ends it
    forge.wait(10)


def _ask(forge: socket.socket, request: bytes, fds: abc.Sequence[int]) -> None:
    head = len(request).to_bytes(_LENGTH, "big")
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
    forge.sendmsg([head], rights)
    forge.sendall(request)


def _await(told: int, command: list[str], timeout: float) -> int:
    """The exit code, as subprocess has it; the first line is the process' number."""
    until, said = time.monotonic() + timeout, b""
    while said.count(b"\n") < 2:
        if not select.select([told], [], [], max(0.0, until - time.monotonic()))[0]:
            os.kill(int(said.split(b"\n")[0]), signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, timeout)
        part = os.read(told, 100)
        if not part:
            raise RuntimeError(f"the process that forks is gone: {said!r}")
        said += part
    return int(said.split(b"\n")[1])


# In the process that forks


def _serve(ours: socket.socket) -> dict[str, Any]:
    """Fork a process for each request; comes back in those alone, with what they are to run."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        head, rights, *_ = ours.recvmsg(_LENGTH, socket.CMSG_SPACE(4 * array.array("i").itemsize))
        if not head:
            os._exit(0)
        fds = array.array("i")
        fds.frombytes(rights[0][2])
        request = _whole(ours, int.from_bytes(head, "big"))
        if os.fork() == 0:
            return _begin(ours, json.loads(request), list(fds))
        for fd in fds:
            os.close(fd)


def _whole(ours: socket.socket, length: int) -> bytes:
    parts = b""
    while len(parts) < length:
        parts += ours.recv(length - len(parts))
    return parts


def _begin(ours: socket.socket, asked: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """One process waits and tells the exit code, its child is the program."""
    ours.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, tells = fds
    if (pid := os.fork()) != 0:
        os.write(tells, b"%d\n" % pid)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(tells, b"%d\n" % code)
        os._exit(0)
    os.close(tells)
    for place, fd in enumerate(streams):
        os.dup2(fd, place)
        os.close(fd)
    return asked


def _become(asked: dict[str, Any]) -> None:
    """Be the program that was asked for."""
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    random.seed()
    sys.argv = ["sync", *asked["arguments"]]
    runpy.run_module("sync", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for _name in (*_LOADED, *sys.argv[2:]):
        importlib.import_module(_name)
    gc.freeze()  # what is loaded stays as it is, and is shared
    _become(_serve(socket.socket(fileno=int(sys.argv[1]))))
