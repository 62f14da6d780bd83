"""Runs a program and says what it cost."""

import os
import subprocess
import sys
from collections import abc
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep
from typing import IO

ROOT = Path(__file__).parents[1]
#: Variables that a measured program must not inherit.
_OURS = ("SYNC_", "CHARTMOGUL_", "WAREHOUSE_URL")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, seconds of CPU in the process itself, and its most memory in MB."""

    wall: float
    cpu: float
    memory: float
    code: int
    out: str


class _Watch(Thread):
    """Looks at a process' peak of memory until it is gone; rusage would count ours before its exec."""

    def __init__(self, process: int) -> None:
        super().__init__()
        self._status = Path(f"/proc/{process}/status")
        self.peak = 0.0
        self.start()

    def run(self) -> None:
        """Look every few milliseconds."""
        with suppress(OSError, StopIteration):
            while True:
                lines = self._status.read_text().splitlines()
                written = next(line for line in lines if line.startswith("VmHWM:"))
                self.peak = int(written.split()[1]) / 1024
                sleep(0.02)


def python(
    *arguments: str,
    environment: abc.Mapping[str, str] | None = None,
    folder: Path = ROOT,
    log: IO[str] | None = None,
) -> Cost:
    """What `python ARGUMENTS` costs, from its start to its end."""
    base = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
    base |= {"PYTHONPATH": str(ROOT), **(environment or {})}
    started = perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=base,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    ) as process:
        memory = _Watch(process.pid)
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        memory.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = perf_counter() - started
    cpu = used.ru_utime + used.ru_stime
    return Cost(wall, cpu, memory.peak, process.returncode, out)
