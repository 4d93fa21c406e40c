"""How far each part of the stream is behind, looked at while traffic runs."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from connectors.lag import GROUPS, Offsets
from connectors.loading.rows import Row
from connectors.settings import Settings
from connectors.topics import SCORING_GROUP, WAREHOUSE_GROUP, Topic

CAPTURE = "Debezium"
SCORING = "scoring"
WAREHOUSE = "warehouse"
LAGS = (CAPTURE, SCORING, WAREHOUSE)

_SOURCES = (Topic.USERS, Topic.PROMO_USAGES, Topic.PROMO_CODES)
_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Sample:
    """Lags in messages, ``at_s`` seconds after the first look."""

    at_s: float
    lags: Mapping[str, float]


class LagMeter:
    """Looks twice a second, in a thread, while it is entered."""

    def __init__(self, settings: Settings) -> None:
        self.samples: list[Sample] = []
        self._offsets = Offsets(settings)
        self._rows = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lags", daemon=True)

    def __enter__(self) -> "LagMeter":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def committed(self, rows: Sequence[Row], at: float) -> None:
        """Take note of a transaction."""
        self._rows += len(rows)

    def _run(self) -> None:
        started, base = time.monotonic(), self._captured()
        while not self._stopping.wait(_LOOK_EVERY_S):
            at_s, rows = time.monotonic() - started, self._rows
            lags: dict[str, float] = {CAPTURE: max(0, rows - (self._captured() - base))}
            for name, group in ((SCORING, SCORING_GROUP), (WAREHOUSE, WAREHOUSE_GROUP)):
                ends = self._offsets.all_ends(GROUPS[group])
                lags[name] = sum(self._offsets.behind(group, ends).values())
            self.samples.append(Sample(at_s, lags))

    def _captured(self) -> int:
        return sum(e.end for ends in self._offsets.all_ends(_SOURCES).values() for e in ends)


def trend(samples: Sequence[Sample], name: str) -> float:
    """Messages a second by which a lag grows: the slope of a straight line through it."""
    times = np.array([sample.at_s for sample in samples])
    slope, _ = np.polyfit(times, np.array([sample.lags[name] for sample in samples]), 1)
    return float(slope)
