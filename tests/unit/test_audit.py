"""The audit in CI fails on what is known to be vulnerable, and on nothing else."""

import json
import runpy
from pathlib import Path

import pytest

judge = runpy.run_path(str(Path(__file__).parents[2] / ".ci" / "audit"))["judge"]
SOUND = {"name": "anyio", "version": "4.0", "vulns": []}
BAD = {"name": "old", "version": "0.1", "vulns": [{"id": "PYSEC-1"}]}
SKIPPED = {"name": "ours", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([SOUND, SKIPPED], 0, "1 packages without known vulnerabilities, 1 not known there"),
        ([SOUND, BAD], 1, "old 0.1: PYSEC-1"),
        ([SKIPPED], 0, "nothing was audited"),
        (None, 0, "nothing was audited"),
    ],
)
def test_judge(packages, code, said):
    """A vulnerability fails; data that cannot be reached is said in one line."""
    answer = "" if packages is None else json.dumps({"dependencies": packages, "fixes": []})
    found, text = judge(answer)
    assert found == code
    assert text.endswith(said)
