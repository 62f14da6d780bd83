"""The lines of the table: what was measured, and what it should be."""

import json
import platform
from collections import abc
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from os import cpu_count, getloadavg
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
_PACKAGES = (
    "chartmogul-sync", "sqlalchemy", "psycopg", "httpx", "pydantic", "simplejson", "chartmogul", "dlt",
    "drt-core",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One measure with its unit; `target` is the contract's, empty where there is none."""

    measure: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None
    note: str = ""


def at_most(measure: str, value: float, unit: str, most: float, note: str = "") -> Line:
    """A measure that has an upper limit."""
    return Line(measure, value, unit, f"≤ {most:g}", value <= most, note)


def at_least(measure: str, value: float, unit: str, least: float, note: str = "") -> Line:
    """A measure that has a lower limit."""
    return Line(measure, value, unit, f"≥ {least:g}", value >= least, note)


def growth(measure: str, memory: abc.Mapping[int, float], what: str) -> Line:
    """What one row more takes, from the MB of a few rows and of many."""
    small, large = sorted(memory)
    grown = (memory[large] - memory[small]) * 2**20 / (large - small)
    return at_most(f"{measure} from {small:,} to {large:,} {what}", grown, "bytes a row", 16)


def surroundings() -> dict[str, object]:
    """Where and with what was measured; the load says how far seconds by the clock can be trusted."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": cpu_count(),
        "load": [round(load, 1) for load in getloadavg()],
        "packages": dict(_versions()),
    }


def _versions() -> abc.Iterator[tuple[str, str]]:
    """Of what is installed: most scenarios need no rivals."""
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            yield name, version(name)


def render(lines: abc.Iterable[Line]) -> str:
    """A table in Markdown."""
    rows = ["| measure | measured | target | met | note |", "| --- | --- | --- | --- | --- |"]
    for line in lines:
        met = {True: "yes", False: "no", None: ""}[line.met]
        rows.append(
            f"| {line.measure} | {line.value:.4g} {line.unit} | {line.target} | {met} | {line.note} |"
        )
    return "\n".join(rows)


def write(name: str, lines: abc.Sequence[Line], around: dict[str, object]) -> None:
    """The table as text and as JSON, with the versions of everything."""
    RESULTS.mkdir(exist_ok=True)
    document = {"surroundings": around, "lines": [asdict(line) for line in lines]}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    said = "\n".join(f"{key}: {value}" for key, value in around.items())
    (RESULTS / f"{name}.md").write_text(f"{render(lines)}\n\n{said}\n")
