"""Cues in batches, each as soon as it is due."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from simulator.timeline import Cue

BATCH = 500


def wall_clock() -> datetime:
    """Now."""
    return datetime.now(UTC)


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def due_batches(
    cues: Iterable[Cue],
    now: Callable[[], datetime] = wall_clock,
    sleep: Callable[[float], None] = _sleep,
) -> Iterator[list[Cue]]:
    """Batches of at most ``BATCH`` cues that are due; blocks until the next one is.

    Cues that lie in the past come at once, so a play that fell behind catches up.
    """
    batch: list[Cue] = []
    for cue in cues:
        if batch and (len(batch) >= BATCH or cue.at > now()):
            yield batch
            batch = []
        while (wait_s := (cue.at - now()).total_seconds()) > 0:
            sleep(wait_s)
        batch.append(cue)
    if batch:
        yield batch
