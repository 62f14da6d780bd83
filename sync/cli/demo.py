"""`demo`: a sample warehouse, the sandbox and the example mappings, end to end and offline."""

import asyncio
import shutil
import sqlite3
from collections import abc
from pathlib import Path

from sync.cli.execute import execute
from sync.cli.say import say
from sync.demo import warehouse
from sync.domain.results import Run
from sync.engine.context import Selection
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.loader import load
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from sync.settings import Settings

_MAPPINGS = (
    Path(__file__).parents[2] / "mappings",
    Path(__file__).parents[1] / "demo" / "mappings",
)
_WRITES = ("POST", "PATCH", "PUT", "DELETE")


def demo(folder: Path, *, fresh: bool) -> int:
    """Sync twice: the first run brings the warehouse over, the second one shows that nothing is left to send; 0.

    Raises:
        ConfigError: the folder cannot be written.
    """
    database = folder / "warehouse.db"
    try:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        warehouse.build(database)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        message = f"the demo cannot keep its files in {folder}: {why}"
        raise ConfigError(ConfigProblem(message, "name another folder with --folder")) from error
    with RunningSandbox(Sandbox(data=folder / "sandbox.json")) as sandbox:
        environment = {
            "WAREHOUSE_URL": f"sqlite:///{database}",
            "CHARTMOGUL_API_URL": sandbox.url,
            "CHARTMOGUL_API_KEY": sandbox.key,
            "CHARTMOGUL_DATA_SOURCE": sandbox.data_source,
            "SYNC_STATE_URL": f"sqlite:///{folder / 'state.db'}",
            "SYNC_REPORTS": str(folder / "reports"),
            "SYNC_LOG": "text",
        }
        mappings = next(path for path in _MAPPINGS if path.is_dir())
        say(f"A sample warehouse is in {database}, a local ChartMogul answers at {sandbox.url}.")
        say(f"The mappings are in {_shown(mappings)}.\n\nThe first run:\n")
        _run(mappings, environment)
        say("\nThe second run, with nothing changed in between:\n")
        again = _run(mappings, environment)
    writes = sum(m.requests.methods.get(method, 0) for m in again.mappings for method in _WRITES)
    _say(folder, mappings, environment, writes)
    return 0


def _run(mappings: Path, environment: abc.Mapping[str, str]) -> Run:
    settings = Settings.load(environment)
    return asyncio.run(execute(settings, load([mappings], environment), Selection(), dry_run=False))


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _say(folder: Path, mappings: Path, environment: abc.Mapping[str, str], writes: int) -> None:
    reports = folder / "reports" / "latest"
    say(f"\nThe second run sent {writes} writes. Some rows are bad on purpose; look at:")
    say(f"  {reports}/errors.csv       every rejected row, with its reason and what to do")
    say(f"  {folder}/reports/*/changes.jsonl  every change that was made, field by field")
    say(f"  {_shown(mappings)}/*.yml           the mappings, as you would write yours")
    say("\nTo go on by yourself, serve what ChartMogul holds now, and point the tool at it:")
    say(f"  chartmogul-sync sandbox --data {folder / 'sandbox.json'}")
