"""docs/architecture.md shows the house as it stands."""

import ast
import importlib
import re
from datetime import timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURES = re.findall(r"```mermaid\n(.*?)```", PAGE, re.S)
WAITS = re.findall(r"^\| .* \| ([\d., ]+) \| `(sync\.[\w.]+)\.(\w+)` \|$", PAGE, re.M)


def drawn() -> set[tuple[str, str]]:
    """The arrows of the first picture."""
    arrows = set()
    for source, targets in re.findall(r"^  (\w+) --> (.+)$", PICTURES[0], re.M):
        arrows |= {(source, target) for target in targets.split(" & ")}
    return arrows


def built() -> set[tuple[str, str]]:
    """Which package, or module at the top, imports which."""
    arrows = set()
    for file in (ROOT / "sync").rglob("*.py"):
        room = file.relative_to(ROOT / "sync").parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("sync"):
                path = node.module.split(".")[1:]
                names = path[:1] or [alias.name for alias in node.names]
                arrows |= {(room, name) for name in names if name not in (room, "__version__")}
    return arrows


def test_the_packages():
    """Every arrow of the first picture is an import, and every import is an arrow."""
    assert built() == drawn()


def test_the_trip():
    """Every file that the page names is there."""
    named = set(re.findall(r"\b(?:[a-z_]+/)+[a-z_]+\.py\b", PAGE))

    assert set() == {name for name in named if not (ROOT / "sync" / name).exists()}
    assert len(named) > 25


def test_every_package_has_a_paragraph():
    """The page says of each package what it is."""
    packages = {path.parent.name for path in (ROOT / "sync").glob("*/__init__.py")}

    assert packages == {name for name in packages if f"**{name}**" in PAGE}


@pytest.mark.parametrize(("seconds", "module", "name"), WAITS)
def test_waits(seconds: str, module: str, name: str):
    """Every wait of the table is that of the code."""
    told = [float(text) for text in seconds.split(", ")]
    found = getattr(importlib.import_module(module), name)
    values = found if isinstance(found, tuple) else (found,)

    assert told == [v.total_seconds() if isinstance(v, timedelta) else v for v in values]


def test_waits_are_read():
    """The table is found at all."""
    assert len(WAITS) == 22


def test_commands_print_through_one_door():
    """All that they print goes through `say`, past which nothing that a terminal obeys may come."""
    past = re.compile(r"(?<![\w.])print\(|click\.s?echo\(|sys\.std(?:out|err)\.write")
    files = [file for file in (ROOT / "sync" / "cli").glob("*.py") if file.name != "say.py"]

    assert [file.name for file in files if past.search(file.read_text(encoding="utf-8"))] == []


def test_commands_read_the_environment_through_one_door():
    """All of them know --env-file, and the files that NAME_FILE names."""
    files = [file for file in (ROOT / "sync" / "cli").glob("*.py") if file.name != "environ.py"]
    read = re.compile(r"(?<![\w.])environment\(|import .*\benvironment$", re.M)

    assert [file.name for file in files if read.search(file.read_text(encoding="utf-8"))] == []
