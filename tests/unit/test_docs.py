"""The documents say what the program does."""

import re
from pathlib import Path

import pytest

from sync import errors
from sync.cli.main import app
from sync.mapping.loader import load
from sync.settings import VARIABLES
from tests.support import readme

ROOT = Path(__file__).parents[2]
README = readme.README.read_text()


@pytest.mark.parametrize("mark", readme.SECTIONS)
def test_what_the_readme_takes_from_the_program_is_so(mark):
    """`python -m tests.support.readme` writes it anew."""
    assert readme.written(mark) == readme.SECTIONS[mark]()


@pytest.mark.parametrize("name", sorted(app.commands))
def test_every_command_has_a_help_of_one_line_that_fits(name):
    """The list of commands shows no cut-off sentence."""
    assert not app.commands[name].get_short_help_str(limit=60).endswith("...")


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_variable_is_in_the_readme(name):
    """Whoever sets it finds it there."""
    assert f"`{name}`" in README


@pytest.mark.parametrize(
    "code", sorted({value for name, value in vars(errors).items() if name.startswith("EXIT_")})
)
def test_every_exit_code_is_in_the_readme(code):
    """The table of exit codes is complete."""
    assert re.search(rf"^\| (\d+, )?{code}(, \d+)? \|", README, re.M)


def test_every_example_mapping_is_sound():
    """What users copy works."""
    variables = {
        "WAREHOUSE_URL": "sqlite:///warehouse.db",
        "CHARTMOGUL_API_KEY": "key",
        "CHARTMOGUL_DATA_SOURCE": "ds_00000000-0000-0000-0000-000000000000",
    }
    files = {Path(loaded.file).name for loaded in load([ROOT / "mappings"], variables)}
    assert files == {path.name for path in (ROOT / "mappings").glob("*.yml")}


def test_the_mapping_in_the_readme_is_sound(tmp_path):
    """The first mapping of the README can be copied as it stands."""
    (found,) = re.findall(r"```yaml\n(version: 1.*?)```", README, re.S)
    file = tmp_path / "customers.yml"
    file.write_text(found)
    variables = {"CHARTMOGUL_DATA_SOURCE": "ds_00000000-0000-0000-0000-000000000000"}
    assert [loaded.mapping.name for loaded in load([file], variables, frozenset())] == ["customers"]


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("deploy/*.md")]
PAGES += [*(ROOT / "examples").rglob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_repository_lead_somewhere(page):
    """A file or folder that a page links to is there."""
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
