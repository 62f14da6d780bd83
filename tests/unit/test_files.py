"""New files and folders: for their owner, or for the folder's group where that may write."""

import os
import stat
from pathlib import Path

import pytest

from sync import files


@pytest.fixture(autouse=True)
def _umask():
    """What the process' umask takes away is given to the group all the same, and nobody else gets anything."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("above", "folder", "file"),
    [(0o700, 0o700, 0o600), (0o755, 0o700, 0o600), (0o770, 0o770, 0o660), (0o775, 0o770, 0o660)],
)
def test_the_folder_decides(tmp_path: Path, above: int, folder: int, file: int):
    """Where the group may write it may go on with what is made there; others never see it."""
    tmp_path.chmod(above)
    os.close(files.create(tmp_path / "made", os.O_WRONLY))
    os.close(files.open_or_create(tmp_path / "opened", os.O_RDWR))
    files.make_folder(tmp_path / "folder")
    assert (file, file, folder) == tuple(
        stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("made", "opened", "folder")
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_the_group_of_the_folder(tmp_path: Path):
    """What is made belongs to the group that may write in the folder, not to that of the process."""
    os.chown(tmp_path, -1, 12345)
    tmp_path.chmod(0o770)
    os.close(files.create(tmp_path / "made", os.O_WRONLY))
    assert (tmp_path / "made").stat().st_gid == 12345


def test_what_is_there_stays_as_it_is(tmp_path: Path):
    """A file that somebody has opened up, or closed, is not changed by opening it."""
    tmp_path.chmod(0o770)
    (tmp_path / "there").touch()
    (tmp_path / "there").chmod(0o640)
    os.close(files.open_or_create(tmp_path / "there", os.O_RDWR))
    assert stat.S_IMODE((tmp_path / "there").stat().st_mode) == 0o640
    with pytest.raises(FileExistsError):
        files.create(tmp_path / "there", os.O_WRONLY)


def test_a_file_is_replaced_in_one_step(tmp_path: Path):
    """It has the new text and the folder's privacy, and what a process that died left half-made is in nobody's way."""
    tmp_path.chmod(0o770)
    left = tmp_path / f".page.{os.getpid()}"
    left.touch()
    for text in ("one", "two"):
        files.replace(tmp_path / "page", text)
    assert ((tmp_path / "page").read_text(), left.exists()) == ("two", False)
    assert stat.S_IMODE((tmp_path / "page").stat().st_mode) == 0o660
