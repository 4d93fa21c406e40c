"""The scoring worker, sampled: in which stage of a batch it is, and what runs meanwhile.

``python -m benchmarks.stages FILE`` is the production worker of slot 0 with marks set around
its stages from outside. A timer interrupts the main thread 200 times a second and notes the
batch's stage and whether the stage's own code runs, Faust's, or nothing. The worker handles
one batch at a time, so the stages add up to the wall time.
"""

import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

import orjson

from stream_processors import worker
from stream_processors.delivery import Delivery
from stream_processors.feature_store import redis_store
from stream_processors.feature_store.redis_store import RedisStore
from stream_processors.intake import FaustIntake
from stream_processors.scoring import __main__ as scoring
from stream_processors.scoring import processor
from stream_processors.scoring.processor import ScoringProcessor

EVERY_S = 0.005


class Stage(StrEnum):
    """What a batch goes through."""

    FETCH = "fetch (Faust)"
    DECODE = "decode, profile"
    PACK = "pack the question, read the answer"
    EXCHANGE = "Redis: apply changes, answer"
    SCORE = "features, model, rules"
    DOCUMENTS = "documents, digests"
    DELIVER = "delivery to Kafka"
    SETTLE = "Redis: keep latest risks"
    ACKNOWLEDGE = "acknowledgement (Faust)"
    OTHER = "other"


class Doing(StrEnum):
    """What the main thread does at a moment."""

    STAGE = "the stage's own code"
    FAUST = "Faust and asyncio"
    NOTHING = "waits"


class Sampler:
    """Counts (stage, doing) while batches are at hand; idle time before and after is left out."""

    def __init__(self) -> None:
        self.stage = Stage.FETCH
        self.counts: Counter[tuple[Stage, Doing]] = Counter()
        self._fetching: Counter[tuple[Stage, Doing]] = Counter()
        self._begun = False

    def sample(self, number: int, frame: FrameType | None) -> None:
        """Note where the main thread is: a signal's handler."""
        kind = (self.stage, _doing(frame))
        (self._fetching if self.stage is Stage.FETCH else self.counts)[kind] += 1

    def batch(self) -> None:
        """A batch has come: the fetching before it counts, except before the first."""
        if self._begun:
            self.counts += self._fetching
        self._begun = True
        self._fetching.clear()
        self.stage = Stage.OTHER

    def staged(self, stage: Stage, call: Callable[..., Any]) -> Callable[..., Any]:
        """A function that runs in a stage."""

        @wraps(call)
        def run(*arguments: Any, **named: Any) -> Any:
            before, self.stage = self.stage, stage
            try:
                return call(*arguments, **named)
            finally:
                self.stage = before

        return run

    def awaited(
        self, stage: Stage, call: Callable[..., Awaitable[Any]], after: Stage | None = None
    ) -> Callable[..., Awaitable[Any]]:
        """A coroutine function that runs in a stage, and leaves the batch in another."""

        @wraps(call)
        async def run(*arguments: Any, **named: Any) -> Any:
            before, self.stage = self.stage, stage
            try:
                return await call(*arguments, **named)
            finally:
                self.stage = after or before

        return run

    def batches(self, call: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
        """The intake; whoever asks it for the next batch is fetching."""

        @wraps(call)
        async def run(*arguments: Any, **named: Any) -> AsyncIterator[Any]:
            async for batch in call(*arguments, **named):
                self.batch()
                yield batch
                self.stage = Stage.FETCH

        return run


def _doing(frame: FrameType | None) -> Doing:
    """Whose code the innermost frame that belongs to somebody is."""
    if frame is not None and frame.f_code.co_filename.endswith("selectors.py"):
        return Doing.NOTHING
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in ("stream_processors", "connectors", "ml", "redis"):
            return Doing.STAGE
        if package in ("faust", "mode", "aiokafka"):
            return Doing.FAUST
        frame = frame.f_back
    return Doing.FAUST


def mark_stages(sampler: Sampler) -> None:
    """Set marks around the stages of this process's worker."""
    plain: tuple[tuple[Any, str, Stage], ...] = (
        (processor, "plan", Stage.DECODE),
        (processor, "score", Stage.SCORE),
        (ScoringProcessor, "_score", Stage.DOCUMENTS),
        (ScoringProcessor, "_pass_on", Stage.DOCUMENTS),
        (redis_store, "question", Stage.PACK),
        (redis_store, "answer", Stage.PACK),
    )
    waiting: tuple[tuple[Any, str, Stage, Stage | None], ...] = (
        (RedisStore, "exchange", Stage.EXCHANGE, None),
        (RedisStore, "keep", Stage.SETTLE, None),
        (RedisStore, "confirm", Stage.SETTLE, None),
        (Delivery, "deliver", Stage.DELIVER, None),
        (worker.Worker, "_handle", Stage.OTHER, Stage.ACKNOWLEDGE),
    )
    for owner, name, stage in plain:
        setattr(owner, name, sampler.staged(stage, getattr(owner, name)))
    for owner, name, stage, after in waiting:
        setattr(owner, name, sampler.awaited(stage, getattr(owner, name), after))
    setattr(FaustIntake, "batches", sampler.batches(FaustIntake.batches))  # noqa: B010


def main() -> None:
    """Run the worker until it is terminated, then write the counts."""
    file, sampler = Path(sys.argv.pop()), Sampler()
    mark_stages(sampler)
    signal.signal(signal.SIGALRM, sampler.sample)
    signal.setitimer(signal.ITIMER_REAL, EVERY_S, EVERY_S)
    try:
        scoring.main()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        counts = [[stage, doing, n] for (stage, doing), n in sampler.counts.items()]
        file.write_bytes(orjson.dumps(counts))


if __name__ == "__main__":
    main()
