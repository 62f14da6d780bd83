"""An error that nobody has foreseen: no traceback, and no code that means rejected rows."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

#: The program with one more command, which has a fault.
BROKEN = """
from sync.cli import main
from sync.domain.codec import load

@main.app.command()
def broken():
    load('{"password": hunter2}')

main.main()
"""
WORDS = "chartmogul-sync-"


def run(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """What the broken command says."""
    return subprocess.run(
        [sys.executable, "-c", BROKEN, "broken"],
        cwd=folder,
        env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[2]), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_sentence(tmp_path: Path):
    """Kind and place; the words of the error, which may hold a secret, are in a private file, and 3 is the code."""
    done = run(tmp_path, SYNC_TMP=str(tmp_path), SYNC_LOG="text")

    (file,) = tmp_path.glob(f"{WORDS}*.txt")
    assert (done.returncode, done.stdout) == (3, "")
    assert "itself: JSONDecodeError in sync/domain/codec.py:" in done.stderr
    assert str(file) in done.stderr.replace("\n", "")
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "JSONDecodeError" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("log", ["text", "json"])
def test_no_file_can_be_made(tmp_path: Path, log: str):
    """Then the way that it took is said: our own lines."""
    done = run(tmp_path, SYNC_TMP=str(tmp_path / "none"), SYNC_LOG=log)

    assert done.returncode == 3
    assert "please report this fault with this way: sync/" in done.stderr
    if log == "json":
        assert json.loads(done.stderr)["exit_code"] == 3
