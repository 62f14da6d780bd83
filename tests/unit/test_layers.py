"""The layers: who may know whom, what stays pure, and how long things may get."""

import ast
from collections import abc
from pathlib import Path

import pytest

import sync

ROOT = Path(sync.__file__).parent
MODULE_LINES = 300
FUNCTION_LINES = 50

#: They only compute: no I/O, no clock, no chance, no logging. All that they import of ours is pure as well.
PURE = {
    "sync.transform.attributes",
    "sync.transform.build",
    "sync.chartmogul.account",
    "sync.chartmogul.contacts",
    "sync.chartmogul.customers",
    "sync.chartmogul.verdict",
    "sync.chartmogul.wire",
    "sync.transform.contract",
    "sync.errors",
    "sync.mapping.rules",
    "sync.domain.fingerprint",
    "sync.domain.flaw",
    "sync.domain.instant",
    "sync.domain.lookup",
    "sync.domain.codec",
    "sync.domain.events",
    "sync.domain.numbers",
    "sync.domain.parent",
    "sync.domain.policy",
    "sync.domain.seen_rows",
    "sync.domain.typed",
    "sync.mapping.model",
    "sync.domain.results",
    "sync.domain.plan",
    "sync.engine.limits",
    "sync.domain.record",
    "sync.engine.write.rejections",
    "sync.engine.read.duplicates",
    "sync.mapping.types",
    "sync.domain.row_hash",
    "sync.service.timetable",
    "sync.transform.casts",
}
ACTING = {
    "asyncio", "anyio", "concurrent", "dotenv", "ftplib", "glob", "http", "httpx", "io", "jinja2",
    "logging", "multiprocessing", "os", "pathlib", "random", "rich", "sched", "secrets", "select",
    "shutil", "signal", "socket", "sqlalchemy", "sqlite3", "ssl", "starlette", "structlog",
    "subprocess", "sys", "tempfile", "tenacity", "threading", "time", "typer", "uvicorn",
    "warnings", "yaml",
}  # fmt: skip
ACTING_CALLS = {"open", "input", "print", "__import__"}
CLOCKS = {"now", "utcnow", "today"}
#: Here it is asked still.
ASKING = ("sync.engine", "sync.state")


def name_of(file: Path) -> str:
    """The dotted name of a module."""
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(file): file for file in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in FILES.items()}


def imports(name: str) -> abc.Iterator[str]:
    """The modules that a module imports, anywhere in it; `from sync import plan` is sync.plan."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in FILES else str(node.module)


def below(name: str, *packages: str) -> bool:
    """Whether a module is one of these, or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


PURE |= {name for name in FILES if below(name, "sync.domain.objects")}


def offences(importers: abc.Iterable[str], *forbidden: str) -> list[str]:
    """Every import of a forbidden module."""
    return [
        f"{name} imports {found}"
        for name in importers
        for found in imports(name)
        if below(found, *forbidden)
    ]


def test_the_list_is_of_modules():
    """Every module that is called pure exists."""
    assert set() == PURE - FILES.keys()


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_imports(name):
    """A pure module imports nothing that acts, and nothing of ours that is not pure."""
    foreign = {found for found in imports(name) if not below(found, "sync")}
    ours = {found for found in imports(name) if below(found, "sync")}

    assert set() == {found for found in foreign if found.partition(".")[0] in ACTING}
    assert set() == ours - PURE - {"sync"}


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_calls(name):
    """A pure module opens nothing and asks no clock."""
    calls = [node.func for node in ast.walk(TREES[name]) if isinstance(node, ast.Call)]

    assert [f.id for f in calls if isinstance(f, ast.Name) and f.id in ACTING_CALLS] == []
    assert [f.attr for f in calls if isinstance(f, ast.Attribute) and f.attr in CLOCKS] == []


def all_in(*packages: str) -> list[str]:
    return [name for name in FILES if below(name, *packages)]


