"""Fixtures that all tests share."""

from collections import abc
from pathlib import Path

import pytest
from hypothesis import settings

from sync.sandbox.running import RunningSandbox
from tests.command import Desk
from tests.postgres import database, postgres_url
from tests.whole import Place

__all__ = ["database", "desk", "postgres_url"]

#: A busy machine is no finding; tests/fuzz/ has a deadline of its own.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def desk(tmp_path: Path) -> abc.Iterator[Desk]:
    """The program, one good account, one mapping, and the sandbox."""
    with RunningSandbox() as sandbox:
        desk = Desk(Place(tmp_path, sandbox, f"sqlite:///{tmp_path / 'warehouse.db'}"))
        desk.rows({})
        desk.mapping()
        yield desk
