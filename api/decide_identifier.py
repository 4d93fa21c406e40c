"""What analysts say of values that accounts share: that one identifies nobody, or that it does."""

import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.decide import PATIENCE_S, Author, is_being_decided
from api.problems import Refused, Trouble
from api.schemas.problem import Kind
from connectors import audit, identifier_decisions
from connectors.audit import Action, AuditEntry
from connectors.errors import UnknownAccount
from connectors.events import Authority, IdentifierDecided, Origin
from connectors.topics import Topic
from ml.store import STRONG_LINKS, Link, Neighbourhood, identifiers
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.feature_store.identifier_wire import Words
from stream_processors.feature_store.redis_store import RedisStore
from stream_processors.feature_store.turns import TurnTaken, turns
from stream_processors.feature_store.wire import Sourced

LEAST_SHARED = 20
"""A value of fewer accounts may be one person's, whose erasure would leave the decision; and links
between a few accounts are declared false one by one."""


@dataclass(frozen=True, slots=True)
class SharedIdentifier:
    """What stands of one of an account's identifiers."""

    kind: Link
    words: Words


class IdentifierDecisions:
    """Takes decisions; each returns once Kafka has acknowledged it.

    Raises as :class:`api.decide.Decisions`.
    """

    def __init__(
        self,
        store: RedisStore,
        delivery: Delivery,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._store, self._delivery, self._clock_us = store, delivery, clock_us

    async def decide(
        self, user_id: str, kind: Link, identifies: bool | None, note: str, author: Author
    ) -> SharedIdentifier:
        """Say whether an account's identifier identifies anybody; what stands afterwards.

        None takes back what analysts said; then the measurement's word stands.
        """
        hashed = await self._hash_of(user_id, kind)
        async with self._turn(kind, hashed):
            words = await self._store.words(kind.value, hashed)
            if identifies is False and words.accounts < LEAST_SHARED:
                raise _conflict(
                    f"{words.accounts} accounts have this {kind.value}, {LEAST_SHARED} are wanted:"
                    " links between a few are declared false by /v1/links/ignore."
                )
            before = words.of(Authority.ANALYST)
            version = max(self._clock_us(), before.origin.version + 1 if before else 0)
            decision = IdentifierDecided(
                kind.value,
                hashed,
                Authority.ANALYST,
                identifies,
                Origin(version, version),
                author.caller.name,
                note,
                words.accounts,
            )
            await self._publish(decision, user_id, author)
            return SharedIdentifier(kind, await self._store.words(kind.value, hashed))

    async def _hash_of(self, user_id: str, kind: Link) -> str:
        (known,) = (await self._store.exchange((), (user_id,))).subjects
        if known.neighbourhood is None:
            raise UnknownAccount
        hashed = identifiers(known.neighbourhood.profile).get(kind)
        if hashed is None:
            raise _conflict(f"This account has no {kind.value} by which it could be linked.")
        return hashed

    async def _publish(self, decision: IdentifierDecided, user_id: str, author: Author) -> None:
        caller, at_us = author.caller, decision.origin.version
        ignored = None if decision.identifies is None else not decision.identifies
        detail = {"kind": decision.kind, "ignored": ignored, "shared_by": decision.shared_by}
        entry = AuditEntry(
            Action.IDENTIFIER, user_id, at_us, caller.name, caller.key_id, detail, author.request_id
        )
        key, value = identifier_decisions.key(decision), identifier_decisions.encode(decision)
        message = Outgoing(Topic.IDENTIFIER_DECISIONS, key, value)
        told = Outgoing(Topic.AUDIT, user_id.encode(), audit.encode(entry))
        sources = await self._delivery.deliver([message, told])
        (source,) = (found for found in sources if found.startswith(Topic.IDENTIFIER_DECISIONS))
        # The worker that reads the message applies it again, and begins the sweep.
        await self._store.exchange([Sourced(decision, source)], (), token=uuid.uuid4().hex)

    @asynccontextmanager
    async def _turn(self, kind: Link, hashed: str) -> AsyncIterator[None]:
        try:
            async with turns(self._store, (f"{kind.value}:{hashed}",), PATIENCE_S):
                yield
        except TurnTaken:
            raise is_being_decided("this identifier") from None


async def shared_identifiers(store: RedisStore, around: Neighbourhood) -> list[SharedIdentifier]:
    """Of an account's identifiers, those of which anybody says whether they identify anybody."""
    found = [
        SharedIdentifier(kind, await store.words(kind.value, hashed))
        for kind, hashed in identifiers(around.profile).items()
        if kind in STRONG_LINKS
    ]
    return [one for one in found if one.words.standing is not None]


def _conflict(detail: str) -> Refused:
    return Refused(Trouble(Kind.CONFLICT, detail))
