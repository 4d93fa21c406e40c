"""Samples on their way into ClickHouse; some of them wait while it is ill, none delays anything."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from connectors.errors import DependencyDown
from stream_processors.monitor.samples import Sample
from warehouse.rows import Row, metric_row

MOST_ROUNDS = 120
"""Ten minutes of five seconds; older rounds are dropped."""

_AT_ONCE = 24
_PAUSE_S = 5.0
_log = logging.getLogger(__name__)


class Backlog:
    """Rounds of samples that ClickHouse does not have yet, oldest first.

    Args:
        insert: inserts rows; idempotent.
        most: rounds that are kept.
        pause_s: between attempts.
    """

    def __init__(
        self,
        insert: Callable[[Sequence[Row]], Awaitable[object]],
        most: int = MOST_ROUNDS,
        pause_s: float = _PAUSE_S,
    ) -> None:
        self._insert = insert
        self._most = most
        self._pause_s = pause_s
        self._rounds: deque[tuple[int, Sequence[Sample]]] = deque()
        self._filled = asyncio.Event()

    def add(self, sampled_at_us: int, samples: Sequence[Sample]) -> None:
        """Take a round; the oldest goes where there are too many."""
        self._rounds.append((sampled_at_us, samples))
        self._trim()
        self._filled.set()

    async def run(self) -> None:
        """Insert rounds as they come, until cancelled."""
        ill = False
        while True:
            await self._filled.wait()
            why = await self._write()
            if why and not ill:
                _log.warning("samples wait for ClickHouse", extra={"why": why})
            elif ill and not why:
                _log.warning("samples are written again")
            ill = bool(why)
            if ill:
                await asyncio.sleep(self._pause_s)

    async def _write(self) -> str:
        """Insert some rounds; returns why not, if it did not work."""
        taken = list(islice(self._rounds, _AT_ONCE))
        for _ in taken:
            self._rounds.popleft()
        try:
            await self._insert([row for at, samples in taken for row in _rows(at, samples)])
        except (DependencyDown, ClickHouseError) as error:
            self._rounds.extendleft(reversed(taken))
            self._trim()
            return str(error)
        if not self._rounds:
            self._filled.clear()
        return ""

    def _trim(self) -> None:
        while len(self._rounds) > self._most:
            self._rounds.popleft()


def _rows(sampled_at_us: int, samples: Sequence[Sample]) -> list[Row]:
    return [metric_row(sampled_at_us, s.part, s.metric, dict(s.labels), s.value) for s in samples]
