"""The book as a file: on a clock of its own, by several who use it at once, and where it cannot be."""

import fcntl
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from sync.allowance.file import FileBook
from sync.domain.allowance import LASTS, Visit
from tests.support.clocks import Hurry

BUSY = Visit("one", "acc", wants=10, needs=20)
OTHER = Visit("two", "acc", wants=10, needs=20)


@pytest.fixture
def hurry() -> Hurry:
    """A clock that only its user moves."""
    return Hurry()


def test_two_see_each_other(tmp_path: Path, hurry: Hurry):
    """What one has rented the other does not get."""
    one, two = (FileBook(tmp_path / "book", hurry.clock, "boot") for _ in range(2))
    first = one.visit(BUSY)
    second = two.visit(OTHER)

    assert first.connections == 20
    assert (second.connections, second.permits) == (0, ())
    hurry.at += LASTS
    assert two.visit(OTHER).permits[0].at >= first.permits[-1].at


def test_only_its_owner_reads_it(tmp_path: Path):
    """As it is with the state."""
    FileBook(tmp_path / "book").visit(BUSY)

    assert stat.S_IMODE((tmp_path / "book").stat().st_mode) == 0o600


def test_after_a_reboot(tmp_path: Path, hurry: Hurry):
    """What an earlier boot, or another machine, wrote counts for nothing: its clock was another one."""
    hurry.at = 5000.0
    FileBook(tmp_path / "book", hurry.clock, "earlier").visit(BUSY)
    hurry.at = 10.0

    assert FileBook(tmp_path / "book", hurry.clock, "later").visit(OTHER).permits[0].at == 10.0


@pytest.mark.parametrize(
    "content", [b"\0\0", b"{", b"[1, 2]", b'["boot", "[1]"]', b'["boot", "{}"]}}']
)
def test_a_file_that_is_no_book(tmp_path: Path, hurry: Hurry, content: bytes):
    """Half written, or spoilt: nothing is rented for a second, since nobody knows what was."""
    (tmp_path / "book").write_bytes(content)
    book = FileBook(tmp_path / "book", hurry.clock, "boot")

    assert book.visit(BUSY).permits == ()
    hurry.at = 0.5
    assert book.visit(BUSY).permits[0].at >= 1.0


def test_a_first_dry_run_makes_no_folder(tmp_path: Path, hurry: Hurry):
    """Where the state's folder is not there nobody else can be; once it is, the file is used."""
    folder = tmp_path / "state"
    book = FileBook(folder / "book", hurry.clock, "boot")
    book.open()
    assert book.visit(BUSY).connections == 20
    assert not folder.exists()

    folder.mkdir()
    assert FileBook(folder / "book", hurry.clock, "boot").visit(OTHER).connections == 20
    assert book.visit(BUSY).connections == 0


def test_many_at_once(tmp_path: Path):
    """Eight threads with a file of their own each, a hundred visits each: no start is rented twice."""
    names: list[float] = []

    def work(number: int) -> None:
        book = FileBook(tmp_path / "book")
        for _ in range(100):
            visit = Visit(f"p{number}", "acc", wants=10, needs=2)
            names.extend(permit.name for permit in book.visit(visit).permits)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(names) == len(set(names)) > 8


def test_a_process_that_is_stopped_with_the_lock(tmp_path: Path, hurry: Hurry):
    """After a second the others go on with a new book, in which nothing is rented for a second."""
    book = FileBook(tmp_path / "book", hurry.clock, "boot")
    book.visit(BUSY)
    stuck = os.open(tmp_path / "book", os.O_RDWR)
    fcntl.flock(stuck, fcntl.LOCK_EX)
    try:
        assert book.visit(OTHER).permits == ()
    finally:
        os.close(stuck)
    hurry.at = 0.5
    assert book.visit(OTHER).permits[0].at >= 1.0
    assert [file.name for file in tmp_path.iterdir()] == ["book"]


def test_a_file_that_is_replaced_meanwhile(tmp_path: Path, hurry: Hurry):
    """Who waited for the lock of a file that is no longer there takes the one that is."""
    path = tmp_path / "book"
    book = FileBook(path, hurry.clock, "boot")
    book.visit(BUSY)
    stuck = os.open(path, os.O_RDWR)
    fcntl.flock(stuck, fcntl.LOCK_EX)
    waiting = threading.Thread(target=lambda: book.visit(OTHER))
    waiting.start()
    path.rename(tmp_path / "old")
    waiting.join(10)
    os.close(stuck)

    assert not waiting.is_alive()
    assert path.exists()


def test_a_book_that_cannot_be_written(tmp_path: Path):
    """It is told when it is opened."""
    (tmp_path / "book").mkdir()
    book = FileBook(tmp_path / "book")

    with pytest.raises(IsADirectoryError):
        book.open()
    with suppress(OSError):
        book.close()
