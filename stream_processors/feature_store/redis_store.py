"""The feature store in Redis.

One primary holds it: the scripts touch keys of many accounts, which a Redis Cluster refuses.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import cast

import ormsgpack
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import (
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from connectors.events import IgnoredLink
from connectors.profile import Profile
from connectors.proven import async_redis_hook
from connectors.refusals import WRITE_PROBE, redis_down
from connectors.settings import Settings, required
from ml.store import CodeTerms
from stream_processors.feature_store.identifier_wire import (
    WORD_FIELDS,
    Page,
    Sweep,
    Words,
    pages,
    sweep_question,
    words,
)
from stream_processors.feature_store.wire import (
    Answer,
    Ending,
    LeftOver,
    Sourced,
    answer,
    code_terms,
    ignored_links,
    question,
)

BEATS = "beats"
"""Hash of partition to its newest heartbeat, microseconds since 1970 UTC."""

_CONNECTIONS = 1_000
"""For each process, made as they are needed: so many callers may ask at once, whoever comes beyond
them is told that Redis does not answer. Redis takes ten thousand by default."""

_AWAY = (
    RedisConnectionError,
    RedisTimeoutError,
    ReadOnlyError,
    MasterDownError,
    OutOfMemoryError,
    NoPermissionError,
    OSError,
)
"""It takes nothing for now. A full memory, too, is no fault of a message."""

_WAITING = ("MISCONF", "BUSY", "NOREPLICAS")
"""Answers that say the same without a class of their own: a full disk, a long script,
replicas that are away."""


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


@dataclass(frozen=True, slots=True)
class Decided:
    """What analysts have decided about an account; versions are 0 where they have not.

    Attributes:
        row_version: of the account's row, by which a decision says what it is about.
        label_version, links_version: moments of the newest decisions, microseconds since 1970.
        label_about, links_about: the rows that they were about; None where their topics say
            nothing more.
        ignored: its whole list of links that were declared false.
    """

    row_version: int
    label_version: int
    label_about: int | None
    links_version: int
    links_about: int | None
    ignored: tuple[IgnoredLink, ...]


@dataclass(frozen=True, slots=True)
class Traces:
    """What the store has of an account.

    Attributes:
        erased_by: version of its last erasure, 0 if there was none.
        registered: it has a row, perhaps again.
        left: it has a risk, redemptions, a label or false links.
    """

    erased_by: int
    registered: bool
    left: bool


class RedisStore:
    """Feature store and latest risks; every call is one round trip.

    All methods raise :class:`DependencyDown` while Redis is away, loading or full.
    """

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._exchange = redis.register_script(_script("identifiers.lua", "exchange.lua"))
        self._sweep = redis.register_script(_script("identifiers.lua", "sweep.lua"))
        self._keep = redis.register_script(_script("keep.lua"))
        self._confirm = redis.register_script(_script("confirm.lua"))
        self._end_turn = redis.register_script(_script("end_turn.lua"))

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

    async def pages(self, sweeps: Sequence[Sweep], page: int) -> list[Page]:
        """The next ``page`` members of each sweep, and their neighbours; changes nothing."""
        if not sweeps:
            return []
        reply = await self._call(self._sweep, sweep_question(sweeps, page))
        return pages(cast(bytes, reply), sweeps)

    async def words(self, kind: str, hashed: str) -> Words:
        """What was said of an identifier, and how many accounts have it."""
        place = f"{kind}:{hashed}"
        try:
            async with self._redis.pipeline(transaction=False) as asked:
                asked.hmget(f"word:{place}", list(WORD_FIELDS))
                asked.zcard(f"k:{place}")
                fields, count = await asked.execute()
        except (RedisError, OSError) as error:
            raise redis_down(error) from error
        return words(kind, hashed, fields, count)

    async def candidates(self) -> tuple[tuple[str, str], ...]:
        """Identifiers to measure, kind and hash: of :data:`ml.store.LARGE` accounts or more.

        And those that identify nobody as it stands, however many are left.
        """
        asked = self._redis.sunion(["large", "uncounted"])
        return _places(await self._members(asked))

    async def uncounted(self) -> tuple[tuple[str, str], ...]:
        """The identifiers that identify nobody, kind and hash."""
        return _places(await self._members(self._redis.smembers("uncounted")))

    async def _members(self, asked: object) -> set[bytes]:
        try:
            return await cast(Awaitable[set[bytes]], asked)
        except (RedisError, OSError) as error:
            raise redis_down(error) from error

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
        self,
        delivered: Iterable[NewRisk],
        erased: Sequence[str],
        passed_on: Sequence[LeftOver],
        ended: Sequence[Ending] = (),
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
                "ended": [
                    [entry.source, f"{entry.said}:{entry.user_id}", entry.token] for entry in ended
                ],
            },
        )

    async def keep_beats(self, beats: Mapping[int, int]) -> None:
        """Remember each partition's newest heartbeat. Idempotent."""
        try:
            await self._redis.hset(BEATS, mapping={str(n): beat for n, beat in beats.items()})
        except (RedisError, OSError) as error:
            raise redis_down(error) from error

    async def latest_risk(self, user_id: str) -> bytes | None:
        """The published JSON document of an account's latest risk."""
        try:
            return cast(bytes | None, await self._redis.hget(f"risk:{user_id}", "document"))
        except RedisError as error:
            raise redis_down(error) from error

    async def code_terms(self, canonical_codes: Collection[str]) -> dict[str, CodeTerms]:
        """The terms of canonical promo codes, as far as any writing of them is defined."""
        if not canonical_codes:
            return {}
        try:
            async with self._redis.pipeline(transaction=False) as asked:
                for code in canonical_codes:
                    asked.hget(f"c:{code}", "d")
                found = await asked.execute()
        except (RedisError, OSError) as error:
            raise redis_down(error) from error
        known = zip(canonical_codes, found, strict=True)
        return {code: code_terms(text) for code, text in known if text is not None}

    async def decided(self, user_id: str) -> Decided:
        """What analysts have decided about an account so far."""
        try:
            found = await self._redis.hmget(f"a:{user_id}", ["v", "dv", "da", "gv", "ga", "g"])
        except RedisError as error:
            raise redis_down(error) from error
        row, label, label_about, links, links_about, packed = cast(list[bytes | None], found)
        return Decided(
            row_version=int(row or 0),
            label_version=int(label or 0),
            label_about=None if label_about is None else int(label_about),
            links_version=int(links or 0),
            links_about=None if links_about is None else int(links_about),
            ignored=ignored_links(packed) if packed else (),
        )

    async def erasure_of(self, user_id: str) -> Traces:
        """What there is of an account, to tell how far its erasure is."""
        key = f"a:{user_id}"
        places = (f"risk:{user_id}", f"z:{user_id}", f"x:{user_id}")
        try:
            async with self._redis.pipeline(transaction=False) as asked:
                asked.hmget(key, ["e", "t", "d", "g"])
                asked.exists(*places)
                (erased, signed_up, *decided), elsewhere = await asked.execute()
        except (RedisError, OSError) as error:
            raise redis_down(error) from error
        return Traces(
            erased_by=int(erased or 0),
            registered=signed_up is not None,
            left=bool(elsewhere) or any(value is not None for value in decided),
        )

    async def who_ignores(self, user_id: str) -> tuple[str, ...]:
        """The accounts whose lists name a false link of this one (its own list too), in order."""
        try:
            members = await cast(Awaitable[set[bytes]], self._redis.smembers(f"x:{user_id}"))
        except RedisError as error:
            raise redis_down(error) from error
        return tuple(sorted({member.split(b"\0", 1)[0].decode() for member in members}))

    async def take_turn(self, user_id: str, token: str, longest_ms: int) -> bool:
        """Be the only one that decides about an account; False while somebody else is."""
        try:
            taken = await self._redis.set(f"turn:{user_id}", token, nx=True, px=longest_ms)
        except RedisError as error:
            raise redis_down(error) from error
        return bool(taken)

    async def end_turn(self, user_id: str, token: str) -> None:
        """Give the turn back, if it is still ours."""
        await self._call(self._end_turn, token.encode(), f"turn:{user_id}")

    async def count(self, name: str, by: int, kept_s: int) -> int:
        """Raise a counter; it is forgotten ``kept_s`` seconds after its first raise."""
        try:
            async with self._redis.pipeline(transaction=True) as both:
                both.incrby(name, by)
                both.expire(name, kept_s, nx=True)
                total, _ = await both.execute()
        except (RedisError, OSError) as error:
            raise redis_down(error) from error
        return int(total)

    async def kept(self, key: str) -> bytes | None:
        """The text under a key, None where there is none."""
        try:
            return cast(bytes | None, await self._redis.get(key))
        except RedisError as error:
            raise redis_down(error) from error

    def script(self, *names: str) -> Callable[[bytes], Awaitable[object]]:
        """A script of this folder, its files one after the other, to be called with an argument."""
        script = self._redis.register_script(_script(*names))

        async def called(packed: bytes) -> object:
            return await self._call(script, packed)

        return called

    async def ping(self) -> None:
        """Raise :class:`DependencyDown` unless Redis answers and takes writes."""
        try:
            await self._redis.setrange(*WRITE_PROBE)
        except (RedisError, OSError) as error:
            raise redis_down(error) from error

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def _users(self, script: object, argument: object) -> set[str]:
        found = await self._call(script, ormsgpack.packb(argument))
        return {user.decode() for user in cast(list[bytes], found)}

    async def _call(self, script: object, packed: bytes, *keys: str) -> object:
        try:
            return await script(keys=keys, args=[packed])  # type: ignore[operator]
        except _AWAY as error:
            raise redis_down(error) from error
        except ResponseError as error:
            if str(error).startswith(_WAITING):
                raise redis_down(error) from error
            raise


def connect(settings: Settings, timeout_s: float = 10.0) -> RedisStore:
    """A store on the configured Redis; no connection is opened before the first call."""
    return RedisStore(
        Redis(
            host=settings.redis_host,
            port=settings.redis_port,
            password=required(settings.redis_password, "redis_password"),
            redis_connect_func=async_redis_hook(settings.owners),
            socket_timeout=timeout_s,
            socket_connect_timeout=min(2.0, timeout_s),
            max_connections=_CONNECTIONS,
            retry=Retry(NoBackoff(), 1),
        )
    )


def _places(members: Iterable[bytes]) -> tuple[tuple[str, str], ...]:
    """Members ``<kind>:<hash>`` in order."""
    named = (member.decode().partition(":") for member in sorted(members))
    return tuple((kind, hashed) for kind, _, hashed in named)


def _text(revision: int | None) -> str | bool:
    """A revision for Lua, where a number would lose digits; False stands for none."""
    return False if revision is None else str(revision)


def _script(*names: str) -> str:
    folder = resources.files(__package__)
    return "\n".join(folder.joinpath(name).read_text() for name in names)
