"""`init` as a person calls it: what it prints, writes and refuses."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.support import shop

MANIFEST = {
    "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
    "nodes": {
        "model.shop.dim_accounts": {
            "resource_type": "model",
            "name": "dim_accounts",
            "alias": "partners",
            "schema": "main",
            "relation_name": '"main"."partners"',
            "config": {},
            "columns": {},
        },
        "model.shop.helper": {"resource_type": "model", "name": "helper", "relation_name": None},
        "test.shop.unique": {
            "resource_type": "test",
            "test_metadata": {"name": "unique", "kwargs": {"column_name": "double_seats"}},
            "attached_node": "model.shop.dim_accounts",
            "depends_on": {"nodes": ["model.shop.dim_accounts"]},
        },
    },
}


@pytest.fixture
def folder(desk):
    """The desk's folder, with the shop in its warehouse."""
    with closing(sqlite3.connect(desk.place.folder / "warehouse.db")) as connection, connection:
        connection.execute("drop table if exists accounts")
        for statement in shop.statements():
            connection.execute(statement)
    return desk.place.folder


def test_several_tables_go_into_a_folder(desk, folder):
    """One file each, and `.env` and `.gitignore` get the lines that they lack; each is said."""
    (folder / ".env").write_text("CHARTMOGUL_API_KEY=key")
    (folder / ".gitignore").write_text("/reports\n")
    ended = desk("init", "accounts", "partners", "--output", "first")
    assert ended.code == 0
    assert sorted(path.name for path in (folder / "first").iterdir()) == [
        "accounts.yml",
        "partners.yml",
    ]
    assert (folder / ".env").read_text().splitlines() == [
        "CHARTMOGUL_API_KEY=key",
        "# WAREHOUSE_URL=postgresql://reader:password@host/database",
        "# CHARTMOGUL_DATA_SOURCE=ds_",
    ]
    assert (folder / ".gitignore").read_text().splitlines() == ["/reports", ".env", ".sync/"]
    assert ended.out.splitlines() == [
        "first/accounts.yml is written",
        "first/partners.yml is written",
        "mapping.schema.json is written",
        ".env now has the line # WAREHOUSE_URL=postgresql://reader:password@host/database",
        ".env now has the line # CHARTMOGUL_DATA_SOURCE=ds_",
        ".gitignore now has the line .env",
        ".gitignore now has the line .sync/",
        "next: chartmogul-sync preview first/accounts.yml",
    ]
    assert desk("validate", "first").code == 0
    assert desk("init", "users", "--output", "second").out.splitlines() == [
        "second/users.yml is written",
        "next: chartmogul-sync preview second/users.yml",
    ]


def test_it_says_what_the_next_step_lacks(desk, folder):
    """Key and data source, where neither is there yet; the schema that editors need is written once."""
    (folder / "mapping.schema.json").write_text("mine")
    lacking = dict.fromkeys(("CHARTMOGUL_API_KEY", "CHARTMOGUL_DATA_SOURCE"))
    assert desk("init", "users", "--output", "new", **lacking).out.splitlines()[-1] == (
        "next: CHARTMOGUL_API_KEY and CHARTMOGUL_DATA_SOURCE into .env, from ChartMogul or from"
        " `chartmogul-sync sandbox`, then chartmogul-sync preview new/users.yml"
    )
    assert (folder / "mapping.schema.json").read_text() == "mine"


def test_nothing_is_overwritten(desk, folder):
    """Not even one file of several; without --output nothing is written at all."""
    (folder / "first").mkdir()
    (folder / "first" / "partners.yml").write_text("mine")
    before = sorted(folder.rglob("*"))
    ended = desk("init", "accounts", "partners", "--output", "first")
    assert (ended.code, ended.err.splitlines()[0]) == (
        2,
        "first/partners.yml is there already, and is not overwritten",
    )
    assert desk("init", "accounts", "partners").code == 0
    assert sorted(folder.rglob("*")) == before
    assert (folder / "first" / "partners.yml").read_text() == "mine"


def test_from_dbt(desk, folder):
    """A model is found by its name in dbt, its table by what dbt says; a tested column is the key."""
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    assert "dim_accounts  main.partners" in desk("init", "--from-dbt", "manifest.json").out
    printed = desk("init", "dim_accounts", "--from-dbt", "manifest.json").out.splitlines()
    assert printed[0] == "# mappings/dim_accounts.yml"
    assert "  table: partners" in printed
    assert "  external_id: double_seats" in printed
    assert "  # dbt_model: dim_accounts" in printed
    assert '  # dbt_manifest: "../manifest.json"' in printed


