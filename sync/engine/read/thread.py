"""The thread in which a warehouse is read: nobody has to wait for it, for drivers may listen to a server for ever."""

import threading
from collections import abc
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class OneThread(Executor):
    """Runs each call in a daemon's thread of its own, by this name; the process ends without it."""

    def __init__(self, name: str = "warehouse") -> None:
        self._name = name

    def submit(self, function: abc.Callable[P, T], /, *args: P.args, **more: P.kwargs) -> Future[T]:
        """Begin at once."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                _settle(future.set_result, function(*args, **more))
            except BaseException as error:
                _settle(future.set_exception, error)

        future.set_running_or_notify_cancel()
        threading.Thread(target=work, name=self._name, daemon=True).start()
        return future


def _settle(tell: abc.Callable[[Any], None], outcome: object) -> None:
    """Who asked may have left, and the event loop with it."""
    with suppress(RuntimeError):
        tell(outcome)
