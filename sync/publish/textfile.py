"""The metrics of one-shot runs in a file, as the textfile collector of node_exporter reads them.

Each run adds to what the runs before it have left there, so that counters grow as those of `schedule` do.
"""

import fcntl
import os
from collections import abc
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from sync.service.metrics import text

#: What of an earlier run and of this one is added up; of all else the newest counts.
_GROWING = ("counter", "histogram")

_Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Textfile:
    """A file of metrics; the series in it that `stays` refuses go when it is written."""

    file: Path
    stays: abc.Callable[[abc.Mapping[str, str]], bool]

    def add(self, families: abc.Sequence[Metric]) -> None:
        """Add a run's metrics; whoever reads meanwhile sees the file as it was, or as it will be.

        Raises:
            OSError: the file cannot be written.
        """
        with _turn(self.file.parent):
            before = {family.name: family.samples for family in _read(self.file)}
            for family in families:
                family.samples = self._merged(family, before.get(family.name, []))
            _replace(self.file, text(families))

    def _merged(self, family: Metric, before: abc.Sequence[Sample]) -> list[Sample]:
        """The series of a family, those of now first; without the moments at which counters began."""
        series = {
            _series(sample): sample
            for sample in family.samples
            if sample.name != f"{family.name}_created"
        }
        for sample in before:
            new = series.get(_series(sample))
            if new is not None and family.type in _GROWING:
                series[_series(sample)] = new._replace(value=new.value + sample.value)
            elif new is None and self.stays(sample.labels):
                series[_series(sample)] = sample
        return list(series.values())


def _series(sample: Sample) -> _Series:
    return sample.name, frozenset(sample.labels.items())


def _read(file: Path) -> list[Metric]:
    """What is in the file; nothing where it is not there, or is no file of ours."""
    try:
        return list(text_string_to_metric_families(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return []


@contextmanager
def _turn(folder: Path) -> abc.Iterator[None]:
    """One process at a time, where the file system has locks: two that end at once both count."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(file: Path, content: bytes) -> None:
    """Give the file its content in one step; node_exporter, another user, may read it."""
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), "wb") as opened:
            opened.write(content)
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
