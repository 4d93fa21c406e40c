"""The whole comparison, and the mending of what it finds."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from connectors.drain import STAGES, wait_drained
from connectors.kafka_client import client_config
from connectors.profile import hasher_of
from connectors.settings import Settings
from connectors.source.moment import position, settled_position
from connectors.source.session import SourceRole
from connectors.topics import Topic
from stream_processors.reconcile.clickhouse import ClickHouseRows
from stream_processors.reconcile.comparison import Difference, Kind
from stream_processors.reconcile.confirm import Confirmed, PassStream, confirm
from stream_processors.reconcile.mend import SourceMessage, messages
from stream_processors.reconcile.postgres import PostgresRows, postgres_answers
from stream_processors.reconcile.redis_rows import RedisRows
from stream_processors.reconcile.rows import Store
from stream_processors.reconcile.send import SourceTopics
from stream_processors.reconcile.walk import Places
from warehouse.client import reader

TOGETHER = 20_000
"""Differences that are waited for, and mended, together."""

EXAMPLES = 3

Place = tuple[Topic, Store, Kind]


@dataclass(slots=True)
class Found:
    """What a comparison has found.

    Attributes:
        rows: PostgreSQL's, by table.
        unreadable: rows that a store cannot hold, by table, store and reason.
        counts, examples: differences that stand, and a few of the rows' primary keys.
        changing, ahead: see :class:`stream_processors.reconcile.confirm.Confirmed`.
        sent: messages that were sent to mend them.
    """

    rows: Mapping[Topic, int] = field(default_factory=dict)
    unreadable: Mapping[tuple[Topic, Store, str], int] = field(default_factory=dict)
    counts: Counter[Place] = field(default_factory=Counter)
    examples: defaultdict[Place, list[str]] = field(default_factory=lambda: defaultdict(list))
    changing: int = 0
    ahead: int = 0
    sent: int = 0

    @property
    def differences(self) -> int:
        """How many there are."""
        return self.counts.total() + self.ahead

    def add(self, confirmed: Confirmed) -> None:
        """Count what stands."""
        self.changing += len(confirmed.changing)
        self.ahead += len(confirmed.ahead)
        for one in confirmed.standing:
            place = one.table, one.store, one.kind
            self.counts[place] += 1
            if len(self.examples[place]) < EXAMPLES:
                self.examples[place].append(one.key.id)


Mend = Callable[[Iterable[Difference]], int]


def compare(places: Places, pass_stream: PassStream, mend: Mend | None = None) -> Found:
    """Compare everything; differences are handed to ``mend`` as they are confirmed.

    Raises:
        DependencyDown: a place does not answer.
        DrainStalled: the stream stands still.
    """
    sums = places.sums()
    found = Found(sums.rows, sums.unreadable)
    for suspects in _together(places.suspects(sums)):
        confirmed = confirm(places, suspects, pass_stream)
        found.add(confirmed)
        if mend is not None:
            found.sent += mend(confirmed.standing)
    return found


def _together(suspects: Iterator[Difference]) -> Iterator[list[Difference]]:
    while some := list(islice(suspects, TOGETHER)):
        yield some


class Reconciliation:
    """The configured PostgreSQL and its stores."""

    def __init__(self, settings: Settings) -> None:
        """Connects.

        Raises:
            SettingsError: a password or the hash key is not set.
            DependencyDown: PostgreSQL or ClickHouse does not answer.
        """
        hashed = hasher_of(settings)
        client_config(settings)  # a password that is not set is told at once
        self._settings = settings
        self.source = PostgresRows(settings, hashed)
        self.clickhouse = ClickHouseRows(reader(settings))
        self.redis = RedisRows.of(settings)
        self.places = Places(self.source, (self.clickhouse, self.redis))

    def compare(self, *, mends: bool) -> Found:
        """Compare everything, and mend what differs if asked to; see :func:`compare`."""
        topics = SourceTopics(self._settings) if mends else None
        return compare(
            self.places,
            self.pass_stream,
            None if topics is None else lambda standing: self._mend(topics, standing),
        )

    def pass_stream(self, timeout_s: float | None = None) -> int:
        """Wait until the stores have what PostgreSQL has committed; answers the log's position.

        Raises:
            DependencyDown, DrainStalled: as :func:`connectors.drain.wait_drained`.
        """
        with postgres_answers():
            at = position(self.source.session)
        wait_drained(
            self._settings,
            f"{at >> 32:X}/{at & 0xFFFFFFFF:X}",
            timeout_s,
            stages=STAGES[:1],
            role=SourceRole.RECONCILER,
        )
        return at

    def _mend(self, topics: SourceTopics, standing: Iterable[Difference]) -> int:
        owners: defaultdict[tuple[Topic, str], set[str]] = defaultdict(set)
        for one in standing:
            owners[one.table, one.key.id].add(one.key.owner)
        if not owners:
            return 0
        with postgres_answers():
            version = settled_position(self.source.session)
        return topics.send(self._messages(owners, version))

    def _messages(
        self, owners: Mapping[tuple[Topic, str], set[str]], version: int
    ) -> Iterator[SourceMessage]:
        now_us = time.time_ns() // 1_000
        for table in {table for table, _ in owners}:
            ids = [row_id for of, row_id in owners if of == table]
            for at in range(0, len(ids), 2_000):
                rows = self.source.find(table, ids[at : at + 2_000])
                for row_id in ids[at : at + 2_000]:
                    yield from messages(
                        table, row_id, rows.get(row_id), owners[table, row_id], version, now_us
                    )

    def close(self) -> None:
        """End the sessions."""
        self.source.close()
