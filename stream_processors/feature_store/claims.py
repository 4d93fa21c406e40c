"""Claims of promo codes in Redis: each is decided and reserved in one atomic script.

Open claims are the one thing in Redis that no topic can rebuild. They are in its append-only file,
which is written to disk every second: a Redis that is lost with its machine takes the claims of at
most its last second with it, and those accounts may be granted a slot again. Everything that is
kept for claims expires: claims, and what was told with them, after the setting ``claim_ttl_s``, the
answers to idempotency keys after a day. A claim holds its slot until then, so slots are exact as
long as redemptions reach the store through the stream within that time.
"""

from typing import cast

from stream_processors.feature_store.claim_wire import (
    Attempt,
    Decision,
    Ending,
    attempt,
    decision,
    ending,
    record_key,
    standing,
)
from stream_processors.feature_store.redis_store import RedisStore


class Claims:
    """Claims of one deployment.

    All methods raise :class:`connectors.errors.DependencyDown` while Redis is away, loading or
    full.
    """

    def __init__(self, store: RedisStore) -> None:
        self._store = store
        self._claim = store.script("slots.lua", "identifiers.lua", "claim.lua")
        self._standing = store.script("slots.lua", "standing.lua")
        self._release = store.script("slots.lua", "release.lua")

    async def answered(self, client: str, key: str) -> Decision | None:
        """What a client was answered under an idempotency key within the last day."""
        record = await self._store.kept(record_key(client, key))
        return None if record is None else decision(record)

    async def claim(self, asked: Attempt) -> Decision | None:
        """Decide an attempt by the cluster as it is at this moment. Idempotent.

        Returns:
            What was decided; what was decided first, where the client used the key before,
            whether or not the request is the same; None if nothing is known of the account.
        """
        record = await self._claim(attempt(asked))
        return None if record is None else decision(cast(bytes, record))

    async def ended(self, user_id: str, canonical_code: str, granted: Decision) -> Ending | None:
        """How a claim that was granted has ended, None while it is open."""
        found = cast(
            bytes, await self._standing(standing(user_id, canonical_code, granted))
        ).decode()
        return None if found == "open" else Ending(found)

    async def release(self, user_id: str, claim_id: str) -> bool:
        """End an open claim of an account; False if there was none to end. Idempotent."""
        return bool(await self._release(ending(user_id, claim_id)))
