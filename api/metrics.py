"""The API's Prometheus metrics; every name is one of the closed list below."""

import os
from contextlib import AbstractContextManager
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from connectors.cached import Cached

ApiMetricName = Literal[
    "promo_api_requests_total",
    "promo_api_errors_total",
    "promo_api_request_seconds",
    "promo_api_scoring_seconds",
    "promo_api_alert_streams",
    "promo_api_claims_total",
]
"""All metrics of the API."""

Part = Literal["profile", "store", "judge"]
"""What a score is made of."""

NAMES: tuple[str, ...] = get_args(ApiMetricName)

ClaimOutcome = Literal[
    "allowed", "challenged", "denied-by-limit", "denied-by-risk", "repeated", "conflict"
]
"""How a claim was answered: decided, repeated for a known key, or refused as another request."""

UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class ApiMetrics:
    """One process's metrics, in a registry of its own; labels have few values each."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter(
            "promo_api_requests_total", "requests answered", "route", "method", "status"
        )
        self._errors = self._counter(
            "promo_api_errors_total", "problems answered", "route", "problem"
        )
        self._claims = self._counter("promo_api_claims_total", "claims answered", "outcome")
        self._seconds = self._histogram("promo_api_request_seconds", "time to answer", "route")
        self._scoring = self._histogram(
            "promo_api_scoring_seconds", "time of one step of a score, or of up to 200", "part"
        )
        name: ApiMetricName = "promo_api_alert_streams"
        self.alert_streams = Gauge(
            name, "live alert streams open", registry=self._registry, multiprocess_mode="livesum"
        )
        self._text = Cached(self._collected)

    def answered(
        self, route: str, method: str, status: int, problem: str | None, seconds: float
    ) -> None:
        """Count one answer; ``route`` is the template, never the path that was asked."""
        method = method if method in _METHODS else "other"
        self._requests.labels(route, method, status).inc()
        self._seconds.labels(route).observe(seconds)
        if problem is not None:
            self._errors.labels(route, problem).inc()

    def scoring(self, part: Part) -> AbstractContextManager[object]:
        """Take the time of one step of a score."""
        return self._scoring.labels(part).time()

    def claimed(self, outcome: ClaimOutcome) -> None:
        """Count one claim."""
        self._claims.labels(outcome).inc()

    def text(self) -> bytes:
        """Prometheus's text format, a second old at most.

        With several workers it is what all of them have counted.
        """
        return self._text.get()

    def _collected(self) -> bytes:
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        everybody = CollectorRegistry()
        MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
        return generate_latest(everybody)

    def _counter(self, name: ApiMetricName, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self._registry)

    def _histogram(self, name: ApiMetricName, meaning: str, *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, buckets=_SECONDS, registry=self._registry)
