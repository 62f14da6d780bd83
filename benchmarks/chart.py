"""Draws what was measured: `python -m benchmarks.chart`; needs matplotlib (`--group bench`)."""

import json
import re
from typing import Any

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt

from benchmarks.table import RESULTS

_TASK = re.compile(r"(?P<tool>.*), (?P<task>[^,]*) \(400 rows\): (?P<what>.*)")
_ROWS = re.compile(r"([\d,]+) unchanged rows, PostgreSQL: (.*)")

_SHARE = re.compile(r"[\d,]+ rows, DuckDB, ([\d.]+) % (changed|rejected): (seconds|rows fetched)")


def _lines(name: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = json.loads((RESULTS / f"{name}.json").read_text())["lines"]
    return lines


def sizes() -> None:
    """CPU and memory against rows, up to 3,000,000 where those were measured."""
    name = "unchanged-full" if (RESULTS / "unchanged-full.json").exists() else "unchanged"
    found: dict[str, list[tuple[float, float]]] = {}
    for line in _lines(name):
        if match := _ROWS.fullmatch(line["measure"]):
            rows = int(match[1].replace(",", ""))
            found.setdefault(match[2], []).append((rows / 1e6, line["value"]))
            if match[2] == "CPU ÷ drain":
                spent = float(line["note"].split()[0]) * rows / 1e6
                found.setdefault("CPU, s", []).append((rows / 1e6, spent))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
    left.plot(*zip(*found["CPU, s"], strict=True), marker="o")
    left.set(xlabel="million unchanged rows", ylabel="CPU, s")
    right.plot(*zip(*found["peak memory"], strict=True), marker="o", color="tab:green")
    right.set(xlabel="million unchanged rows", ylabel="peak memory, MB", ylim=(0, 210))
    figure.tight_layout()
    figure.savefig(RESULTS / "rows.png", dpi=110)


def shares() -> None:
    """Seconds and rows fetched by fingerprints, against the share of rows that are changed or rejected."""
    name = "shares-full" if (RESULTS / "shares-full.json").exists() else "shares"
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    drain = rows = 0.0
    for line in _lines(name):
        rows = float(line["measure"].partition(" ")[0].replace(",", ""))
        if match := _SHARE.fullmatch(line["measure"]):
            found.setdefault((match[2], match[3]), []).append((float(match[1]), line["value"]))
        else:
            drain = line["value"]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5))
    for axis, what, most in zip(axes, ("seconds", "rows fetched"), (drain, rows), strict=True):
        for sort in ("changed", "rejected"):
            axis.plot(*zip(*found[sort, what], strict=True), marker="o", label=sort)
        axis.axhline(most, linestyle=":", color="gray", label="all rows, bare")
        axis.set(xlabel=f"% of {rows:,.0f} rows, DuckDB", ylabel=what, xscale="log")
        axis.set_ylim(bottom=0)
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(RESULTS / "shares.png", dpi=110)


def tools() -> None:
    """Requests and seconds of each tool, a bar for each task."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    for axis, what in zip(axes, ("requests", "time"), strict=True):
        found: dict[str, dict[str, float]] = {}
        for line in _lines("rivals"):
            if (match := _TASK.fullmatch(line["measure"])) and match["what"] == what:
                found.setdefault(match["task"], {})[match["tool"]] = line["value"]
        thick = 0.8 / len(found)
        for n, (task, values) in enumerate(found.items()):
            places = [place + (n - 1) * thick for place in range(len(values))]
            bars = axis.barh(places, list(values.values()), thick, label=task)
            axis.bar_label(bars, fmt="{:,.0f}", fontsize=7, padding=2)
            axis.set_yticks(range(len(values)), [_short(tool) for tool in values], fontsize=8)
        axis.set(xlabel="requests for 400 rows" if what == "requests" else "seconds")
        axis.margins(x=0.1)
    axes[0].invert_yaxis()
    axes[1].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(RESULTS / "tools.png", dpi=110)


def _short(tool: str) -> str:
    return tool.replace(", ", "\n").replace(" on the ", "\non the ")


if __name__ == "__main__":
    sizes()
    shares()
    tools()
