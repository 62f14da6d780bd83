"""Mappings that read a model of dbt: what a real dbt wrote, and the project built anew where there is one."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.support.needed import needed

PROJECT = Path(__file__).parent / "dbt"
MAPPING = """\
version: 1
source:
  dbt_model: dim_accounts
  dbt_manifest: ../dbt/target/manifest.json
{more}destination:
  object: customer
fields:
  external_id: id
  company: company
attributes:
  seats: {{column: seats, type: Integer}}
extra_columns: ignore
"""
ASKING = "  dbt_fresh_within: 6h\n  dbt_tests: passed\n"


def build(folder: Path, program: str) -> None:
    """Let dbt build the project there."""
    told = {**os.environ, "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    command = [program, "build", "--profiles-dir", "."]
    subprocess.run(command, cwd=folder, env=told, check=True, capture_output=True)


def replay(folder: Path) -> None:
    """What dbt wrote and built once, as if that were now."""
    shutil.copytree(folder / "recorded", folder / "target")
    engine = create_engine(f"duckdb:///{folder / 'shop.duckdb'}")
    with engine.begin() as connection:
        connection.execute(text("create schema analytics"))
        table = "create table analytics.dim_accounts as select * from read_csv('{}')"
        connection.execute(text(table.format(folder / "seeds" / "accounts.csv")))
    engine.dispose()
    change(folder, lambda results: aged(results, timedelta()))


def aged(results: dict[str, Any], age: timedelta) -> None:
    """As if dbt had run so long ago."""
    at = (datetime.now(UTC) - age).isoformat()
    for one in results["results"]:
        for step in one["timing"]:
            step["completed_at"] = at


def change(folder: Path, how) -> None:
    """Change what dbt says of its last call."""
    file = folder / "target" / "run_results.json"
    content = json.loads(file.read_text())
    how(content)
    file.write_text(json.dumps(content))


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The project as dbt has built it, once for all tests: a build takes longer than all that is tested with it."""
    program = os.environ.get("SYNC_TEST_DBT")
    if program is None:
        pytest.skip("SYNC_TEST_DBT names no dbt: see make dbt")
    folder: Path = tmp_path_factory.mktemp("built") / "dbt"
    shutil.copytree(PROJECT, folder)
    build(folder, program)
    return folder


@pytest.fixture(params=["recorded", "built"])
def dbt(desk, request) -> Path:
    """The project beside the mappings, built, and its warehouse."""
    needed("duckdb_engine")
    folder: Path = desk.place.folder / "dbt"
    if request.param == "recorded":
        shutil.copytree(PROJECT, folder)
        replay(folder)
    else:
        shutil.copytree(request.getfixturevalue("built"), folder)
    desk.place.warehouse = f"duckdb:///{folder / 'shop.duckdb'}"
    desk.mapping(MAPPING.format(more=ASKING))
    return folder


def test_a_model_is_read(desk, dbt):
    """Its relation is, whole; `preview` and `check` know it, too."""
    assert desk("run", "--json").rows == {"read": 2, "created": 2}
    assert desk("check").code == 0
    assert "Medlar" in desk("preview").out


def old(results):
    aged(results, timedelta(hours=7))


def failed(results):
    for one in results["results"]:
        if "unique" in one["unique_id"]:
            one["status"] = "fail"


def warned(results):
    for one in results["results"]:
        if "accepted" in one["unique_id"]:
            one["status"] = "warn"


def broken(results):
    for one in results["results"]:
        if one["unique_id"].startswith("model"):
            one["status"] = "error"


def only_tests(results):
    results["results"] = [one for one in results["results"] if "test." in one["unique_id"]]


def only_models(results):
    results["results"] = [one for one in results["results"] if "test." not in one["unique_id"]]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (old, "dbt built dim_accounts 7.0 hours ago, and dbt_fresh_within allows 6h"),
        (failed, "of the tests of dim_accounts unique_dim_accounts_id is 'fail' in dbt"),
        (broken, "dbt ended dim_accounts with 'error'"),
        (only_tests, "the last call of dbt did not build dim_accounts"),
        (only_models, "is 'not run' in dbt, and 2 others"),
    ],
)
def test_the_rail(desk, dbt, how, told):
    """What dbt says otherwise, or does not say, stops the mapping before its query; --override lifts it."""
    change(dbt, how)
    for arguments in ((), ("--dry-run",)):
        ended = desk("run", "--json", *arguments)
        (part,) = ended.json["mappings"]
        assert (ended.code, part["status"], part["rows"]["read"]) == (4, "stopped", 0)
        assert told in part["error"]
    assert desk("run", "--override", "dbt").code == 0


