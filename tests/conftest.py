"""Fixtures that all tests share."""

from collections import abc
from pathlib import Path

import pytest
from hypothesis import settings

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support.planted_secrets import API_KEY, Watch
from tests.support.postgres import database, postgres_url
from tests.support.program import Desk
from tests.support.runner import Place

__all__ = ["database", "desk", "postgres_url"]

#: A busy machine is no finding; tests/fuzz/ has a deadline of its own.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """No test may show a planted secret."""
    config.pluginmanager.register(Watch(), "planted-secrets")


@pytest.fixture
def desk(tmp_path: Path) -> abc.Iterator[Desk]:
    """The program, one good account, one mapping, and the sandbox."""
    with RunningSandbox(Sandbox(key=API_KEY)) as sandbox:
        desk = Desk(Place(tmp_path, sandbox, f"sqlite:///{tmp_path / 'warehouse.db'}"))
        desk.rows({})
        desk.mapping()
        yield desk
