"""The documents say what the program does."""

import json
import re
import shlex
import tomllib
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import yaml

from sync import errors
from sync.cli.main import app
from sync.mapping.json_schema import json_schema
from sync.mapping.loader import load
from sync.report.codes import find
from sync.settings import VARIABLES
from sync.warehouse.statement import Judgement, judge
from tests.support import cells, pages, shell

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
#: What anybody reads: all but the notes for those who build it.
GUIDES = [
    ROOT / "README.md",
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "docs" / "recipes").glob("*.md"),
]
GUIDES += [*(ROOT / "docs" / "moving").glob("*.md")]


def of(path):
    """The name of a test's case."""
    return path.relative_to(ROOT).as_posix()


def _prose(page):
    """A page without its blocks."""
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)


def test_shown_of_warehouses():
    """What docs/warehouses.md calls shown names tests that exist, and what is only read names none."""
    found = [cell for row in cells.ROWS.values() for cell in row.values()]
    assert [cell for cell in found if ("shown" in cell.says) != bool(cell.tests)] == []
    assert [test for cell in found for test in cell.tests if cells.missing(test)] == []
    assert {len(row) for row in cells.ROWS.values()} == {10}


@pytest.mark.parametrize(("page", "mark"), pages.SECTIONS, ids=str)
def test_what_pages_take_from_the_program_is_so(page, mark):
    """`python -m tests.support.pages` writes it anew."""
    assert pages.written(page, mark) == pages.SECTIONS[page, mark]()


def test_every_command_has_its_section():
    """None is missing in the list that is made."""
    told = re.findall(r"^## (\w+)$", pages.written("commands.md", "help"), re.M)
    assert sorted(told) == sorted(app.commands)


def test_every_key_of_a_mapping_is_told():
    """Of every part of the format, with what it takes and a meaning."""
    schema = json_schema()
    parts = [schema, *schema["$defs"].values(), schema["$defs"]["TimeField"]["anyOf"][1]]
    keys = {key for part in parts for key in part.get("properties", {})}
    rows = re.findall(
        r"^\| `(\w+)` \| (.+?) \| .*? \| (.+) \|$", pages.written("mapping.md", "keys"), re.M
    )
    assert keys == {key for key, takes, meaning in rows if takes.strip() and meaning.strip()}


@pytest.mark.parametrize("name", sorted(app.commands))
def test_every_command_has_a_help_of_one_line_that_fits(name):
    """The list of commands shows no cut-off sentence."""
    assert not app.commands[name].get_short_help_str(limit=60).endswith("...")


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_variable_is_told(name):
    """Whoever sets it finds it among the settings."""
    assert f"`{name}`" in SETTINGS


@pytest.mark.parametrize(
    "code", sorted({value for name, value in vars(errors).items() if name.startswith("EXIT_")})
)
def test_every_exit_code_is_told(code):
    """The table of exit codes is complete."""
    assert re.search(rf"^\| (\d+, )?{code}(, \d+)? \|", SETTINGS, re.M)


def test_every_example_mapping_is_sound():
    """What users copy works."""
    variables = {
        "WAREHOUSE_URL": "sqlite:///warehouse.db",
        "CHARTMOGUL_API_KEY": "key",
        "CHARTMOGUL_DATA_SOURCE": "ds_00000000-0000-0000-0000-000000000000",
    }
    files = {Path(loaded.file).name for loaded in load([ROOT / "mappings"], variables)}
    there = {path.name for path in (ROOT / "mappings").glob("*.yml")}
    assert files == {name for name in there if not name.endswith(".tests.yml")}


MAPPINGS = {
    f"{of(page)}-{number}": text
    for page in GUIDES
    for number, text in enumerate(
        re.findall(r"```yaml\n(version: 1.*?)```", page.read_text(encoding="utf-8"), re.S)
    )
}


def test_the_readme_has_one_mapping():
    """The first one, which can be copied as it stands."""
    assert [name for name in MAPPINGS if name.startswith("README")] == ["README.md-0"]
    assert len(MAPPINGS) > 10


@pytest.mark.parametrize("text", MAPPINGS.values(), ids=list(MAPPINGS))
def test_every_mapping_is_sound(tmp_path, text):
    """As it is loaded, with nothing set but what the pages say has to be."""
    file = tmp_path / "customers.yml"
    file.write_text(text)
    variables = {
        "CHARTMOGUL_DATA_SOURCE": "ds_00000000-0000-0000-0000-000000000000",
        "SNOWFLAKE_KEY_PASSPHRASE": "open sesame",
    }
    assert [loaded.mapping.name for loaded in load([file], variables, frozenset())] == ["customers"]


#: The recipes for a database, and what the parser calls its language.
LANGUAGES = {
    "postgresql": "postgres",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "csv": "duckdb",
}


