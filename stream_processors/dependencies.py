"""Waiting for what is down: retry with back-off while consumption stands still."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.errors import DependencyDown
from stream_processors.metrics import Metrics

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_log = logging.getLogger(__name__)
T = TypeVar("T")


async def until_up(dependency: str, operation: Callable[[], Awaitable[T]], metrics: Metrics) -> T:
    """Run an idempotent operation until its dependency answers.

    Pauses grow from 0.1 s to 5 s, with jitter; what is raised other than
    :class:`DependencyDown` passes through.
    """
    pause_s, up = _FIRST_PAUSE_S, metrics.dependency_up.labels(dependency)
    while True:
        try:
            result = await operation()
        except DependencyDown as error:
            if pause_s == _FIRST_PAUSE_S:
                _log.warning("waiting for a dependency", extra={"why": str(error)})
            up.set(0)
            await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
        else:
            if pause_s > _FIRST_PAUSE_S:
                _log.warning("the dependency is back", extra={"dependency": dependency})
            up.set(1)
            return result
