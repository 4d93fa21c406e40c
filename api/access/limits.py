"""How many requests a key may make: so many a minute, over all processes together.

A process takes requests from the common count in small lots, so that most requests ask Redis
nothing. What a lot leaves over at the minute's end is lost: a client may get a hundredth of its
limit less for each process, and never gets more.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from api.access.keys import Caller
from stream_processors.feature_store.redis_store import RedisStore

WINDOW_S = 60
_LOTS = 100


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller is told.

    Attributes:
        admitted: whether this request is answered.
        limit: requests a minute.
        remaining: how many are left in this minute.
        reset_s: seconds until the next one begins.
    """

    admitted: bool
    limit: int
    remaining: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As the IETF's draft on rate-limit headers names them."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }
        return told if self.admitted else {**told, "Retry-After": str(self.reset_s)}


@dataclass(slots=True)
class _Lot:
    minute: int
    left: int
    common_left: int


class Limits:
    """Counts by key and minute."""

    def __init__(self, store: RedisStore, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._lots: dict[str, _Lot] = {}

    async def admit(self, caller: Caller) -> Allowance | None:
        """Count one request; None for a key without a limit.

        Raises:
            DependencyDown: Redis does not answer, so nobody can tell.
        """
        limit = caller.per_minute
        if limit is None:
            return None
        now = self._clock()
        minute, reset_s = int(now // WINDOW_S), WINDOW_S - int(now % WINDOW_S)
        lot = self._lots.get(caller.key_id)
        if lot is None or lot.minute != minute or lot.left == 0:
            lot = self._lots[caller.key_id] = await self._take(caller.key_id, limit, minute)
        if lot.left == 0:
            return Allowance(False, limit, 0, reset_s)
        lot.left -= 1
        return Allowance(True, limit, lot.left + lot.common_left, reset_s)

    async def _take(self, key_id: str, limit: int, minute: int) -> _Lot:
        size = max(1, limit // _LOTS)
        taken = await self._store.count(f"rate:{key_id}:{minute}", size, 2 * WINDOW_S)
        before = taken - size
        return _Lot(minute, max(0, min(size, limit - before)), max(0, limit - taken))
