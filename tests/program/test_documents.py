"""What the documents tell a newcomer to type, typed: the README's first mapping, and recipes that need no server."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import shell
from tests.support.program import Desk

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
RECIPE = (ROOT / "docs" / "recipes" / "csv.md").read_text(encoding="utf-8")
#: What a fresh machine does first; here it is there already.
BEFORE = {"pip", "python3", ".", "mkdir", "cd"}
(ACCOUNTS,) = re.findall(r"```csv\n(.*?)```", RECIPE, re.S)


def first_mapping(title: str) -> list[list[str]]:
    """The commands of the README from this line on to the next block of the same kind."""
    block = README.partition(title)[2].partition("```\n")[0]
    return [words for words in shell.commands(f"{block}```\n") if words[0] not in BEFORE]


def type_in(desk: Desk, words: list[str], url: str) -> str:
    """Carry a command out as a user would, on this warehouse; what it printed."""
    if words[0] == "chartmogul-sync":
        ended = desk(*words[1:], WAREHOUSE_URL=url)
        assert ended.code in (0, 1), ended.err
        return ended.out
    assert words[0] == "python", words
    folder = desk.place.folder
    done = subprocess.run([sys.executable, *words[1:]], cwd=folder, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def fresh(desk):
    """A folder with nothing but a CSV file in it."""
    (desk.place.folder / "mappings" / "customers.yml").unlink()
    (desk.place.folder / "accounts.csv").write_text(ACCOUNTS)
    return desk


def test_a_csv_file_by_the_readme_alone(fresh):
    """Its table is made, its mapping drafted, and the dry run lists its rows."""
    for words in first_mapping("With a CSV file"):
        type_in(fresh, words, "duckdb:///crm.duckdb")
    said = type_in(fresh, ["chartmogul-sync", "run", "--dry-run"], "duckdb:///crm.duckdb")
    assert "Acme GmbH" in said
    assert fresh.place.writes() == []


def test_postgresql_by_the_readme_alone(fresh, database):
    """The same with a table of PostgreSQL."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("create table accounts (id text primary key, company text)")
        connection.exec_driver_sql("insert into accounts values ('a1', 'Acme GmbH')")
    engine.dispose()
    url = database.replace("postgresql+psycopg:", "postgresql:")
    listed, *_ = (type_in(fresh, words, url) for words in first_mapping("with PostgreSQL"))
    assert "accounts" in listed
    for words in first_mapping("with PostgreSQL")[1:]:
        if words[1] == "init":
            (fresh.place.folder / "mappings" / "customers.yml").unlink(missing_ok=True)
        type_in(fresh, words, url)
    assert "Acme GmbH" in type_in(fresh, ["chartmogul-sync", "run", "--dry-run"], url)


def test_the_recipe_of_a_csv_file(fresh):
    """Its mapping and its commands, as they stand; then a run that brings all rows over."""
    (mapping,) = re.findall(r"```yaml\n(version: 1.*?)```", RECIPE, re.S)
    fresh.mapping(mapping)
    (url,) = re.findall(r"WAREHOUSE_URL=(\S+)", RECIPE)
    for words in shell.commands(RECIPE):
        if words[0] not in BEFORE:
            type_in(fresh, words, url)
    ended = fresh("run", "--json", WAREHOUSE_URL=url)
    assert ended.rows == {"read": 3, "created": 3}


def test_the_tests_of_a_mapping_as_the_page_on_commands_has_them(fresh):
    """They pass, with the first mapping of the page on the format."""
    (cases,) = re.findall(r"```yaml\n(- name: .*?)```", (DOCS / "commands.md").read_text(), re.S)
    mapping, *_ = re.findall(
        r"```yaml\n(version: 1.*?)```", (DOCS / "mapping.md").read_text(), re.S
    )
    (fresh.place.folder / "mappings" / "customers.tests.yml").write_text(cases)
    fresh.mapping(mapping)
    ended = fresh("test", "mappings/customers.yml")
    assert ended.code == 0, ended.out