def test_sandbox_and_client():
    """They share nothing: what one misunderstands the other must not excuse."""
    assert offences(all_in("sync.sandbox"), "sync.chartmogul") == []
    assert offences(all_in("sync.chartmogul"), "sync.sandbox") == []


def test_sandbox_stands_alone():
    """Nor does the sandbox learn from what decides and casts."""
    domain = ("sync.domain", "sync.transform")

    assert (
        offences(all_in("sync.sandbox"), *domain, "sync.mapping", "sync.state", "sync.warehouse")
        == []
    )


def test_adapters():
    """Client, state and source know the domain's values, and never each other."""
    for package, others in {
        "sync.chartmogul": (
            "sync.mapping",
            "sync.warehouse",
            "sync.state",
            "sync.report",
        ),
        "sync.state": (
            "sync.mapping",
            "sync.warehouse",
            "sync.chartmogul",
            "sync.report",
        ),
        "sync.warehouse": ("sync.mapping", "sync.state", "sync.chartmogul"),
    }.items():
        assert offences(all_in(package), *others) == []


#: Whose modules only the file of a dialect may know; an import within a function counts.
DRIVERS = ("sqlite3", "psycopg", "psycopg2", "pymysql", "duckdb", "duckdb_engine", "socket")


def test_one_file_a_dialect():
    """What a database does in its own way stands in its file: neither the warehouse nor another dialect knows it."""
    package = "sync.warehouse.dialects"
    shared = {package, f"{package}.dialect", f"{package}.general"}
    own = {name for name in all_in(package) if name not in shared}

    assert offences(set(all_in("sync.warehouse")) - own, *DRIVERS) == []
    assert offences(all_in("sync.warehouse.warehouse", "sync.warehouse.result"), *own) == []
    assert [o for name in own for o in offences([name], *own - {name})] == []


def test_databases_are_shared():
    """What warehouse and state share knows neither of them, nor what feeds them."""
    forbidden = ("sync.warehouse", "sync.state", "sync.mapping", "sync.transform", "sync.engine")

    assert offences(all_in("sync.database"), *forbidden) == []


def test_reports():
    """Reports know no SQL, no HTTP and no deciding."""
    forbidden = (
        "sync.state",
        "sync.warehouse",
        "sync.chartmogul",
        "sync.mapping",
        "sync.engine",
    )

    assert offences(all_in("sync.report"), *forbidden, "httpx", "sqlalchemy") == []


def test_commands_are_on_top():
    """Nobody but the command line imports commands."""
    others = [
        name
        for name in FILES
        if not below(name, "sync.cli", "sync.__main__", "sync.service.worker")
    ]

    assert offences(others, "sync.cli") == []
    assert offences(others, "typer") == []


def test_http_has_one_door():
    """Only the client, its wiring and what serves or asks a sandbox know httpx."""
    inside = all_in(
        "sync.chartmogul", "sync.sandbox", "sync.cli", "sync.demo", "sync.engine.session"
    )
    others = [name for name in FILES if name not in inside]

    assert offences(others, "httpx") == []


def asks_for_an_object(node: ast.AST) -> bool:
    """Whether code compares something with `Object.X`, or matches it."""
    parts: list[ast.AST] = []
    if isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
    elif isinstance(node, ast.MatchValue):
        parts = [node.value]
    return any(
        isinstance(part, ast.Attribute)
        and isinstance(part.value, ast.Name)
        and part.value.id in ("Object", "ObjectKind")
        for part in parts
    )


def test_nobody_asks_which_object_it_is():
    """What can be done with a record is an ability of its descriptor: a further object changes no module."""
    asking = {
        name
        for name, tree in TREES.items()
        if not below(name, "sync.domain.objects", *ASKING)
        and any(map(asks_for_an_object, ast.walk(tree)))
    }

    assert asking == set()


def test_modules_are_short():
    """A module is one noun: at most 300 lines."""
    lengths = {n: len(f.read_text(encoding="utf-8").splitlines()) for n, f in FILES.items()}

    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


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
