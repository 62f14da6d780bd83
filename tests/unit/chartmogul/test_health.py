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


def test_nothing_but_requests_to_wait_is_an_outage_after_a_longer_while():
    """Ten times as long: the account's allowance is used up by others."""
    clock = Clock()
    health = Health(clock, 60)
    with health.asking():
        health.told_to_wait()
        clock.now += 599
        health.told_to_wait()
        clock.now += 1
        with pytest.raises(Outage) as caught:
            health.told_to_wait()

    assert caught.value.message == (
        "ChartMogul had no answer but 429, too many requests, for 600 seconds"
    )
    assert "what else uses this account's API" in caught.value.hint


def test_one_answer_between_requests_to_wait_starts_the_count_anew():
    """Others leave something over."""
    clock = Clock()
    health = Health(clock, 60)
    with health.asking():
        for _ in range(4):
            health.told_to_wait()
            clock.now += 500
            health.answered()


def test_a_failure_between_requests_to_wait_is_no_answer():
    """502 and 429 in turn: nobody has an answer of use."""
    clock = Clock()
    health = Health(clock, 60)
    with health.asking():
        for _ in range(20):
            health.told_to_wait()
            clock.now += 30
            health.failed("lost")
        with pytest.raises(Outage, match="no answer but 429"):
            health.told_to_wait()


def test_requests_to_wait_from_before_a_silence_do_not_count():
    """An hour ago others used the allowance, and do again: that was no hour of nothing else."""
    clock = Clock()
    health = Health(clock, 60)
    for _ in range(2):
        with health.asking():
            health.told_to_wait()
        clock.now += 3600
