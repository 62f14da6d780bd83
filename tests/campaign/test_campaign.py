"""The short form of a campaign; `make campaign` is the long one."""

from pathlib import Path

from tests.campaign.campaign import Plan, conduct
from tests.campaign.table import render


def test_a_short_campaign(tmp_path: Path):
    """After ten kills and ten cuts nothing is lost, and nothing is there twice."""
    plan = Plan(kills=10, cuts=10, seed=7, places=2, each=5, new=20)
    told: list[str] = []
    result = conduct(plan, tmp_path, told.append)
    assert result.wrong == (), render(plan, result)
    assert result.kills >= plan.kills
    assert result.cuts >= plan.cuts
    assert (result.duplicates, result.lost) == (0, 0)
    assert len(told) >= plan.places