@pytest.mark.parametrize("recipe", LANGUAGES)
def test_the_query_of_a_recipe_is_one_of_its_database(recipe):
    """The database's parser reads it, and finds that it only reads."""
    query = yaml.safe_load(MAPPINGS[f"docs/recipes/{recipe}.md-0"])["source"]["query"]
    assert judge(query, LANGUAGES[recipe]) == Judgement(known=True)


#: Programs of others, whose arguments nobody here can judge.
FOREIGN = {
    "dbt", "docker", "kubectl", "openssl", "pg_dump", "pip", "python", "python3", "sqlite3", ".", "cd", "mkdir",
}  # fmt: skip
COMMANDS = [
    pytest.param(words, id=f"{of(page)}-{' '.join(words)[:60]}")
    for page in GUIDES
    for words in shell.commands(page.read_text(encoding="utf-8"))
]


def test_commands_are_found():
    """In the README, in each recipe, and on other pages."""
    assert len(COMMANDS) > 60


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_is_one(words):
    """The program takes its arguments, make has its target, and what is installed has its extra."""
    program = words[0].rpartition("/")[2]
    if program == "chartmogul-sync":
        _parse(words[1:])
    elif program == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.M)
    else:
        assert program in FOREIGN
        _judge(words)


#: Commands within sentences and tables, such as `run --dry-run`.
SPOKEN = sorted(
    {
        (of(page), said.removeprefix("chartmogul-sync "))
        for page in GUIDES
        for said in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", _prose(page))
        if re.match(rf"(?:chartmogul-sync )?({'|'.join(sorted(app.commands))})( .*)?--\w", said)
    }
)


def test_commands_are_found_in_sentences():
    """On many pages."""
    assert len(SPOKEN) > 30
    assert len({page for page, _ in SPOKEN}) > 8


@pytest.mark.parametrize(("page", "said"), SPOKEN, ids=lambda one: one[:60])
def test_every_command_in_a_sentence_is_one(page, said):
    """With options that it has, and the values that they take; one at the end may be named without its value."""
    words = shlex.split(said.replace("…", "x").replace(" N", " 1"))
    options = {name: one for one in app.commands[words[0]].params for name in one.opts}
    last = options.get(words[-1])
    _parse([*words, "1"] if last is not None and not getattr(last, "is_flag", True) else words)


def _parse(arguments: list[str]) -> None:
    """Let click read the arguments, and carry nothing out."""
    asked = SimpleNamespace(as_json=False, env_file=None)
    with app.make_context("chartmogul-sync", list(arguments), obj=asked) as context:
        name, *rest = arguments
        with app.commands[name].make_context(name, rest, parent=context) as within:
            code = within.params.get("code") if name == "help" else None
            assert code is None or find(code) is not None


def _judge(words: list[str]) -> None:
    """What a command names of ours: extras of the package, files of the repository, arguments of the image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {name for word in words for name in _extras(word)}
    assert extras <= project["optional-dependencies"].keys()
    files = [word for word in words if word.startswith("requirements/")]
    assert [file for file in files if not (ROOT / file).exists()] == []
    arguments = [
        words[at + 1].partition("=")[0] for at, word in enumerate(words) if word == "--build-arg"
    ]
    known = re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert [name for name in arguments if name not in known] == []


def _extras(word: str) -> list[str]:
    named = re.search(r"(?:chartmogul-sync|\.)\[(.*)\]$|^EXTRAS=(.*)$", word)
    return re.split(r",\s*", named[1] or named[2]) if named else []


def test_every_page_is_in_the_sites_list():
    """And the list names none that is not there."""
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    listed = re.findall(r'"([\w/-]+\.md)"', json.dumps(site["nav"]))
    there = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert sorted(listed) == sorted(there)


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=of)
def test_pages_of_the_site_link_within_it(page):
    """What they link to is a page of theirs, so that the site has it, too."""
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    outside = [
        one for one in links if not (page.parent / one).resolve().is_relative_to(ROOT / "docs")
    ]
    assert outside == []


def test_tables_and_blocks_are_yaml():
    """What is shown as YAML can be read as YAML."""
    for page in GUIDES:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
            assert yaml.safe_load(block)


def test_pictures():
    """`python -m tests.support.pictures` takes them anew: both are small, and the drawing fetches nothing."""
    drawing = (ROOT / "docs" / "pictures" / "terminal.svg").read_text(encoding="utf-8")
    assert "chartmogul-sync" in "".join(ElementTree.fromstring(drawing).itertext())
    assert re.findall(r"https?://(?!www\.w3\.org/)|@import|@font-face|href|/tmp", drawing) == []
    sizes = [path.stat().st_size for path in (ROOT / "docs" / "pictures").iterdir()]
    assert max(sizes) < 200_000


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("deploy/*.md")]
PAGES += [*(ROOT / "examples").rglob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_repository_lead_somewhere(page):
    """A file or folder that a page links to is there."""
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
