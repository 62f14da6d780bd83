"""What a worker did, as Prometheus reads it: counts and times, no keys, no values, no secrets."""

from collections import abc
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from sync.domain.instant import parse
from sync.domain.results import MappingRun, Run, Status
from sync.service.freshness import Freshness

CONTENT_TYPE = CONTENT_TYPE_LATEST
_OUTCOMES = ("created", "updated", "unchanged", "skipped", "rejected")
_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600)


@dataclass(frozen=True, slots=True, eq=False)
class _Families(Collector):
    """Metrics that are handed over as they are."""

    families: abc.Sequence[Metric]

    def collect(self) -> abc.Iterable[Metric]:
        return self.families


def text(families: abc.Sequence[Metric]) -> bytes:
    """Metrics in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Families(families))
    return generate_latest(registry)


@dataclass(slots=True)
class _Labelled:
    """A metric by mapping, and what it has of each."""

    metric: Counter | Gauge
    series: set[tuple[str, ...]] = field(default_factory=set)

    def of(self, *labels: str) -> Any:
        """The series of these labels, the mapping first."""
        self.series.add(labels)
        return self.metric.labels(*labels)

    def drop(self, gone: abc.Callable[[str], bool]) -> None:
        """Let go of the series of mappings that are gone."""
        for labels in [labels for labels in self.series if gone(labels[0])]:
            self.series.discard(labels)
            self.metric.remove(*labels)


#: By metric and labels.
_Counts = dict[tuple[int | str, ...], int]


class Metrics:
    """The metrics of one process; every series bears the name of its `environment`, where that has one."""

    def __init__(self, environment: str | None = None) -> None:
        self._labels = {"environment": environment} if environment else {}
        # Series that nobody asked for, one beside each of the others; the package has no types here.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._rows = self._counter("rows", "Rows by how they ended.", "mapping", "outcome")
        self._requests = self._counter("requests", "Requests to ChartMogul.", "mapping", "method")
        self._retried = self._counter("requests_retried", "Second and later tries.", "mapping")
        self._throttled = self._counter("requests_throttled", "Answers 429 and 503.", "mapping")
        self._runs = Counter(
            "chartmogul_sync_runs", "Runs by how they ended.", ["status"], registry=self._registry
        )
        self._missed = Counter(
            "chartmogul_sync_runs_missed",
            "Due times that passed during a run.",
            registry=self._registry,
        )
        self._seconds = Histogram(
            "chartmogul_sync_run_seconds",
            "How long runs took.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._success = self._gauge(
            "last_success_timestamp_seconds", "When a mapping last came to its end."
        )
        self._rejected = self._gauge("rejected_rows", "Rows rejected by the last success.")
        self._new = self._gauge(
            "newly_rejected_rows", "Of those, rows not rejected by the one before."
        )
        self._healthy = self._gauge(
            "healthy", "1 where a mapping is healthy, as in /healthz, else 0."
        )
        #: What of the run under way is counted already, by mapping.
        self._counted: dict[str, _Counts] = {}
        self._run: Run | None = None
        self._lock = Lock()
        for status in Status:
            self._runs.labels(status.value)

    def _counter(self, name: str, text: str, *labels: str) -> _Labelled:
        return _Labelled(Counter(f"chartmogul_sync_{name}", text, labels, registry=self._registry))

    def _gauge(self, name: str, text: str) -> _Labelled:
        full = f"chartmogul_sync_{name}"
        return _Labelled(Gauge(full, text, ["mapping"], registry=self._registry))

    def begun(self, run: Run) -> None:
        """Count the rows and requests of this run while it goes on."""
        with self._lock:
            self._run, self._counted = run, {}

    def ended(self, run: Run) -> None:
        """Count a run that is over."""
        self._runs.labels((run.status or Status.FAILED).value).inc()
        if run.finished_at is not None:
            self._seconds.observe((run.finished_at - run.started_at).total_seconds())
        with self._lock:
            if run is not self._run:
                self._counted = {}
            self._count(run)
            self._run, self._counted = None, {}

    def _count(self, run: Run) -> None:
        for part in run.mappings:
            self._add(part, self._counted.setdefault(part.mapping, {}))

    def _add(self, part: MappingRun, counted: _Counts) -> None:
        """Count what has come since the last time; a count that was taken back is waited for."""
        requests = part.requests
        found: list[tuple[_Labelled, tuple[str, ...], int]]
        found = [(self._rows, (outcome,), getattr(part.rows, outcome)) for outcome in _OUTCOMES]
        found += [(self._requests, (name,), number) for name, number in [*requests.methods.items()]]
        found += [(self._retried, (), requests.retried), (self._throttled, (), requests.throttled)]
        for metric, labels, count in found:
            which: tuple[int | str, ...] = (id(metric), *labels)
            more = max(0, count - counted.get(which, 0))
            counted[which] = counted.get(which, 0) + more
            metric.of(part.mapping, *labels).inc(more)

    def failed(self) -> None:
        """Count a run that could not even begin."""
        self._runs.labels(Status.FAILED.value).inc()

    def missed(self, count: int) -> None:
        """Count due times that passed during a run."""
        self._missed.inc(count)

    def succeeded(self, one: Freshness) -> None:
        """Show when a mapping last succeeded."""
        if one.last is not None:
            self._success.of(one.mapping).set(one.last.finished_at.timestamp())

    def show(self, mappings: abc.Iterable[abc.Mapping[str, Any]]) -> None:
        """Show how each mapping is, as `freshness.describe` tells it."""
        for one in mappings:
            name = one["mapping"]
            self._healthy.of(name).set(int(one["healthy"]))
            if (at := parse(one["last_success_at"] or "")) is not None:
                self._success.of(name).set(at.timestamp())
                self._rejected.of(name).set(one["rejected"])
                self._new.of(name).set(one["rejected_new"])

    def keep(self, mappings: abc.Iterable[str]) -> None:
        """Let go of the series of all other mappings: they are gone."""
        names = frozenset(mappings)
        counters = (self._rows, self._requests, self._retried, self._throttled)
        with self._lock:
            for one in (*counters, self._success, self._rejected, self._new, self._healthy):
                one.drop(lambda name: name not in names)

    def families(self) -> list[Metric]:
        """What there is to show, series by series."""
        return [self._labelled(family) for family in self._registry.collect()]

    def _labelled(self, family: Metric) -> Metric:
        family.samples = [
            sample._replace(labels={**sample.labels, **self._labels}) for sample in family.samples
        ]
        return family

    def expose(self) -> bytes:
        """The text that /metrics answers."""
        with self._lock:
            if self._run is not None:
                self._count(self._run)
            return text(self.families())
