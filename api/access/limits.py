"""How many requests a key may make: so many a minute, over all processes together.

A process takes requests from the common count in small lots, so that most requests ask Redis
nothing. What a lot leaves over at the minute's end is lost: a client may get a hundredth of its
limit less for each process, and never gets more.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

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
    """What this process may still admit in a minute, and what is left for everybody then."""

    minute: int
    left: int
    common_left: int

    @property
    def spent(self) -> bool:
        """Nothing is left here, and nothing can be had."""
        return self.left == 0 and self.common_left == 0


class Limits:
    """Counts by key and minute."""

    def __init__(self, store: RedisStore, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._lots: dict[str, _Lot] = {}
        self._taking: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def admit(self, caller: Caller) -> Allowance | None:
        """Count one request; None for a key without a limit.

        Raises:
            DependencyDown: Redis does not answer, so nobody can tell.
        """
        limit = caller.per_minute
        if limit is None:
            return None
        now = self._clock()
        reset_s = WINDOW_S - int(now % WINDOW_S)
        lot = await self._lot(caller.key_id, limit, int(now // WINDOW_S))
        if lot.left == 0:
            return Allowance(False, limit, 0, reset_s)
        lot.left -= 1
        return Allowance(True, limit, lot.left + lot.common_left, reset_s)

    async def _lot(self, key_id: str, limit: int, minute: int) -> _Lot:
        lot = self._lots.get(key_id)
        if _serves(lot, minute):
            return lot
        async with self._taking[key_id]:  # one takes for all who wait
            lot = self._lots.get(key_id)
            if not _serves(lot, minute):
                lot = self._lots[key_id] = await self._take(key_id, limit, minute)
            return lot

    async def _take(self, key_id: str, limit: int, minute: int) -> _Lot:
        size = max(1, limit // _LOTS)
        taken = await self._store.count(f"rate:{key_id}:{minute}", size, 2 * WINDOW_S)
        before = taken - size
        return _Lot(minute, max(0, min(size, limit - before)), max(0, limit - taken))


def _serves(lot: _Lot | None, minute: int) -> TypeGuard[_Lot]:
    return lot is not None and lot.minute == minute and (lot.left > 0 or lot.spent)
