"""A sandbox without limits, in memory and behind HTTP, and clients of both."""

import httpx
import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import KEY, Sandbox
from tests.unit.sandbox.caller import Caller, Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sandbox(clock):
    return Sandbox(rate=None, clock=clock)


@pytest.fixture
def call(sandbox):
    return Caller(sandbox, KEY)


@pytest.fixture
def running():
    with RunningSandbox(Sandbox(rate=None)) as running:
        yield running


@pytest.fixture
def client(running):
    with httpx.Client(base_url=running.url, auth=(running.key, ""), timeout=10) as client:
        yield client


@pytest.fixture
def control(running):
    with httpx.Client(base_url=f"{running.root}/sandbox", timeout=10) as control:
        yield control
