"""Values that many accounts share, measured one after the other; what follows is published.

One process measures, so nobody measures twice. What it says is an event like an analyst's word:
the feature store applies it, so scores stay a function of what the topics say.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from connectors import identifier_decisions
from connectors.errors import DependencyDown
from connectors.events import Authority, IdentifierDecided, Origin
from connectors.identifier_decisions import KINDS
from connectors.lag import Offsets
from connectors.settings import Settings
from connectors.topics import Topic
from ml.shared_values.judgement import Judgement
from ml.store import Link
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.feature_store.identifier_wire import Words
from stream_processors.feature_store.redis_store import RedisStore, connect
from stream_processors.monitor.measurement import Measurement
from stream_processors.monitor.samples import Sample, own

PERIOD_S = 10.0
CONFIRMED_AFTER_S = 20.0
"""What is to change is measured twice, so far apart: redemptions may still be on their way."""

AGAIN_AFTER_S = 3600.0
"""A value is measured again once it has grown by a tenth, else after so long; and so long what was
published stands at least."""

MOST_A_ROUND = 5
"""Values that are measured in one round; of a million accounts each takes about a second."""

MOST_BEHIND = 1_000
"""Rows that may be on their way. A snapshot brings all accounts before their redemptions."""

_PART = "shared_values"
_log = logging.getLogger(__name__)
_SOURCES = (Topic.USERS, Topic.PROMO_USAGES)


@dataclass(frozen=True, slots=True)
class _Seen:
    """When a value was measured last, of how many accounts, and what is to change since when."""

    at_s: float
    accounts: int
    change: bool | None = None
    since_s: float = 0.0


class SharedValueWatch:
    """Measures what is due; connects when first asked.

    Raises:
        SettingsError: a password is not set.
    """

    def __init__(
        self,
        settings: Settings,
        clock_s: Callable[[], float] = time.monotonic,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._settings, self._clock_s, self._clock_us = settings, clock_s, clock_us
        self._store: RedisStore = connect(settings)
        self._measurement = Measurement(settings)
        self._offsets = Offsets(settings)
        self._delivery = Delivery(settings, "promo-monitor-shared-values")
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._newest: dict[tuple[str, str], IdentifierDecided] = {}

    async def look(self) -> list[Sample]:
        """Measure what is due; how many values are not counted.

        Nothing is measured, and nothing shown, while a part does not answer: its own probe tells.
        """
        try:
            places = await self._store.candidates()
            known = {place: await self._store.words(*place) for place in places}
            due = [place for place in places if self._is_due(place, known[place])]
            if due and await asyncio.to_thread(self._behind) <= MOST_BEHIND:
                nobodys = frozenset((Link(k), h) for k, h in await self._store.uncounted())
                for place in due[:MOST_A_ROUND]:
                    await self._measure(place, known[place], nobodys - {(Link(place[0]), place[1])})
        except DependencyDown as error:
            _log.warning("shared values are not measured", extra={"why": str(error)})
            return []
        return _samples(known)

    async def close(self) -> None:
        """Give the connections back."""
        await self._store.close()
        self._delivery.close()

    def _is_due(self, place: tuple[str, str], words: Words) -> bool:
        seen, now = self._seen.get(place), self._clock_s()
        if seen is None or 10 * words.accounts >= 11 * max(1, seen.accounts):
            return True
        if seen.change is not None and now - seen.since_s >= CONFIRMED_AFTER_S:
            return self._may_change(self._standing(place, words))
        return now - seen.at_s >= AGAIN_AFTER_S

    async def _measure(
        self, place: tuple[str, str], words: Words, nobodys: frozenset[tuple[Link, str]]
    ) -> None:
        standing, before = self._standing(place, words), self._seen.get(place)
        is_nobodys = standing is not None and standing.identifies is False
        kind, hashed = place
        measured = await asyncio.to_thread(
            self._measurement.judge, Link(kind), hashed, is_nobodys, nobodys
        )
        now = self._clock_s()
        self._seen[place] = _Seen(now, measured.accounts)
        if measured.judgement.identifies is not is_nobodys:
            return
        since = before.since_s if before and before.change is measured.judgement.identifies else now
        if now - since >= CONFIRMED_AFTER_S and self._may_change(standing):
            await self._publish(place, measured.accounts, measured.judgement, standing)
            return
        self._seen[place] = _Seen(now, measured.accounts, measured.judgement.identifies, since)

    def _may_change(self, standing: IdentifierDecided | None) -> bool:
        """The first word at once, then one an hour."""
        if standing is None:
            return True
        return self._clock_us() - standing.origin.version >= AGAIN_AFTER_S * 1_000_000

    def _standing(self, place: tuple[str, str], words: Words) -> IdentifierDecided | None:
        """The measurement's newest word, though the store may not have it yet."""
        said = [words.of(Authority.MEASUREMENT), self._newest.get(place)]
        found = [word for word in said if word is not None]
        return max(found, key=lambda word: word.origin.version, default=None)

    async def _publish(
        self,
        place: tuple[str, str],
        accounts: int,
        judgement: Judgement,
        standing: IdentifierDecided | None,
    ) -> None:
        version = max(self._clock_us(), standing.origin.version + 1 if standing else 0)
        decision = IdentifierDecided(
            *place,
            Authority.MEASUREMENT,
            judgement.identifies,
            Origin(version, version),
            decided_by=Authority.MEASUREMENT.value,
            why=judgement.why,
            shared_by=accounts,
        )
        topic = Topic.IDENTIFIER_DECISIONS
        key, value = identifier_decisions.key(decision), identifier_decisions.encode(decision)
        await self._delivery.deliver([Outgoing(topic, key, value)])
        self._newest[place] = decision
        said = "is counted again" if judgement.identifies else "is not counted any more"
        extra = {"kind": place[0], "accounts": accounts, "why": judgement.why}
        _log.warning("a value that many share %s", said, extra=extra)

    def _behind(self) -> int:
        return sum(n for (_, topic, _), n in self._offsets.lag().items() if topic in _SOURCES)


def _samples(known: dict[tuple[str, str], Words]) -> list[Sample]:
    """How many values of each kind are not counted, by whose word, and of how many accounts."""
    found = []
    for kind in KINDS:
        for authority in Authority:
            mine = [
                words.accounts
                for (of_kind, _), words in known.items()
                if of_kind == kind
                and not words.is_counted
                and words.standing is not None
                and words.standing.authority is authority
            ]
            labels = {"kind": kind, "authority": authority.value}
            found += [
                own(_PART, "promo_uncounted_identifiers", float(len(mine)), **labels),
                own(_PART, "promo_uncounted_accounts", float(sum(mine)), **labels),
            ]
    return found