def test_a_warning_is_no_stop(desk, dbt):
    """A test that only warns was meant to."""
    change(dbt, warned)
    assert desk("run").code == 0


def test_without_results(desk, dbt):
    """Nobody knows how the model was built; a mapping that asks for nothing does not mind."""
    (dbt / "target" / "run_results.json").unlink()
    ended = desk("run")
    assert (ended.code, "there is no" in ended.err, "run_results.json" in ended.err) == (
        4,
        True,
        True,
    )
    desk.mapping(MAPPING.format(more=""))
    assert desk("run").code == 0


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("dim_accounts", "dim_acounts", "has no model 'dim_acounts' (did you mean dim_accounts?)"),
        ("dim_accounts", "stg_accounts", "is a model of which dbt makes no table"),
        ("manifest.json", "manifst.json", "cannot be read: No such file"),
        ("manifest.json", "run_results.json", "is a file of dbt of another kind"),
        ("  dbt_manifest: ../dbt/target/manifest.json\n", "", "key 'dbt_manifest' is missing"),
        ("6h", "6 hours", "'6 hours' is no interval"),
        ("passed", "failed", "'failed' is not allowed here; use one of: passed"),
        ("extra_columns: ignore\n", "", "say what becomes of the columns"),
        ("  dbt_model: dim_accounts\n", "  table: t\n", "goes with dbt_model only"),
    ],
)
def test_bad_input(desk, dbt, was, now, told):
    """One sentence with the nearest, exit 2, and nothing is read."""
    desk.mapping(MAPPING.format(more=ASKING).replace(was, now, 1))
    ended = desk("run")
    words = " ".join(ended.err.split())
    assert ended.code == 2
    assert told in words or told.replace(" (did", "; did") in words or told.split(" (")[0] in words


def test_another_version(desk, dbt):
    """A manifest of a version that nobody has seen here is not guessed at."""
    file = dbt / "target" / "manifest.json"
    file.write_text(file.read_text().replace("manifest/v12.json", "manifest/v99.json"))
    ended = desk("run")
    assert ended.code == 2
    assert "of version 99; what is read here is manifest version 4 to 12" in ended.err


def test_validate_goes_without_dbt(desk, dbt):
    """Where the manifest is not there the files may be sound all the same; where it is, the model has to be in it."""
    shutil.rmtree(dbt / "target")
    assert desk("validate").code == 0
    assert desk("validate", "--env").code == 2
    assert desk("status").code == 0


def test_exposures(desk, dbt):
    """Their YAML is what dbt takes: where there is one it parses them."""
    desk.mapping(MAPPING.format(more=""), 'it\'s our "best"')
    ended = desk("exposures", "--email", "data@example.com", WAREHOUSE_URL=None)
    assert ended.code == 0
    yaml = needed("yaml")
    first, second = yaml.safe_load(ended.out)["exposures"]
    assert first == {
        "name": "chartmogul_customers",
        "label": "ChartMogul: customers",
        "type": "application",
        "description": "chartmogul-sync keeps customers in ChartMogul true to this model, by mappings/customers.yml.",
        "depends_on": ["ref('dim_accounts')"],
        "owner": {"email": "data@example.com"},
    }
    assert second["name"] == "chartmogul_it_s_our_best"
    program = os.environ.get("SYNC_TEST_DBT")
    if program is not None:
        (dbt / "models" / "chartmogul.yml").write_text(ended.out)
        build(dbt, program)
        exposures = json.loads((dbt / "target" / "manifest.json").read_text())["exposures"]
        assert exposures["exposure.shop.chartmogul_customers"]["depends_on"]["nodes"] == [
            "model.shop.dim_accounts"
        ]


def test_exposures_of_what_reads_no_model(desk):
    """They are named, and are none."""
    ended = desk("exposures")
    assert ended.out.splitlines() == [
        "# customers (mappings/customers.yml) names no dbt_model, and is no exposure",
        "version: 2",
        "",
        "exposures: []",
    ]
