"""The monitor's own Prometheus endpoint: the state of the parts, lag, and the log kept."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from stream_processors.metrics import MetricName
from stream_processors.monitor.samples import Sample

_MEANINGS: dict[MetricName, str] = {
    "promo_part_up": "1 while a part answers",
    "promo_consumer_lag": "messages that a consumer group has yet to consume",
    "promo_source_wal_kept_bytes": "log that PostgreSQL keeps for Debezium",
}


class Exposition(Collector):
    """Shows the newest round's samples that the monitor took itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._newest: Sequence[Sample] = ()
        self.registry.register(self)

    def show(self, samples: Iterable[Sample]) -> None:
        """Replace what is shown."""
        self._newest = [sample for sample in samples if sample.metric in _MEANINGS]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See :class:`prometheus_client.registry.Collector`."""
        newest = self._newest
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
