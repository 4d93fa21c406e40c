"""Prometheus metrics of the workers; every name is one of the closed list below."""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from stream_processors.metrics_server import serve_metrics

MetricName = Literal[
    "promo_events_total",
    "promo_batch_size",
    "promo_batch_seconds",
    "promo_commit_to_score_seconds",
    "promo_commit_to_alert_seconds",
    "promo_commit_to_stored_seconds",
    "promo_scores_total",
    "promo_alerts_total",
    "promo_rule_hits_total",
    "promo_rescores_requested_total",
    "promo_dead_letters_total",
    "promo_rows_written_total",
    "promo_placeholders_total",
    "promo_dependency_up",
    "promo_halted",
    "promo_consumer_lag",
    "promo_part_up",
    "promo_source_wal_kept_bytes",
    "promo_source_lag_bytes",
    "promo_drift_psi",
    "promo_score_psi",
    "promo_alert_rate",
    "promo_alert_rate_trained",
    "promo_reconcile_differences",
    "promo_reconcile_rows_total",
    "promo_reconcile_seconds",
    "promo_uncounted_identifiers",
    "promo_uncounted_accounts",
    "promo_heartbeat_timestamp_seconds",
    "promo_heartbeat_age_seconds",
    "promo_health_problem",
]
"""All metrics of the pipeline."""

NAMES: tuple[str, ...] = get_args(MetricName)

_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000)
_SECONDS = (
    0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0,
)  # fmt: skip
_LINGERED_SECONDS = (0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 60.0, 600.0)
"""Rows linger for half a second before they are stored, and shall be visible within two."""


class Metrics:
    """One process's metrics, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = self._counter("promo_events_total", "messages processed", "topic")
        self.batch_size = self._histogram("promo_batch_size", "messages in a batch", _SIZES)
        self.batch_seconds = self._histogram(
            "promo_batch_seconds", "time to process a batch and deliver its output", _SECONDS
        )
        self.commit_to_score = self._histogram(
            "promo_commit_to_score_seconds",
            "from the commit in PostgreSQL to the delivered score",
            _SECONDS,
            "trigger",
        )
        self.commit_to_alert = self._histogram(
            "promo_commit_to_alert_seconds",
            "from the commit in PostgreSQL to the delivered alert",
            _SECONDS,
        )
        self.commit_to_stored = self._histogram(
            "promo_commit_to_stored_seconds",
            "from the commit in PostgreSQL, or the scoring, to the row's insert into ClickHouse",
            _LINGERED_SECONDS,
            "table",
        )
        self.scores = self._counter("promo_scores_total", "scores published", "level")
        self.alerts = self._counter("promo_alerts_total", "alerts raised or revised", "status")
        self.rule_hits = self._counter(
            "promo_rule_hits_total", "published scores with a rule's finding", "rule", "mode"
        )
        self.rescores = self._counter(
            "promo_rescores_requested_total", "accounts passed on to be scored again", "cause"
        )
        self.dead_letters = self._counter("promo_dead_letters_total", "messages set aside", "stage")
        self.rows = self._counter("promo_rows_written_total", "rows inserted", "table")
        self.placeholders = self._counter(
            "promo_placeholders_total",
            "stored accounts with an identifier that identifies nobody",
            "kind",
        )
        self.dependency_up = self._gauge(
            "promo_dependency_up", "1 while a dependency answers this worker", "dependency"
        )
        self.halted = self._gauge("promo_halted", "1 once too many dead letters halted the worker")

        self.heartbeat = self._gauge(
            "promo_heartbeat_timestamp_seconds",
            "when the newest heartbeat that this worker has taken was written",
            "partition",
        )

    def take_heartbeats(self, beats: Mapping[int, int]) -> None:
        """Show heartbeats, microseconds since 1970 UTC by partition, as taken."""
        for partition, beat_us in beats.items():
            self.heartbeat.labels(str(partition)).set(beat_us / 1e6)

    def consumes(self, topics: Iterable[str]) -> None:
        """Count a worker's topics from 0 on: a series that is not there is not known to be 0."""
        for topic in topics:
            self.events.labels(topic)

    def _counter(self, name: MetricName, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _gauge(self, name: MetricName, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self.registry)

    def _histogram(
        self, name: MetricName, meaning: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(name, meaning, labels, buckets=buckets, registry=self.registry)

    def serve(self, host: str, port: int) -> None:
        """Answer ``GET /metrics`` in a thread, until the process ends."""
        serve_metrics(self.registry, host, port)


class Ready:
    """Metrics that are served once a worker has its partitions: it says "ready"."""

    def __init__(self, metrics: Metrics, host: str, port: int) -> None:
        self._metrics, self._host, self._port, self._serving = metrics, host, port, False

    def now(self) -> None:
        """The worker is ready; what is said again changes nothing."""
        if not self._serving:
            self._serving = True
            self._metrics.serve(self._host, self._port)
