"""What a server is told beside the query that runs on a connection: nobody waits until it has answered."""

import threading
from collections import abc
from contextlib import suppress
from typing import Any
from weakref import WeakSet

_UNDER_WAY: "WeakSet[Any]" = WeakSet()


def send(driver: Any, errand: abc.Callable[[], object]) -> None:
    """Do this in a thread of its own, unless the last one of this connection is still under way.

    What it raises is of no interest; a server that does not answer holds up nobody.
    """
    if driver not in _UNDER_WAY:
        _UNDER_WAY.add(driver)
        threading.Thread(target=_go, args=(driver, errand), name="errand", daemon=True).start()


def _go(driver: Any, errand: abc.Callable[[], object]) -> None:
    try:
        with suppress(Exception):
            errand()
    finally:
        _UNDER_WAY.discard(driver)
