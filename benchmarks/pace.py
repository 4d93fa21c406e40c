"""Rows into PostgreSQL at a steady rate, each with the time of its commit."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from connectors.loading.rows import Row
from connectors.loading.write import Fate, connect, write
from connectors.settings import Settings

OnCommit = Callable[[Sequence[Row], float], None]
"""Told the rows of a transaction, and the time (seconds since 1970) just before its commit."""

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Written:
    """What a paced writer has done; ``rate`` is what it reached, in rows per second."""

    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def write_all(settings: Settings, rows: Iterable[Row]) -> int:
    """Write rows as fast as possible; returns how many were not there before."""
    written = 0
    with connect(settings) as connection:
        for batch in _batches(iter(rows), _AT_ONCE):
            outcomes = write(connection, batch)
            written += sum(outcome.fate is Fate.ACCEPTED for outcome in outcomes)
    return written


def write_paced(
    settings: Settings,
    rows: Iterator[Row],
    rate: float,
    seconds: float,
    *,
    transactions: float,
    on_commit: OnCommit = lambda rows, at: None,
) -> Written:
    """Write rows at a rate; what falls behind its schedule is made up for.

    Args:
        settings: where PostgreSQL is.
        rows: what to write, in order.
        rate: rows per second.
        seconds: for how long.
        transactions: per second; the rows of one are committed together.
        on_commit: told of every transaction after it was committed.
    """
    size = max(1, round(rate / transactions))
    total, written = round(rate * seconds), 0
    with connect(settings) as connection:
        started = time.monotonic()
        for batch in _batches(islice(rows, total), size):
            time.sleep(max(0.0, started + written / rate - time.monotonic()))
            at = time.time()
            write(connection, batch)
            on_commit(batch, at)
            written += len(batch)
        return Written(written, time.monotonic() - started)


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch
