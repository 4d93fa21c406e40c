"""A warehouse that a dashboard asks: samples go in as the monitor stores them, answers come out."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from connectors.settings import Settings
from grafana.queries import query
from grafana.viewer.macros import resolve
from grafana.viewer.period import Span
from stream_processors.monitor.samples import Sample
from tests.warehouse_filling import empty, insert
from warehouse.client import reader
from warehouse.rows import Row, Table, metric_row

FILLED = (
    Table.PIPELINE_METRICS,
    Table.USERS,
    Table.PROMO_CODES,
    Table.PROMO_USAGES,
    Table.AUDIT_LOG,
    Table.DEAD_LETTERS,
)


class Board:
    """Asks one stack's warehouse.

    Moments are seconds after ``begin_s``, which is a whole minute half an hour ago: metrics that
    are old are removed, and a stretch of 15 s begins there.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.begin_s = int(time.time()) // 60 * 60 - 1_800

    def rows(self, *rows: Row) -> None:
        """Insert rows of any table."""
        insert(self._settings, rows)

    def round(self, at_s: float, *samples: Sample) -> None:
        """Store what the monitor saw in one round."""
        self.rounds([(at_s, samples)])

    def rounds(self, rounds: Sequence[tuple[float, Sequence[Sample]]]) -> None:
        """Store several rounds."""
        self.rows(*(self._row(at_s, sample) for at_s, samples in rounds for sample in samples))

    def _row(self, at_s: float, sample: Sample) -> Row:
        at_us = round((self.begin_s + at_s) * 1e6)
        return metric_row(at_us, sample.part, sample.metric, dict(sample.labels), sample.value)

    @property
    def now_s(self) -> float:
        """This moment."""
        return time.time() - self.begin_s

    def ask(self, name: str, to_s: float = 600) -> list[dict[str, Any]]:
        """The answer's rows, by column, for the period up to a moment."""
        span = Span(self.begin_s * 1_000, round((self.begin_s + to_s) * 1e3))
        asked = resolve(query(name), span, {})
        with reader(self._settings) as client:
            found = client.query(asked.sql, parameters=dict(asked.parameters))
        return [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]

    def lines(
        self, name: str, series: str, value: str, to_s: float = 600
    ) -> Mapping[str, dict[int, float]]:
        """What a chart draws: of each series, values by the second at which a stretch begins."""
        drawn: dict[str, dict[int, float]] = {}
        for row in self.ask(name, to_s):
            at_s = round(row["time"].timestamp()) - self.begin_s
            drawn.setdefault(row[series], {})[at_s] = row[value]
        return drawn


@contextmanager
def empty_board(settings: Settings) -> Iterator[Board]:
    """A board of a warehouse without rows, and again without them afterwards."""
    empty(settings, *FILLED)
    try:
        yield Board(settings)
    finally:
        empty(settings, *FILLED)
