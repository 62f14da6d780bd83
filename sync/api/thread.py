"""Where the work of a function is done: in the caller's thread, or beside it where that one has an event loop."""

import asyncio
from collections import abc
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


def apart(work: abc.Callable[[], _T], interrupt: abc.Callable[[], None] = lambda: None) -> _T:
    """Do the work in a thread that runs no event loop; this one waits for it.

    What interrupts the waiting goes on when the work is over; `interrupt` asks it to make haste.
    """
    if not _has_loop():
        return work()
    with ThreadPoolExecutor(1, "chartmogul-sync") as pool:
        done = pool.submit(work)
        try:
            return done.result()
        except BaseException:
            interrupt()
            raise


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
