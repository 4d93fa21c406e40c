"""Values that many accounts share, measured one after the other; what follows is published.

One process measures, so nobody measures twice. What it says is an event like an analyst's word:
the feature store applies it, so scores stay a function of what the topics say.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from clickhouse_connect.driver.exceptions import Error as ClickHouseError

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
from stream_processors.monitor.watchlist import Place, Standing, Watchlist

PERIOD_S = 10.0
MOST_A_ROUND = 5
"""Values that are measured in one round."""

MOST_BEHIND = 1_000
"""Rows that may be on their way. A snapshot brings all accounts before their redemptions."""

_PART = "shared_values"
_log = logging.getLogger(__name__)
_SOURCES = (Topic.USERS, Topic.PROMO_USAGES)


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
        self._clock_us, self._watchlist = clock_us, Watchlist(clock_s, clock_us)
        self._store: RedisStore = connect(settings)
        self._measurement = Measurement(settings)
        self._offsets = Offsets(settings)
        self._delivery = Delivery(settings, "promo-monitor-shared-values")
        self._newest: dict[Place, IdentifierDecided] = {}

    async def look(self) -> list[Sample]:
        """Measure what is due; how many values are not counted.

        Nothing is measured, and nothing shown, while a part does not answer: its own probe tells.
        """
        try:
            places = await self._store.candidates()
            known = {place: await self._store.words(*place) for place in places}
            due = [place for place, words in known.items() if self._is_due(place, words)]
            if due and await asyncio.to_thread(self._behind) <= MOST_BEHIND:
                nobodys = frozenset((Link(k), h) for k, h in await self._store.uncounted())
                for place in due[:MOST_A_ROUND]:
                    await self._measure(place, known[place], nobodys - {(Link(place[0]), place[1])})
        except (DependencyDown, ClickHouseError) as error:
            _log.warning("shared values are not measured", extra={"why": str(error)})
            return []
        return _samples(known)

    async def close(self) -> None:
        """Give the connections back."""
        await self._store.close()
        self._delivery.close()

    def _is_due(self, place: Place, words: Words) -> bool:
        return self._watchlist.is_due(place, words.accounts, self._standing(place, words))

    async def _measure(
        self, place: Place, words: Words, nobodys: frozenset[tuple[Link, str]]
    ) -> None:
        standing = self._standing(place, words)
        kind, hashed = place
        measured = await asyncio.to_thread(
            self._measurement.judge, Link(kind), hashed, not standing.identifies, nobodys
        )
        identifies = measured.judgement.identifies
        if self._watchlist.is_to_be_said(place, measured.accounts, identifies, standing):
            await self._publish(place, measured.accounts, measured.judgement, standing)

    def _standing(self, place: Place, words: Words) -> Standing:
        """The measurement's newest word, though the store may not have it yet."""
        said = [words.of(Authority.MEASUREMENT), self._newest.get(place)]
        found = [word for word in said if word is not None]
        word = max(found, key=lambda one: one.origin.version, default=None)
        if word is None:
            return Standing()
        return Standing(word.identifies is not False, word.origin.version)

    async def _publish(
        self,
        place: Place,
        accounts: int,
        judgement: Judgement,
        standing: Standing,
    ) -> None:
        version = max(self._clock_us(), (standing.said_at_us or 0) + 1)
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


def _samples(known: dict[Place, Words]) -> list[Sample]:
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
