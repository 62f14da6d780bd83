"""Completion for shells, as the README tells how to get it."""

import subprocess
import sys
from os import environ
from pathlib import Path

import pytest

CODE = "from sync.cli.main import main; main()"


def ask(**variables):
    told = {**environ, "PYTHONPATH": str(Path(__file__).parents[2]), **variables}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=told, capture_output=True, text=True, check=False
    )
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script(shell):
    """Each shell gets one that completes the program by its name."""
    script = ask(_CHARTMOGUL_SYNC_COMPLETE=f"{shell}_source")
    assert "chartmogul-sync" in script
    assert f"_CHARTMOGUL_SYNC_COMPLETE={shell}_complete" in script


def test_what_is_completed():
    """Commands and options."""
    words = {"COMP_WORDS": "chartmogul-sync schedu", "COMP_CWORD": "1"}
    assert ask(_CHARTMOGUL_SYNC_COMPLETE="bash_complete", **words).splitlines() == [
        "plain,schedule"
    ]
    words = {"COMP_WORDS": "chartmogul-sync run --ex", "COMP_CWORD": "2"}
    assert "plain,--exclude" in ask(_CHARTMOGUL_SYNC_COMPLETE="bash_complete", **words)
