"""Outages: nothing but failures for too long."""

import pytest

from sync.chartmogul.health import Health
from sync.errors import Outage
from tests.unit.chartmogul.scene import Clock


def test_failures_for_too_long_are_an_outage():
    """The seconds count from the first failure, and the error names the last one."""
    clock = Clock()
    health = Health(clock, 60)
    with health.asking():
        health.failed("first")
        clock.now += 59
        health.failed("second")
        clock.now += 1
        with pytest.raises(Outage) as caught:
            health.failed("GET /customers was answered 502")

    assert caught.value.message == (
        "nothing but failures for 60 seconds; the last one: GET /customers was answered 502"
    )
    assert caught.value.exit_code == 3


def test_one_answer_is_life_for_all():
    """Any answer in between starts the count anew."""
    clock = Clock()
    health = Health(clock, 60)
    for _ in range(3):
        with health.asking():
            health.failed("lost")
            clock.now += 50
            health.answered()
            health.failed("lost")

    clock.now += 59
    health.failed("lost")


def test_failures_from_before_a_silence_do_not_count():
    """A failure an hour ago does not make an outage of the next one."""
    clock = Clock()
    health = Health(clock, 60)
    with health.asking():
        health.failed("lost")
    clock.now += 3600

    with health.asking():
        health.failed("lost again")


def test_a_long_wait_within_a_call_is_no_silence():
    """While somebody is between two attempts, the count goes on."""
    clock = Clock()
    health = Health(clock, 60)
    with health.asking():
        health.failed("lost")
        clock.now += 120
        with health.asking(), pytest.raises(Outage):
            health.failed("lost again")
