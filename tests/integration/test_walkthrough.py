"""docs/walkthrough.md, played on PostgreSQL and the sandbox: every line that it shows is a line of the program."""

import re
from pathlib import Path

import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support.planted_secrets import API_KEY
from tests.support.postgres import connected
from tests.support.program import Desk, Ended
from tests.support.runner import Place

PAGE = Path(__file__).parents[2] / "docs" / "walkthrough.md"
EXAMPLE = "20261126T041500Z-a1b2c3"


def blocks(language: str) -> list[str]:
    """The page's blocks in a language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


TABLES = blocks("sql")[0].split(";\n")
MAPPING, BROKEN = blocks("yaml")
BAD = MAPPING.replace("  query: select id, company, country from accounts\n", BROKEN)
STEPS = [block.splitlines() for block in blocks("console")]


@pytest.fixture
def walk(database, tmp_path):
    """The warehouse, the mapping and the program of the page."""
    with connected(database) as connection:
        for statement in filter(str.strip, TABLES):
            connection.execute(statement.encode())
    with RunningSandbox(Sandbox(key=API_KEY)) as sandbox:
        desk = Desk(Place(tmp_path, sandbox, database))
        desk.mapping(MAPPING, "accounts")
        yield Walk(desk)


class Walk:
    """Takes the page's steps one after the other."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.steps = iter(STEPS)
        self.damage = ""

    def step(self) -> Ended:
        """Type the next command; what the page shows of it is what it prints."""
        command, *lines = next(self.steps)
        words = command.removeprefix("$ chartmogul-sync ").replace(EXAMPLE, self.damage).split()
        ended = self.desk(*words)
        printed = " ".join((ended.out + " " + ended.err).split())
        for line in lines:
            wanted = " ".join(line.replace(EXAMPLE, self.damage).split())
            assert wanted in printed, (command, line, printed)
        return ended

    def note_damage(self) -> None:
        """The newest run is the one that is to be undone."""
        self.damage = (self.desk.place.folder / "reports" / "latest").resolve().name

    def countries(self) -> set[str | None]:
        """The countries that ChartMogul shows."""
        return {one["country"] or None for one in self.desk.place.customers().values()}


def test_the_page(walk):
    """The rail stops it, overridden it does damage, audit shows it, undo mends it, then audit is clean."""
    desk = walk.desk
    assert walk.step().code == 0
    desk.mapping(BAD, "accounts")
    desk.place.forget()
    assert walk.step().code == 4
    assert desk.place.writes() == []
    assert walk.step().code == 0
    walk.note_damage()
    assert walk.countries() == {None}
    desk.mapping(MAPPING, "accounts")
    assert walk.step().code == 1
    desk.place.forget()
    assert walk.step().code == 0
    assert desk.place.writes() == []
    assert walk.step().code == 0
    assert walk.countries() == {"DE"}
    desk.place.forget()
    assert walk.step().code == 0
    assert walk.step().code == 0
    assert desk.place.writes() == []


def test_the_query_cannot_be_mended(walk):
    """Undone rows stay undone over three runs, until their rows change."""
    desk = walk.desk
    desk("run")
    desk.mapping(BAD, "accounts")
    assert desk("run", "--override", "max_updates").code == 0
    walk.note_damage()
    assert desk("undo", walk.damage).code == 0
    assert walk.countries() == {"DE"}
    desk.place.forget()
    for _ in range(3):
        walk.steps = iter(STEPS[-1:])
        assert walk.step().code == 0
    assert desk.place.writes() == []
    with connected(desk.place.warehouse) as connection:
        connection.execute(b"update accounts set company = 'Other' where id = 'acc_3'")
    assert desk("run", "--json").rows == {"read": 30, "updated": 1, "skipped": 29}
    assert desk.place.customers()["acc_3"]["company"] == "Other"
    assert desk("run", "--json").json["mappings"][0]["undone"] == 14
