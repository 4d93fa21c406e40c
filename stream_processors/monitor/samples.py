"""What is measured: one number of one part, and how Prometheus writes many of them. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from connectors.errors import DependencyDown
from stream_processors.metrics import MetricName

_OURS = "promo_"
_CREATION_TIME = "_created"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number; ``labels`` are pairs in order of their names.

    ``metric`` is a :data:`stream_processors.metrics.MetricName`, for histograms followed by
    ``_sum``, ``_count`` or ``_bucket`` (the label ``le`` is a bucket's upper bound).
    """

    part: str
    metric: str
    labels: tuple[tuple[str, str], ...]
    value: float


def own(part: str, metric: MetricName, value: float, **labels: str) -> Sample:
    """A sample that the monitor takes itself."""
    return Sample(part, metric, tuple(sorted(labels.items())), value)


def scraped(part: str, text: str) -> list[Sample]:
    """The pipeline's metrics among those that a part shows in Prometheus' text format.

    Raises:
        DependencyDown: it is not in that format.
    """
    try:
        return list(_read(part, text))
    except (ValueError, KeyError) as error:
        raise DependencyDown(f"{part} shows no Prometheus metrics: {error}") from None


def _read(part: str, text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        if not family.name.startswith(_OURS):
            continue
        for found in family.samples:
            # ClickHouse's JSON has no numbers that are none, and nobody asks for births.
            if math.isfinite(found.value) and not found.name.endswith(_CREATION_TIME):
                labels = tuple(sorted(found.labels.items()))
                yield Sample(part, found.name, labels, found.value)
