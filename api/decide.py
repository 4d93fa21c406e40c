"""Analysts' decisions: published for the stream, and known at once to whoever decides next.

The topic keeps an account's newest message alone, so each message repeats the account's whole
list. Whoever decides about an account has its turn, reads the list that stands, publishes the
list that is to stand, and applies it to the store, from where the next one reads it. The scoring
worker applies the same message again, which changes nothing, and has the accounts scored again.
"""

import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.access.keys import Caller
from api.problems import RETRY_AFTER_S, Refused, Trouble
from api.schemas.problem import Kind
from connectors import audit
from connectors.audit import Action, AuditEntry
from connectors.decisions import MOST_IGNORED, encode_label, encode_links
from connectors.errors import UnknownAccount
from connectors.events import Decision, IgnoredLink, Labelled, LinksDecided, Origin
from connectors.topics import Topic
from ml.store import Link
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.feature_store.redis_store import Decided, RedisStore
from stream_processors.feature_store.turns import TurnTaken, turns
from stream_processors.feature_store.wire import Sourced

PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Author:
    """Who decides, and in which request."""

    caller: Caller
    request_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A link that was declared false, and in whose list it stands."""

    user_id: str
    link: IgnoredLink


Detail = Mapping[str, str | bool | None]


class Decisions:
    """Takes decisions; each returns once Kafka has acknowledged it.

    All methods raise :class:`UnknownAccount` for an account without a risk,
    :class:`DependencyDown` while Kafka or Redis is away, and :class:`Refused` while somebody
    else decides about the account for longer than two seconds.
    """

    def __init__(
        self,
        store: RedisStore,
        delivery: Delivery,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._store, self._delivery, self._clock_us = store, delivery, clock_us

    async def label(self, user_id: str, label: bool | None, note: str, author: Author) -> Labelled:
        """Say what an account is; None takes back what was said before."""
        await self._must_exist(user_id)
        async with self._turn(user_id):
            known = await self._store.decided(user_id)
            version = self._after(known.label_version)
            decision = Labelled(user_id, label, Origin(version, version), known.row_version)
            value = encode_label(decision, author.caller.name, note)
            told = _told(author, Action.LABEL, user_id, version, {"is_abuser": label})
            await self._publish(decision, Topic.LABELS, value, told)
        return decision

    async def ignore(
        self, user_id: str, other: str, through: Link | None, note: str, author: Author
    ) -> list[Standing]:
        """Declare two accounts falsely linked; what stands between them afterwards.

        A link that is ignored already stays as it was decided.
        """
        await self._must_exist(user_id, other)
        async with self._turn(user_id, other):
            found = await self._between(user_id, other)
            if not any(one.link.through == through for one in found):
                about = (await self._store.decided(other)).row_version
                now_us, name = self._clock_us(), author.caller.name
                link = IgnoredLink(other, through, name, note, now_us, about)
                await self._add(user_id, link, author)
                found.append(Standing(user_id, link))
        return found

    async def take_back(
        self, user_id: str, other: str, through: Link | None, author: Author
    ) -> list[Standing]:
        """Let two accounts count as linked again; what stands between them afterwards.

        None takes back all that was decided between them, whichever of both lists it is in.
        """
        await self._must_exist(user_id, other)
        async with self._turn(user_id, other):
            found = await self._between(user_id, other)
            taken = [one for one in found if through is None or one.link.through == through]
            for owner in sorted({one.user_id for one in taken}):
                links = {one.link for one in taken if one.user_id == owner}
                await self._remove(owner, links, author)
        return [one for one in found if one not in taken]

    async def _must_exist(self, *users: str) -> None:
        if len(set(users)) < len(users):
            detail = "An account cannot be linked with itself."
            raise Refused(Trouble(Kind.CONFLICT, detail))
        for user in users:
            if await self._store.latest_risk(user) is None:
                raise UnknownAccount

    async def _between(self, user_id: str, other: str) -> list[Standing]:
        return [
            Standing(owner, link)
            for owner, named in ((user_id, other), (other, user_id))
            for link in (await self._store.decided(owner)).ignored
            if link.other_user_id == named
        ]

    async def _add(self, user_id: str, link: IgnoredLink, author: Author) -> None:
        known = await self._store.decided(user_id)
        if len(known.ignored) >= MOST_IGNORED:
            detail = (
                f"{MOST_IGNORED} links of this account are ignored already: it is a place, not a"
                " list of people."
            )
            raise Refused(Trouble(Kind.CONFLICT, detail))
        added = {"other": link.other_user_id, "through": link.through, "ignored": True}
        await self._list(user_id, (*known.ignored, link), known, added, author)

    async def _remove(self, user_id: str, links: set[IgnoredLink], author: Author) -> None:
        known = await self._store.decided(user_id)
        kept = tuple(link for link in known.ignored if link not in links)
        (other,) = {link.other_user_id for link in links}
        kinds = ", ".join(sorted(link.through or "all" for link in links))
        taken: Detail = {"other": other, "through": kinds, "ignored": False}
        await self._list(user_id, kept, known, taken, author)

    async def _list(
        self,
        user_id: str,
        ignored: tuple[IgnoredLink, ...],
        known: Decided,
        detail: Detail,
        author: Author,
    ) -> None:
        version = self._after(known.links_version)
        ordered = sorted(ignored, key=lambda link: (link.other_user_id, link.through or ""))
        origin = Origin(version, version)
        decision = LinksDecided(user_id, tuple(ordered), origin, known.row_version)
        told = _told(author, Action.LINK, user_id, version, detail)
        await self._publish(decision, Topic.LINK_DECISIONS, encode_links(decision), told)

    async def _publish(
        self, decision: Decision, topic: Topic, value: bytes, told: AuditEntry
    ) -> None:
        message = Outgoing(topic, decision.user_id.encode(), value)
        entry = Outgoing(Topic.AUDIT, told.subject.encode(), audit.encode(told))
        sources = await self._delivery.deliver([message, entry])
        (source,) = (found for found in sources if found.startswith(topic))
        # The source is the message's own partition: what the store has to remember until the
        # accounts have been passed on lies where the worker that reads the message finds it.
        await self._store.exchange([Sourced(decision, source)], (), token=uuid.uuid4().hex)

    def _after(self, version: int) -> int:
        """A version after the last one, even where the clock stood still or was set back."""
        return max(self._clock_us(), version + 1)

    @asynccontextmanager
    async def _turn(self, *users: str) -> AsyncIterator[None]:
        try:
            async with turns(self._store, users, PATIENCE_S):
                yield
        except TurnTaken:
            raise is_being_decided("this account") from None


def is_being_decided(what: str) -> Refused:
    """The refusal of a decision while another one is taken."""
    detail = f"Somebody else is deciding about {what}. Try again."
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return Refused(Trouble(Kind.CONFLICT, detail, headers))


def _told(author: Author, action: Action, user_id: str, version: int, detail: Detail) -> AuditEntry:
    caller = author.caller
    return AuditEntry(
        action, user_id, version, caller.name, caller.key_id, detail, author.request_id
    )
