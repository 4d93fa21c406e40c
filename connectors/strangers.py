"""How often all who show no live key may ask a process together: what they ask costs us, too.

A probe or a scraper comes every few seconds, and a page brings a dozen files. Who asks faster is
held back for a moment, so that the loops of a flood run slowly; only what a flood asks beyond
that is refused. Probes and scrapers are held back at most: their answers are kept ready.
"""

import asyncio
import time
from collections.abc import Callable

PER_SECOND = 20.0
AT_ONCE = 100.0
"""So many requests may come together after a quiet time."""

HELD_BACK_S = 0.5
_MOST_HELD_BACK = 32


class Strangers:
    """Counts the requests of a process; ``clock`` is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left, self._at = AT_ONCE, clock()
        self._held_back = 0

    async def admit(self) -> bool:
        """Whether another request is within the limit, if need be a moment later."""
        if self._take():
            return True
        if self._held_back >= _MOST_HELD_BACK:
            return False
        self._held_back += 1
        try:
            await asyncio.sleep(HELD_BACK_S)
        finally:
            self._held_back -= 1
        return self._take()

    def _take(self) -> bool:
        now = self._clock()
        self._left = min(AT_ONCE, self._left + (now - self._at) * PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
