"""The monitor's own Prometheus endpoint: the state of the parts, lag, and the log kept."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from stream_processors.metrics import MetricName
from stream_processors.monitor.samples import Sample

_MEANINGS: dict[MetricName, str] = {
    "promo_part_up": "1 while a part answers",
    "promo_consumer_lag": "messages that a consumer group has yet to consume",
    "promo_source_wal_kept_bytes": "log that PostgreSQL keeps for Debezium",
    "promo_source_lag_bytes": "log that PostgreSQL wrote and Debezium's slot has not confirmed yet",
    "promo_drift_psi": "population stability index of a feature: 0.1 is little, 0.25 much",
    "promo_score_psi": "population stability index of the published score",
    "promo_alert_rate": "share of the accounts scored last at a level that raises an alert",
    "promo_heartbeat_age_seconds": "how old the newest heartbeat is that a stage has passed on",
    "promo_health_problem": "1 for each reason why rows do not arrive",
    "promo_alert_rate_trained": "the same among the accounts that the model was trained on",
    "promo_uncounted_identifiers": "values that accounts share and that identify nobody",
    "promo_uncounted_accounts": "accounts that have them",
}


class Kind(StrEnum):
    """What is looked at, each in its own time."""

    PARTS = "parts"
    DRIFT = "drift"
    SHARED_VALUES = "shared values"
    HEALTH = "health"


class Exposition(Collector):
    """Shows the newest samples of each kind that the monitor took itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._newest: dict[Kind, Sequence[Sample]] = {}
        self.registry.register(self)

    def show(self, samples: Iterable[Sample], kind: Kind = Kind.PARTS) -> None:
        """Replace what is shown of a kind."""
        shown = [sample for sample in samples if sample.metric in _MEANINGS]
        self._newest = {**self._newest, kind: shown}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See :class:`prometheus_client.registry.Collector`."""
        newest = [sample for samples in self._newest.values() for sample in samples]
        for name, meaning in _MEANINGS.items():
            found = [sample for sample in newest if sample.metric == name]
            family = GaugeMetricFamily(name, meaning, labels=_label_names(name, found))
            for sample in found:
                labels = [value for _, value in sample.labels]
                family.add_metric(
                    [sample.part, *labels] if _of_part(name) else labels, sample.value
                )
            yield family


def _label_names(name: MetricName, samples: Sequence[Sample]) -> list[str]:
    names = [label for label, _ in samples[0].labels] if samples else []
    return ["part", *names] if _of_part(name) else names


def _of_part(name: MetricName) -> bool:
    return name == "promo_part_up"
