"""What it costs to say a few words."""

import tempfile
from collections import abc
from pathlib import Path

from benchmarks import warehouses
from benchmarks.measure import python
from benchmarks.table import Line, at_most

_VARIABLES = {
    "WAREHOUSE_URL": "sqlite:///warehouse.db",
    "CHARTMOGUL_DATA_SOURCE": "ds_1",
    "CHARTMOGUL_API_KEY": "key",
}


def lines(times: int = 7) -> abc.Iterator[Line]:
    """The best of several, in seconds of CPU."""
    help_ = min(python("-m", "sync", "--help").cpu for _ in range(times))
    yield at_most("CPU of `--help`", help_, "s", 0.25)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "mappings"
        place.mkdir()
        for name in ("one", "two"):
            content = warehouses.MAPPING.replace("name: accounts", f"name: {name}")
            (place / f"{name}.yml").write_text(content)
        validate = _best("validate", Path(folder), times)
        status = _best("status", Path(folder), times)
    yield at_most("CPU of `validate` of two files", validate, "s", 0.5)
    yield at_most("CPU of `status` before the first run", status, "s", 0.75)


def _best(command: str, folder: Path, times: int) -> float:
    costs = [
        python("-m", "sync", command, environment=_VARIABLES, folder=folder) for _ in range(times)
    ]
    assert {cost.code for cost in costs} == {0}, costs[0].out
    return min(cost.cpu for cost in costs)
