"""Draws what was measured: `python -m benchmarks.chart`; needs matplotlib (`--group bench`)."""

import json
import re
from typing import Any

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt

from benchmarks.table import RESULTS

_ROWS = re.compile(r"([\d,]+) unchanged rows, PostgreSQL: (.*)")


def _lines(name: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = json.loads((RESULTS / f"{name}.json").read_text())["lines"]
    return lines


def sizes(name: str = "unchanged") -> None:
    """CPU and memory against rows."""
    found: dict[str, list[tuple[int, float]]] = {}
    for line in _lines(name):
        if match := _ROWS.fullmatch(line["measure"]):
            rows = int(match[1].replace(",", ""))
            found.setdefault(match[2], []).append((rows, line["value"]))
            if match[2] == "CPU ÷ drain":
                spent = float(line["note"].split()[0]) * rows / 1e6
                found.setdefault("CPU, s", []).append((rows, spent))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
    left.plot(*zip(*found["CPU, s"], strict=True), marker="o")
    left.set(xlabel="unchanged rows", ylabel="CPU, s")
    right.plot(*zip(*found["peak memory"], strict=True), marker="o", color="tab:green")
    right.set(xlabel="unchanged rows", ylabel="peak memory, MB", ylim=(0, 210))
    figure.tight_layout()
    figure.savefig(RESULTS / "rows.png", dpi=110)


def tools() -> None:
    """Requests and seconds of each tool and task."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 5))
    for axis, what in zip(axes, ("requests", "time"), strict=True):
        bars = [line for line in _lines("rivals") if line["measure"].endswith(f": {what}")]
        names = [line["measure"].partition(" (")[0].replace(", ", "\n") for line in bars]
        axis.barh(names, [line["value"] for line in bars])
        axis.set(xlabel="requests" if what == "requests" else "seconds")
        axis.tick_params(labelsize=7)
        axis.invert_yaxis()
    figure.tight_layout()
    figure.savefig(RESULTS / "tools.png", dpi=110)


if __name__ == "__main__":
    sizes()
    tools()
