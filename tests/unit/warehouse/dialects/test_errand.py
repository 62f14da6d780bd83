"""What a server is told beside a query: nobody waits, and one thing at a time."""

import threading

from sync.warehouse.dialects import errand


class Driver:
    """A connection of a driver."""


def test_nobody_waits():
    """The caller goes on while the server is silent, another errand of the same connection is not added to it."""
    driver, silent, done = Driver(), threading.Event(), threading.Event()
    asked: list[str] = []

    def first() -> None:
        asked.append("first")
        silent.wait(10)
        done.set()

    errand.send(driver, first)
    errand.send(driver, lambda: asked.append("second"))
    other = threading.Event()
    errand.send(Driver(), other.set)
    assert other.wait(10)
    assert not done.is_set()
    silent.set()
    assert done.wait(10)
    assert asked == ["first"]


def test_again():
    """After one that failed there can be another."""
    driver, again = Driver(), threading.Event()

    def fail() -> None:
        raise OSError("gone")

    errand.send(driver, fail)
    assert any(_sent(driver, again) for _ in range(1000))


def _sent(driver: Driver, again: threading.Event) -> bool:
    errand.send(driver, again.set)
    return again.wait(0.01)
