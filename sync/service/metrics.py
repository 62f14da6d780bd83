"""What a worker did, as Prometheus reads it: counts and times, no keys, no values, no secrets."""

from collections import abc
from dataclasses import dataclass

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
        self._runs = self._counter("runs", "Runs by how they ended.", "status")
        self._missed = self._counter("runs_missed", "Due times that passed during a run.")
        self._seconds = Histogram(
            "chartmogul_sync_run_seconds",
            "How long runs took.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._success = Gauge(
            "chartmogul_sync_last_success_timestamp_seconds",
            "When a mapping last came to its end.",
            ["mapping"],
            registry=self._registry,
        )
        for status in Status:
            self._runs.labels(status.value)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"chartmogul_sync_{name}", text, labels, registry=self._registry)

    def ended(self, run: Run) -> None:
        """Count a run that is over."""
        self._runs.labels((run.status or Status.FAILED).value).inc()
        if run.finished_at is not None:
            self._seconds.observe((run.finished_at - run.started_at).total_seconds())
        for part in run.mappings:
            self._add(part)

    def _add(self, part: MappingRun) -> None:
        for outcome in _OUTCOMES:
            self._rows.labels(part.mapping, outcome).inc(getattr(part.rows, outcome))
        for method, count in part.requests.methods.items():
            self._requests.labels(part.mapping, method).inc(count)
        self._retried.labels(part.mapping).inc(part.requests.retried)
        self._throttled.labels(part.mapping).inc(part.requests.throttled)

    def failed(self) -> None:
        """Count a run that could not even begin."""
        self._runs.labels(Status.FAILED.value).inc()

    def missed(self, count: int) -> None:
        """Count due times that passed during a run."""
        self._missed.inc(count)

    def succeeded(self, one: Freshness) -> None:
        """Show when a mapping last succeeded."""
        if one.last is not None:
            self._success.labels(one.mapping).set(one.last.finished_at.timestamp())

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
        return text(self.families())
