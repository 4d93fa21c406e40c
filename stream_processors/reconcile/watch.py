"""``python -m stream_processors.reconcile.watch``: compares some rows now and then, for ever.

A process of its own, because it reads what nothing else behind the source topics may read: the
monitor sees no table. It changes nothing. What it finds is in its metrics.
"""

import logging
import signal
import threading
import time

from prometheus_client import CollectorRegistry, Counter, Gauge

from connectors.errors import DependencyDown, DrainStalled, SettingsError
from connectors.settings import Settings, load_settings
from stream_processors import logs
from stream_processors.metrics import MetricName
from stream_processors.metrics_server import serve_metrics
from stream_processors.reconcile.comparison import Kind
from stream_processors.reconcile.reconciliation import Reconciliation
from stream_processors.reconcile.rows import TABLES, Store, table_name
from stream_processors.reconcile.sample import Counts, Sampler

_PATIENCE_S = 30.0
_log = logging.getLogger(__name__)

_DIFFERENCES: MetricName = "promo_reconcile_differences"
_ROWS: MetricName = "promo_reconcile_rows_total"
_SECONDS: MetricName = "promo_reconcile_seconds"


class Figures:
    """What the rounds have found, for Prometheus."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._differences = Gauge(
            _DIFFERENCES,
            "rows in which a store differs from PostgreSQL, of those that were compared",
            ("table", "store", "kind"),
            registry=self.registry,
        )
        self._rows = Counter(_ROWS, "rows of PostgreSQL compared", registry=self.registry)
        self._seconds = Gauge(_SECONDS, "how long the last round took", registry=self.registry)

    def show(self, counts: Counts, rows: int, seconds: float) -> None:
        """Show a round."""
        for table in TABLES:
            for store in Store:
                for kind in Kind:
                    labels = (table_name(table), store.value, kind.value)
                    self._differences.labels(*labels).set(counts[table, store, kind])
        self._rows.inc(rows)
        self._seconds.set(seconds)


def watch(settings: Settings, stop: threading.Event) -> None:
    """Compare the next rows every ``reconcile_every_s`` seconds until told to stop.

    Raises:
        SettingsError: a password or the hash key is not set, or the role may not read.
    """
    figures = Figures()
    figures.show(Counts(), 0, 0.0)
    serve_metrics(figures.registry, settings.metrics_host, settings.reconciler_metrics_port)
    sampler: Sampler | None = None
    reconciliation: Reconciliation | None = None
    while not stop.is_set():
        started = time.monotonic()
        try:
            if reconciliation is None:
                reconciliation = Reconciliation(settings)
                sampler = _sampler(reconciliation, settings, sampler)
            assert sampler is not None
            _round(sampler, reconciliation, figures)
        except (DependencyDown, DrainStalled) as error:
            _log.warning("a round was not finished", extra={"why": str(error)})
            if reconciliation is not None:
                reconciliation.close()
            reconciliation = None
        stop.wait(max(1.0, settings.reconcile_every_s - (time.monotonic() - started)))


def _sampler(reconciliation: Reconciliation, settings: Settings, before: Sampler | None) -> Sampler:
    made = Sampler(
        reconciliation.places,
        reconciliation.source,
        reconciliation.clickhouse,
        reconciliation.redis,
        settings.reconcile_rows,
    )
    if before is not None:
        made.go_on_from(before)
    return made


def _round(sampler: Sampler, reconciliation: Reconciliation, figures: Figures) -> None:
    started, before, rows = time.monotonic(), sampler.known, sampler.rows
    counts = sampler.round(lambda: reconciliation.pass_stream(_PATIENCE_S))
    figures.show(counts, sampler.rows - rows, time.monotonic() - started)
    for (table, store, kind), count in counts.items():
        if len(sampler.known) > len(before):
            place = {"table": table_name(table), "store": store.value, "kind": kind.value}
            _log.warning("%d rows differ: `make reconcile`", count, extra=place)


def main() -> None:
    """Run until terminated."""
    settings = load_settings()
    logs.configure(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        watch(settings, stop)
    except SettingsError as error:
        raise SystemExit(f"reconciler: {error}") from error


if __name__ == "__main__":
    main()
