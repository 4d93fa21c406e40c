"""The feature store in Redis.

One primary holds it: the scripts touch keys of many accounts, which a Redis Cluster refuses.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import cast

import ormsgpack
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from connectors.errors import DependencyDown
from connectors.profile import Profile
from connectors.settings import Settings, required
from ml.store import CodeTerms
from stream_processors.feature_store.wire import (
    Answer,
    LeftOver,
    Sourced,
    answer,
    code_terms,
    question,
)

_WAITING = ("LOADING", "OOM", "MISCONF", "READONLY", "BUSY", "MASTERDOWN")


@dataclass(frozen=True, slots=True)
class NewRisk:
    """A latest risk to keep.

    Attributes:
        user_id: the account.
        compared_with: revision of the risk that was found, None if there was none.
        replaces: the revision before its own, None if it is the first.
        revision: its own.
        digest: of its content.
        alert: state of the account's alert, empty if it never had one.
        document: the published score, JSON; empty keeps the one that is there.
    """

    user_id: str
    compared_with: int | None
    replaces: int | None
    revision: int
    digest: str
    alert: str
    document: str


class RedisStore:
    """Feature store and latest risks; every call is one round trip.

    All methods raise :class:`DependencyDown` while Redis is away, loading or full.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._exchange = redis.register_script(_script("exchange.lua"))
        self._keep = redis.register_script(_script("keep.lua"))
        self._confirm = redis.register_script(_script("confirm.lua"))

    async def exchange(
        self,
        changes: Sequence[Sourced],
        subjects: Sequence[str],
        token: str = "",
        hypothetical: Iterable[Profile] = (),
    ) -> Answer:
        """Apply changes in order, then answer about the subjects. Idempotent.

        Args:
            changes: each applies only if it is not older than its row.
            subjects: accounts to answer about.
            token: marks outbox entries that this call makes.
            hypothetical: registrations to answer about as if they were stored; the answers
                follow those of ``subjects``.
        """
        packed = question(changes, subjects, token, hypothetical)
        return answer(cast(bytes, await self._call(self._exchange, packed)))

    async def keep(self, risks: Sequence[NewRisk]) -> set[str]:
        """Keep latest risks as undelivered. Idempotent.

        Returns:
            Accounts whose risk another writer replaced meanwhile: nothing was kept of them, they
            must be scored again.
        """
        rows = [
            [
                risk.user_id,
                _text(risk.compared_with),
                _text(risk.replaces),
                str(risk.revision),
                risk.digest,
                risk.alert,
                risk.document,
            ]
            for risk in risks
        ]
        return await self._users(self._keep, {"risks": rows})

    async def confirm(
        self, delivered: Iterable[NewRisk], erased: Sequence[str], passed_on: Sequence[LeftOver]
    ) -> set[str]:
        """Mark risks as delivered, drop erased accounts' risks, clear outbox entries. Idempotent.

        Returns:
            Accounts whose risk another writer replaced meanwhile: that one must be published
            again, because the one just delivered may be the topic's last.
        """
        return await self._users(
            self._confirm,
            {
                "delivered": [[risk.user_id, str(risk.revision)] for risk in delivered],
                "erased": list(erased),
                "passed_on": [[entry.source, entry.user_id, entry.token] for entry in passed_on],
            },
        )

    async def latest_risk(self, user_id: str) -> bytes | None:
        """The published JSON document of an account's latest risk."""
        try:
            return cast(bytes | None, await self._redis.hget(f"risk:{user_id}", "document"))
        except RedisError as error:
            raise _down(error) from error

    async def code_terms(self, promo_code: str) -> CodeTerms | None:
        """The terms of a promo code, None where it is not defined."""
        try:
            text = cast(bytes | None, await self._redis.hget(f"c:{promo_code}", "d"))
        except RedisError as error:
            raise _down(error) from error
        return None if text is None else code_terms(text)

    async def ping(self) -> None:
        """Raise :class:`DependencyDown` unless Redis answers."""
        try:
            await self._redis.ping()
        except RedisError as error:
            raise _down(error) from error

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def _users(self, script: object, argument: object) -> set[str]:
        found = await self._call(script, ormsgpack.packb(argument))
        return {user.decode() for user in cast(list[bytes], found)}

    async def _call(self, script: object, packed: bytes) -> object:
        try:
            return await script(args=[packed])  # type: ignore[operator]
        except (RedisConnectionError, RedisTimeoutError, ReadOnlyError, OSError) as error:
            raise _down(error) from error
        except ResponseError as error:
            if str(error).startswith(_WAITING) or "OOM" in str(error):
                raise _down(error) from error
            raise


def connect(settings: Settings, timeout_s: float = 10.0) -> RedisStore:
    """A store on the configured Redis; no connection is opened before the first call."""
    return RedisStore(
        Redis(
            host=settings.redis_host,
            port=settings.redis_port,
            password=required(settings.redis_password, "redis_password"),
            socket_timeout=timeout_s,
            socket_connect_timeout=min(2.0, timeout_s),
            retry=Retry(NoBackoff(), 1),
        )
    )


def _text(revision: int | None) -> str | bool:
    """A revision for Lua, where a number would lose digits; False stands for none."""
    return False if revision is None else str(revision)


def _script(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text()


def _down(error: Exception) -> DependencyDown:
    return DependencyDown(f"Redis: {error}")
