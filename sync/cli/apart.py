"""What a warehouse is asked by a command without an event loop: apart from the thread that hears signals."""

from collections import abc
from concurrent.futures import Future, wait
from typing import TypeVar

from sync.engine.read.thread import OneThread

T = TypeVar("T")
#: How often a query is cancelled that goes on, and seconds between two times: it may only just begin to be one.
_TIMES, _AGAIN = 10, 0.2


def apart(ask: abc.Callable[[], T], cancel: abc.Callable[[], None]) -> T:
    """What `ask` gives, in a thread of its own: some drivers let no signal through while they listen to a server.

    A signal cancels the query, and is raised here after at most two seconds.
    """
    work: Future[T] = OneThread().submit(ask)
    try:
        return work.result()
    except (KeyboardInterrupt, SystemExit):
        for _ in range(_TIMES):
            if work.done():
                break
            cancel()
            wait([work], _AGAIN)
        raise
