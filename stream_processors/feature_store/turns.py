"""One at a time says what an account's decisions are: an analyst, or the end of an erased one's."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from stream_processors.feature_store.redis_store import RedisStore

LONGEST_TURN_MS = 20_000
"""After that a turn is free again: longer than Kafka and Redis may take together."""

_PAUSE_S = 0.02


class TurnTaken(Exception):
    """Somebody else had an account's turn for longer than one wanted to wait."""


@asynccontextmanager
async def turns(
    store: RedisStore, users: Iterable[str], patience_s: float = float("inf")
) -> AsyncIterator[None]:
    """The turn of all these accounts, taken in one order, so that nobody waits in a circle.

    Raises:
        TurnTaken: one of them was not free in time.
        DependencyDown: Redis does not answer.
    """
    async with AsyncExitStack() as taken:
        for user in sorted(users):
            token = await _take(store, user, patience_s)
            taken.push_async_callback(store.end_turn, user, token)
        yield


async def _take(store: RedisStore, user_id: str, patience_s: float) -> str:
    token, deadline = uuid.uuid4().hex, time.monotonic() + patience_s
    while not await store.take_turn(user_id, token, LONGEST_TURN_MS):
        if time.monotonic() > deadline:
            raise TurnTaken
        await asyncio.sleep(_PAUSE_S)
    return token
