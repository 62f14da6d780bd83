"""The recipes for pipelines: they load, name options and marks that exist, and never show a secret to a fork."""

import re
from pathlib import Path
from typing import Any

import click
import yaml

from sync.cli.main import app
from sync.report.comment import MARK

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "examples" / "github" / "chartmogul-sync.yml"
GITLAB = ROOT / "examples" / "gitlab" / "chartmogul-sync.gitlab-ci.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


def commands(text: str) -> list[list[str]]:
    """Every call of the program in a file, as words."""
    found = re.findall(r"chartmogul-sync ((?:validate|run|report)\b[^|;\n]*)", text)
    return [call.split() for call in found]


def test_commands_exist():
    """Each command and each option that a recipe uses is one of the program."""
    for file in (WORKFLOW, GITLAB, HOOKS):
        found = commands(file.read_text())
        assert found
        for name, *words in found:
            command = app.commands[name]
            options = {one for p in command.params if isinstance(p, click.Option) for one in p.opts}
            assert {word for word in words if word.startswith("--")} <= options


def test_the_workflow():
    """One job on pull requests of the repository itself, with the rights that a comment needs and no more."""
    document: Any = yaml.safe_load(WORKFLOW.read_text())
    assert document["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert document[True] == {"pull_request": {"paths": ["mappings/**"]}}  # YAML 1.1 reads `on` so
    [job] = document["jobs"].values()
    assert "head.repo.full_name == github.repository" in job["if"]
    assert all({"run", "uses"} & step.keys() for step in job["steps"])


def test_the_comment_is_found_again():
    """The workflow looks for the line that every comment begins with."""
    assert f'startswith("{MARK}")' in WORKFLOW.read_text()


def test_the_recipe_for_gitlab():
    """A job whose test report is the dry run's."""
    [job] = yaml.safe_load(GITLAB.read_text()).values()
    assert job["artifacts"]["reports"]["junit"] == "junit.xml"


def test_the_hook():
    """It takes mappings, and neither lock files nor tests of mappings."""
    [hook] = yaml.safe_load(HOOKS.read_text())
    assert {"id", "name", "entry", "language", "files"} <= hook.keys()

    def takes(name: str) -> bool:
        return bool(re.search(hook["files"], name)) and not re.search(hook["exclude"], name)

    names = ("mappings/a.yml", "x/mappings/b.yaml", "mappings/attributes.lock.yml", "other.yml")
    assert [takes(name) for name in names] == [True, True, False, False]
