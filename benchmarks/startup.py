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
        costs = [
            python("-m", "sync", "validate", environment=_VARIABLES, folder=Path(folder))
            for _ in range(times)
        ]
    assert {cost.code for cost in costs} == {0}, costs[0].out
    yield at_most("CPU of `validate` of two files", min(c.cpu for c in costs), "s", 0.5)
