"""What import-linter does not see: clocks and files where things only compute, and how long things may get."""

import ast
from collections import abc
from pathlib import Path

import sync

ROOT = Path(sync.__file__).parent
MODULE_LINES = 300
FUNCTION_LINES = 50

#: What lies there only computes. What it may import stands in pyproject.toml, among the contracts of import-linter.
PURE = ("domain", "transform", "errors.py")
ACTING_CALLS = {"open", "input", "print", "__import__"}
CLOCKS = {"now", "utcnow", "today"}

SOURCES = {
    file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
    for file in sorted(ROOT.rglob("*.py"))
}
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}


def is_pure(name: str) -> bool:
    """Whether a file, by its path within the package, lies where things only compute."""
    return any(Path(name).is_relative_to(place) for place in PURE)


def calls(tree: ast.AST) -> abc.Iterator[str]:
    """The calls of functions that act, and of methods that are clocks, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in ACTING_CALLS:
                yield f"line {node.lineno}: {name}"
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCKS:
                yield f"line {node.lineno}: {name}"


def test_pure_calls():
    """What only computes opens nothing and asks no clock."""
    pure = {name: tree for name, tree in TREES.items() if is_pure(name)}

    assert {Path(name).parts[0] for name in pure} == set(PURE)
    assert [f"{name}, {call}" for name, tree in pure.items() for call in calls(tree)] == []


def test_imports_are_absolute():
    """A module is named in full, so that it can be searched for."""
    relative = [
        f"{name}, line {node.lineno}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert relative == []


def test_modules_are_short():
    """A module is one noun; one of more than 300 lines says in its docstring why: because of what."""
    long = {name for name, source in SOURCES.items() if len(source.splitlines()) > MODULE_LINES}
    reasons = {name: ast.get_docstring(TREES[name]) or "" for name in long}

    assert {name for name, reason in reasons.items() if "because" not in reason.lower()} == set()


def test_functions_are_short():
    """A function does one thing: at most 50 lines from `def` to its end."""
    long = {
        f"{name}:{node.name}": node.end_lineno - node.lineno + 1
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES
    }

    assert long == {}
