"""requirements/ is that of pyproject.toml, and can be installed from wherever packages come from."""

import re
import runpy
import tomllib
from collections import abc
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
FILES = {
    file.name: file.read_text(encoding="utf-8")
    for file in sorted((ROOT / "requirements").glob("*.txt"))
}
lock = runpy.run_path(str(ROOT / ".ci" / "lock"))
WANTS = lock["wanted"](PYPROJECT)


def held(name: str) -> abc.Iterator[Requirement]:
    """What pip finds in a file and in those that it rests on."""
    for base in re.findall(r"^-r (\S+)", FILES[name], re.M):
        yield from held(base)
    for line in re.findall(r"^\w.*", FILES[name], re.M):
        yield Requirement(line.rstrip("\\ "))


def asked() -> dict[str, list[str]]:
    """What pyproject.toml asks for, by the file that has to hold it."""
    table = tomllib.loads(WANTS)
    needed = table["project"]["dependencies"]
    extras, groups = table["project"]["optional-dependencies"], table["dependency-groups"]
    return {
        "run": needed,
        "all": [item for items in extras.values() for item in items],
        "lowest": [*needed, *groups["test"]],
        **extras,
        **groups,
    }


def test_it_is_of_this_tree():
    """`make lock` was run after the last change of dependencies."""
    assert lock["disagreements"](WANTS, FILES) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: files.pop("run.txt"), "run.txt is missing"),
        (lambda files: files.update({"old.txt": ""}), "old.txt belongs to nothing"),
        (
            lambda files: files.update({"all.txt": "-r run.txt\n"}),
            "made from other dependencies: all.txt",
        ),
    ],
)
def test_what_does_not_belong(change, said):
    """A file that is missing, of no use or of another pyproject.toml is named."""
    files = dict(FILES)
    change(files)
    [found] = lock["disagreements"](WANTS, files)
    assert found.startswith(said)


@pytest.mark.parametrize("line", ["click>=", "trino[sqlalchemy]>=", "mypy>=", "hatchling>="])
def test_every_bound_counts(line):
    """Another bound of a dependency, an extra, a group or of what builds the project makes all files old."""
    wants = lock["wanted"](PYPROJECT.replace(f'"{line}', f'"{line}0.'))
    [found] = lock["disagreements"](wants, FILES)
    assert found.partition(": ")[2] == ", ".join(FILES)


def test_other_tables_do_not_count():
    """What no version depends on can be changed freely."""
    assert lock["wanted"](PYPROJECT.replace("line-length = 100", "line-length = 99")) == WANTS


@pytest.mark.parametrize("name", asked())
def test_within_the_bounds(name):
    """All that is asked for is pinned, to a version that is allowed."""
    pins = {pin.name: str(pin.specifier).removeprefix("==") for pin in held(f"{name}.txt")}
    wanted = [Requirement(item) for item in asked()[name]]
    assert [str(item) for item in wanted if pins.get(item.name, "0") not in item.specifier] == []


#: The newest version of a driver that was seen to read wrongly or not at all, beside one of the SQLAlchemys that are
#: allowed or as such: DuckDB before 1.4 tells no types, by which single precision is known.
BROKEN = {
    "clickhouse-connect": "1.7.2",
    "duckdb": "1.4.0",
    "snowflake-sqlalchemy": "1.11.1",
    "sqlalchemy-bigquery": "1.16.0",
}


@pytest.mark.parametrize("name", BROKEN)
def test_no_pair_that_breaks(name):
    """No extra lets a driver be installed that cannot read, or not beside every SQLAlchemy that it may find."""
    [wanted] = [one for item in asked()["all"] if (one := Requirement(item)).name == name]
    assert BROKEN[name] not in wanted.specifier


@pytest.mark.parametrize("name", FILES)
def test_pins_have_hashes(name):
    """Each requirement is one version, and pip knows what its files must be."""
    blocks = lock["blocks"](FILES[name])
    loose = [block for block in blocks if not re.match(r"[\w.-]+==[\w.]+ .*\\\n +--hash=", block)]
    assert loose == []


@pytest.mark.parametrize("name", FILES)
def test_no_addresses(name):
    """Neither a registry nor a folder of the machine that made it is named."""
    assert re.findall(r"\S*(?:://|--index|--find-links| @ |/\w+/)\S*", FILES[name]) == []


def test_parts_rest_on_each_other():
    """What one file holds already is not repeated in those that begin with it."""
    first = "a==1 \\\n    --hash=sha256:1\n    # via x\n"
    second = "b==2 ; python_version < '3.12' \\\n    --hash=sha256:2\n"
    assert lock["besides"](first + second, first) == second
