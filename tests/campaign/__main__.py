"""`python -m tests.campaign --kills 200 --cuts 200 --pauses 12 --seed 1`: exit 1 where a promise was broken."""

import sys
import tempfile
from pathlib import Path

import click

from tests.campaign.campaign import Plan, conduct
from tests.campaign.table import render


@click.command()
@click.option("--kills", default=200, show_default=True, help="SIGKILLs at least.")
@click.option("--cuts", default=200, show_default=True, help="Answers taken away at least.")
@click.option("--seed", default=1, show_default=True, help="What chance begins with.")
@click.option("--places", default=3, show_default=True, help="Places at a time.")
@click.option("--pauses", default=12, show_default=True, help="Runs stopped past their lease.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where files go, to be kept.")
def main(kills: int, cuts: int, seed: int, places: int, pauses: int, folder: Path | None) -> None:
    """Kill and cut off the real program until nobody doubts it."""
    plan = Plan(kills, cuts, seed, places, pauses)
    with tempfile.TemporaryDirectory() as temporary:
        if folder is not None:
            folder.mkdir(parents=True)
        result = conduct(plan, folder or Path(temporary), lambda line: click.echo(line, err=True))
    click.echo(render(plan, result))
    sys.exit(bool(result.wrong))


if __name__ == "__main__":
    main()