def test_a_draft_of_a_model_reads_it_by_its_name_once_the_comments_are_lines(desk, folder):
    """Then `exposures` lists it."""
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    file = folder / "new" / "partners.yml"
    desk("init", "dim_accounts", "--from-dbt", "manifest.json", "--output", "new/partners.yml")
    text = file.read_text().replace("  table: partners\n", "").replace("  # dbt_", "  dbt_")
    file.write_text(text)
    assert desk("validate", "new").code == 0
    assert "ref('dim_accounts')" in desk("exposures", "new").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["acounts"], "the warehouse has no table or view 'acounts'"),
        (["partners", "--object", "contact"], "partners has no column that names the customer"),
        (["accounts", "users", "--output", "one.yml"], "--output one.yml is one file"),
        (["accounts", "accounts", "--output", "a"], "two of these tables would have one file"),
        (["--output", "one.yml"], "--output goes with a TABLE"),
        (["--from-dbt", "none.json"], "none.json cannot be read: No such file"),
        (["--from-dbt", "warehouse.db"], "warehouse.db is no manifest of dbt"),
        (["accounts", "--output", "warehouse.db/x"], "cannot be written: Not a directory"),
        (["accounts", "--object", "invoice"], "invoice"),
    ],
)
def test_bad_input(desk, folder, arguments, said):
    """Exit 2 and a sentence."""
    ended = desk("init", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_options_for_the_driver(desk, folder):
    """They go to the driver and into the mapping, a variable as it is written, which `.env` then has a line for."""
    options = ("--option", "timeout=5.5", "--option", "isolation_level=${LEVEL}")
    assert "partners" in desk("init", *options, LEVEL="IMMEDIATE").out
    written = desk("init", "users", "--output", "new", *options, LEVEL="IMMEDIATE")
    assert ".env now has the line # LEVEL=" in written.out
    lines = (folder / "new" / "users.yml").read_text().splitlines()
    at = lines.index("  options:")
    assert lines[at + 1 : at + 3] == ["    timeout: 5.5", "    isolation_level: ${LEVEL}"]
    assert desk("preview", "new", LEVEL="IMMEDIATE").code == 0
    assert desk("preview", "new").err.splitlines()[-1].strip().startswith("hint: set it")


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        (["timeout"], "an --option is no NAME=VALUE", "write it as NAME=VALUE"),
        (["=5"], "an --option is no NAME=VALUE", "write it as NAME=VALUE"),
        (["timeout="], "--option timeout has no value", "write it as NAME=VALUE"),
        (["timeout=5", "timeout=6"], "--option names timeout twice", "take one out"),
        (["session={a"], "--option session is no YAML", "write text as it is"),
        (["level=${LEVEL}"], "--option level: LEVEL is not set", "set it in the environment"),
        (["level=${"], "--option level: '${' begins no reference", ""),
        (["level=${CHARTMOGUL_API_KEY}"], "CHARTMOGUL_API_KEY is a secret", "only source.url"),
        (
            ["password=swordfish"],
            "the option 'password' must come from the environment, without a default",
            "write --option 'password=${NAME}', in single quotes",
        ),
    ],
)
def test_bad_options(desk, folder, options, said, hint):
    """Each is a sentence, and what may be a secret is not repeated; nothing is written."""
    told = [word for one in options for word in ("--option", one)]
    ended = desk("init", "users", "--output", "new", *told, LEVEL=None)
    assert (ended.code, ended.out, (folder / "new").exists()) == (2, "", False)
    assert said in ended.err
    assert hint in ended.err
    assert "swordfish" not in ended.err


def test_an_option_that_the_driver_does_not_know(desk, folder):
    """The driver's words, as of a mapping that has it."""
    ended = desk("init", "--option", "nothing_such=1")
    assert (ended.code, ended.out) == (3, "")
    assert "nothing_such" in ended.err


def test_without_a_warehouse(desk):
    """Exit 2 without its URL, 3 where it cannot be opened."""
    assert desk("init", WAREHOUSE_URL=None).err.splitlines()[0] == "WAREHOUSE_URL is not set"
    ended = desk("init", WAREHOUSE_URL="sqlite:///nowhere.db")
    assert ended.code == 3
    assert "the warehouse does not tell its tables" in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"metadata": {"dbt_schema_version": "x/manifest/v3.json"}}', "hint: dbt 1.0 and later"),
        ('{"metadata": {"dbt_schema_version": "x/manifest/v99.json"}}', "hint: this dbt is newer"),
        ('{"metadata": {"dbt_schema_version": "x/run-results/v6.json"}}', "hint: dbt writes it"),
        ("[" * 100_000, "manifest.json is no manifest of dbt"),
        ('{"metadata":', "manifest.json is no manifest of dbt"),
    ],
)
def test_a_manifest_of_another_version_or_none(desk, folder, text, said):
    """What to do depends on which it is."""
    (folder / "manifest.json").write_text(text)
    ended = desk("init", "dim_accounts", "--from-dbt", "manifest.json", "--output", "new.yml")
    assert (ended.code, ended.out, (folder / "new.yml").exists()) == (2, "", False)
    assert said in ended.err
