"""A sandbox without limits, its clock, and a caller with its key."""

import pytest

from sync.sandbox.sandbox import KEY, Sandbox
from tests.sandbox.caller import Caller, Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sandbox(clock):
    return Sandbox(rate=None, clock=clock)


@pytest.fixture
def call(sandbox):
    return Caller(sandbox, KEY)
