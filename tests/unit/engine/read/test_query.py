"""The query of a mapping: what does something else than read is not sent, and its place in the file is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from sync.engine.read.query import MappingQuery
from sync.errors import ConfigError
from sync.mapping.loader import load
from sync.warehouse.dialects.general import General
from sync.warehouse.warehouse import Warehouse

REST = "destination: {object: customer, data_source: ds_1}\nfields: {external_id: id}\n"


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Opens the query of a mapping with this source, on an SQLite file that must not appear."""
    monkeypatch.chdir(tmp_path)

    def open_(source, url="sqlite:///none.db"):
        Path("a.yml").write_text(f"version: 1\nsource:\n  url: {url}\n{source}\n{REST}")
        (loaded,) = load([Path("a.yml")], {}, frozenset())
        return MappingQuery.open(loaded)

    return open_


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        (
            "  query: |\n    select id\n      from a;\n    delete from a",
            ("a.yml", 7, 5),
            "a second statement begins here",
        ),
        (
            "  query: with gone as (delete from a returning id) select id from gone",
            ("a.yml", 4, 24),
            "DELETE does more than read",
        ),
        (
            "  query: >\n    select 1;\n    drop table a",
            ("a.yml", 6, 5),
            "a second statement begins here",
        ),
        ("  query: 'attach \"b\" as b'", ("a.yml", 4, 11), "ATTACH is no query"),
        ('  query: "select 1; vacuum"', ("a.yml", 4, 21), "a second statement begins here"),
        ("  query: pragma user_version = 5", ("a.yml", 4, 10), "PRAGMA is no query"),
        (
            "  query: select edit('x') as id",
            ("a.yml", 4, 17),
            "the function edit does more than read",
        ),
    ],
)
def test_refused(opened, source, place, message):
    """With the place in the file, as a mistake of the mapping: nothing is connected."""
    with pytest.raises(ConfigError) as caught, opened(source).execute():
        pass
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == place
    assert problem.message == f"{message}: a source query is one statement that reads"
    assert not Path("none.db").exists()


def test_in_a_file_of_its_own(opened):
    """The place is in that file."""
    Path("q.sql").write_text("-- all\nselect id from a\n;\nvacuum\n")
    with pytest.raises(ConfigError) as caught, opened("  query_file: q.sql").execute():
        pass
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column) == ("q.sql", 4, 1)


def test_unguarded(opened):
    """Where no parser and no server can tell, it is said that nobody does; a query that begins as none is refused."""
    odd = opened("  query: select 1 frm t frm u")
    assert odd.unguarded is False
    assert general(odd).unguarded is True
    assert general(opened("  query: select 1 as id")).unguarded is False
    with pytest.raises(ConfigError, match="this begins as no query does"):
        general(opened("  query: kill ((( 5")).doubtful()


def general(query):
    """The same on a database of which nothing is known."""
    return replace(query, warehouse=Warehouse(query.warehouse.engine, General()))


def test_tables_are_ours(opened):
    """A table's name is no statement of the user's."""
    assert opened("  table: delete\nextra_columns: ignore").doubtful() is False


def test_options_and_timeout(opened, monkeypatch):
    """They arrive at the driver as they are; what came from the environment shows nowhere."""
    monkeypatch.setenv("LONG", "planted-7Qx")
    Path("a.yml").write_text(
        "version: 1\nsource:\n  url: sqlite:///none.db\n  query: select 1 as id\n  timeout: 2m\n"
        "  options: {timeout: 1.5, detect_types: 0, nested: {list: ['${LONG}', 'b']}}\n" + REST
    )
    (loaded,) = load([Path("a.yml")], {"LONG": "planted-7Qx"}, frozenset())
    query = MappingQuery.open(loaded)
    assert query.warehouse.timeout == 120
    assert query.warehouse.secrets == ("planted-7Qx",)
    assert "planted-7Qx" not in repr(loaded) + repr(query)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "options: {password: geheim}",
            "the option 'password' must come from the environment, without a default",
        ),
        (
            "options: {token: '${T:-geheim}'}",
            "the option 'token' must come from the environment, without a default",
        ),
        ("options: [a]", "a list is not a map of options; write it as {name: value}"),
        ("options: {a: null}", "an option has no value; give one, or take it out"),
        ("options: {a: '${NONE}'}", "NONE is not set"),
        ("timeout: 10", "10 is not a time; write it as 90s, 10m or 2h"),
        ("timeout: 0s", "'0s' is not a time; write it as 90s, 10m or 2h"),
    ],
)
def test_options_refused(tmp_path, line, message):
    """A secret that is spelled out, and what is no map or no time."""
    file = tmp_path / "a.yml"
    file.write_text(f"version: 1\nsource:\n  query: select 1 as id\n  {line}\n{REST}")
    with pytest.raises(ConfigError) as caught:
        load([file], {}, frozenset())
    assert "geheim" not in str(caught.value)
    assert [problem.message for problem in caught.value.problems] == [message]


def test_a_secret_option_stays_there(tmp_path):
    """What an option names, nothing else may name but the URL."""
    file = tmp_path / "a.yml"
    file.write_text(
        "version: 1\nsource:\n  url: postgresql://u:${P}@h/d\n  query: select '${P}' as id\n"
        "  options: {password: '${P}'}\n" + REST
    )
    with pytest.raises(ConfigError, match="P is a secret") as caught:
        load([file], {"P": "x"}, frozenset())
    assert len(caught.value.problems) == 1
