"""The watch over planted secrets sees them; and whatever is ours has a repr without them."""

import gc
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sync.sandbox.answer import Answer
from tests.support import planted_secrets

LEAKS = """
import base64, logging, os, subprocess, sys
from tests.support.planted_secrets import API_KEY, PASSWORD

PRINT = "import sys; text = sys.stdin.read(); print(text); print(text, file=sys.stderr)"

def test_leak_on_stdout(): print("x", PASSWORD)
def test_leak_on_stderr(): print(API_KEY, file=sys.stderr)
def test_leak_in_a_log(): logging.getLogger("x").warning("%s", PASSWORD)
def test_leak_in_a_header(): print("Basic " + base64.b64encode(f"{API_KEY}:".encode()).decode())
def test_leak_that_capsys_takes(capsys):
    print(PASSWORD)
    capsys.readouterr()
def test_leak_of_a_process():
    subprocess.run([sys.executable, "-c", PRINT], input=PASSWORD, capture_output=True, text=True)
def test_leak_of_a_process_in_bytes():
    subprocess.run([sys.executable, "-c", PRINT], input=API_KEY.encode(), capture_output=True)
def test_leak_in_arguments(): subprocess.run(["true", f"--password={PASSWORD}"])
def test_leak_in_a_state(tmp_path): (tmp_path / "state.db").write_bytes(b"\\0" + API_KEY.encode() + b"\\0")
def test_leak_in_a_report(tmp_path):
    (tmp_path / "reports" / "r1").mkdir(parents=True)
    (tmp_path / "reports" / "r1" / "errors.jsonl").write_text(f'{{"value": "{PASSWORD}"}}')
def test_leak_in_a_large_file(tmp_path): (tmp_path / "log").write_bytes(b"x" * 1048570 + API_KEY.encode())
def test_leak_in_a_traceback(): raise ValueError(PASSWORD)
def test_fine_where_it_belongs(tmp_path):
    for name in (".env", "key", "customers.yml"):
        (tmp_path / name).write_text(PASSWORD)
def test_fine_without(tmp_path): print((tmp_path / "log").write_text("planted"))
"""
CONFTEST = """
from tests.support.planted_secrets import Watch

def pytest_configure(config):
    config.pluginmanager.register(Watch(), "planted-secrets")
"""


def test_every_leak_is_seen():
    """Each way out makes a test fail that would have passed; where a secret belongs, it may be."""
    # Where CI is set pytest's summary has whole messages, whatever else it is told to leave out.
    base = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")}
    with TemporaryDirectory() as folder:
        Path(folder, "conftest.py").write_text(CONFTEST)
        Path(folder, "test_leaks.py").write_text(LEAKS)
        quiet = ("-rA", "-q", "--tb=no", "--show-capture=no", "-p", "no:cacheprovider")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *quiet, f"--basetemp={folder}/t", "test_leaks.py"],
            cwd=folder,
            env={**base, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )
    failed = set(re.findall(r"^(?:FAILED|ERROR) \S+::test_(\w+) - a planted", done.stdout, re.M))
    wanted = set(re.findall(r"def test_(leak\w+)", LEAKS))
    assert failed == wanted, done.stdout
    assert not planted_secrets.shows(done.stdout)
    assert len(re.findall(r"^PASSED \S+::test_fine", done.stdout, re.M)) == 2


@contextmanager
def of_this_test() -> Iterator[None]:
    """While this is open, what is there already is not looked at: thousands of mappings of the tests before."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def ours() -> list[object]:
    """Every living object whose class is the worker's; the sandbox knows its key, and may show it."""
    return [found for found in gc.get_objects() if _is_ours(str(type(found).__module__))]


def _is_ours(module: str) -> bool:
    return module.startswith("sync.") and not module.startswith("sync.sandbox")


@pytest.mark.parametrize("status", [201, 401])
def test_no_repr_shows_a_secret(desk, status):
    """In the midst of a run: settings, mappings, clients, stores, errors, whatever there is."""
    sandbox = desk.place.sandbox.sandbox
    seen: dict[str, bool] = {}
    real = sandbox.answer

    def look(method, *rest, **more):
        if method != "POST":
            return real(method, *rest, **more)
        for found in ours():
            name = type(found).__name__
            seen[name] = planted_secrets.shows(repr(found)) or seen.get(name, False)
        return Answer(401, {}, b"no") if status == 401 else real(method, *rest, **more)

    sandbox.answer = look
    with of_this_test():
        run = desk.place.run()
    assert run.exit_code == (0 if status == 201 else 3)
    assert {
        "Settings",
        "LoadedMapping",
        "Session",
        "Client",
        "Transport",
        "Store",
        "Source",
    } <= set(seen)
    assert [name for name, shows in seen.items() if shows] == []


def test_no_argument_takes_a_secret():
    """What stands on a command line is seen by all users of a machine: keys and URLs have no option."""
    from sync.cli.main import app

    names = {
        option for command in app.commands.values() for p in command.params for option in p.opts
    }
    assert "--key" in names  # a row's
    assert not [name for name in names if re.search("api|pass|secret|token|url", name)]
