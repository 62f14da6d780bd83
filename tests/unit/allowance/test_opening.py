"""Which book goes with which state."""

import os
from pathlib import Path

import pytest

from sync.allowance.opening import SharedBook, Unshared, open_book
from sync.domain.allowance import Visit
from sync.errors import StateError

BUSY = Visit("one", "acc", wants=10, needs=20)


async def test_a_file_beside_the_state(tmp_path: Path):
    """It is no part of the state, and bears its name."""
    book = open_book(f"sqlite:///{tmp_path / 'state.db'}")
    assert isinstance(book, SharedBook)
    grant = await book.visit(BUSY)
    book.close()

    assert len(grant.permits) == 8
    assert os.listdir(tmp_path) == ["state.db-allowance"]


def test_a_state_in_memory():
    """Nobody else can use it, so there is nothing to say."""
    assert open_book("sqlite://") == Unshared("")


def test_a_book_that_cannot_be_written(tmp_path: Path):
    """The reason is the system's own, with the file's name."""
    file = tmp_path / "state.db-allowance"
    file.mkdir()

    assert open_book(f"sqlite:///{tmp_path / 'state.db'}") == Unshared(f"Is a directory: {file}")


async def test_a_book_that_is_lost(tmp_path: Path):
    """What happens to the file while a run lasts ends it with a sentence."""
    book = open_book(f"sqlite:///{tmp_path / 'state.db'}")
    assert isinstance(book, SharedBook)
    (tmp_path / "state.db-allowance").unlink()
    (tmp_path / "state.db-allowance").mkdir()

    with pytest.raises(StateError, match="the book of the account's allowance cannot be written"):
        await book.visit(BUSY)
    book.close()
