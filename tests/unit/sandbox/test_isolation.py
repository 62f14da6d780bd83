"""The sandbox shares no code with the client: what one misunderstands the other must not excuse."""

import ast
from pathlib import Path

import pytest

import sync.sandbox

FILES = sorted(Path(sync.sandbox.__path__[0]).glob("*.py"))


def imported(path):
    """The modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.ImportFrom():
                yield "a relative import"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_imports_nothing_of_ours_but_itself(path):
    """Not even the values that all other modules share."""
    ours = {
        name for name in imported(path) if name.partition(".")[0] in ("sync", "a relative import")
    }
    assert all(name.startswith("sync.sandbox") for name in ours)
