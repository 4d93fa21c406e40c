"""The live stack as the gate sees it: rows go in, and what is said of them comes out."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import httpx
import orjson
from confluent_kafka import Consumer, Producer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from connectors.errors import DependencyDown, DrainStalled, SimulationError
from connectors.identifier_decisions import encode, key
from connectors.kafka_client import client_config
from connectors.lag import Offsets
from connectors.profile import hasher_of
from connectors.settings import Settings
from connectors.topics import MAX_MESSAGE_BYTES, SCORING_SOURCES, Topic
from ml.policy import Level
from simulator.events import Event, Moved, Redeemed, SignedUp
from simulator.gate.cast import Tale
from simulator.gate.ledger import Verdict
from simulator.gate.measured import decisions
from simulator.write import connect, define_codes, write

POLL_S = 0.02
_DECISIONS = Topic.IDENTIFIER_DECISIONS.value
STALL_S = 60.0
LOCK_SEED = 0x67617465
"""Plays of the gate, "gate" in ASCII, are one at a time."""


class Stack:
    """A live stack to play on; a context manager.

    The stack has drained, and nobody else writes to it or restarts its workers meanwhile.
    """

    def __init__(self, settings: Settings) -> None:
        """Connects, and defines the shop's codes.

        Raises:
            SimulationError: another gate plays on this stack.
            DependencyDown: a part does not answer.
        """
        self._session = connect(settings, LOCK_SEED)
        self._stream = Stream(settings)
        self._client = client_config(settings)
        self._hashed = hasher_of(settings)
        self._stream.scored({Topic.PROMO_CODES: define_codes(self._session)})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._session.close()

    def play(self, events: Sequence[Event]) -> list[Verdict]:
        """Write events in one transaction, and wait until all whom they concern are scored.

        Raises:
            SimulationError: some of these events are there already.
            DrainStalled, DependencyDown: as :meth:`Stream.scored`.
        """
        if not all(write(self._session, events)):
            raise SimulationError("the gate needs a stack where it has not played before")
        counts = Counter(map(type, events))
        rows = {
            Topic.USERS: counts[SignedUp] + counts[Moved],
            Topic.PROMO_USAGES: counts[Redeemed],
        }
        return self._stream.scored(rows)

    def measure(self, tales: Sequence[Tale]) -> list[Verdict]:
        """Say which values identify nobody, and wait until all whom it concerns are scored.

        Raises:
            DrainStalled, DependencyDown: as :meth:`Stream.scored`.
        """
        said = list(decisions(tales, self._hashed, time.time_ns() // 1_000))
        producer = Producer({**self._client, "partitioner": "murmur2_random"})
        for decision in said:
            producer.produce(_DECISIONS, key=key(decision), value=encode(decision))
        if producer.flush(STALL_S):
            raise DependencyDown("Kafka has not acknowledged what was measured")
        return self._stream.scored({Topic.IDENTIFIER_DECISIONS: len(said)})


class Stream:
    """Follows the scoring workers and ``promo.risk_scores`` from the moment it is made.

    The workers' own counters are asked, not the group's offsets, which are committed once a
    second only.
    """

    def __init__(self, settings: Settings) -> None:
        """Connects.

        Raises:
            DependencyDown: Kafka or a scoring worker does not answer.
        """
        slots = range(settings.scoring_workers)
        self._workers = [f"http://127.0.0.1:{settings.scoring_metrics_port(n)}" for n in slots]
        self._http = httpx.Client(trust_env=False, timeout=10)
        self._offsets = Offsets(settings)
        self._expected = {topic: self._end(topic) for topic in SCORING_SOURCES}
        processed = self._processed()
        self._before = {t: end - processed.get(t, 0) for t, end in self._expected.items()}
        self._scores = _Scores(settings, self._offsets)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._scores.close()

    def scored(self, written: Mapping[Topic, int]) -> list[Verdict]:
        """Wait until new rows, and all accounts that they concern, have been scored.

        Args:
            written: how many messages Debezium makes of what was written, by topic.

        Returns:
            What was published since the last call, each account's verdicts in order.

        Raises:
            DrainStalled: nothing moves any more.
            DependencyDown: Kafka or a scoring worker does not answer.
        """
        for topic, count in written.items():
            self._expected[topic] += count
            self._await(topic)
        while self._has_more(Topic.SWEEPS) or self._has_more(Topic.RESCORE):
            self._await(Topic.SWEEPS)
            self._await(Topic.RESCORE)
        return self._scores.new()

    def _has_more(self, topic: Topic) -> bool:
        """Whether a topic has grown since it was looked at; what there is now is expected."""
        before, self._expected[topic] = self._expected[topic], self._end(topic)
        return self._expected[topic] > before

    def _await(self, topic: Topic) -> None:
        wanted = self._expected[topic] - self._before[topic]
        _until(
            lambda: self._processed().get(topic, 0),
            wanted,
            f"{topic}: the scoring workers have not processed what was written",
        )

    def _end(self, topic: Topic) -> int:
        return sum(ends.end for ends in self._offsets.ends(topic))

    def _processed(self) -> dict[Topic, int]:
        counts: dict[Topic, int] = {}
        for worker in self._workers:
            for topic, count in self._counted(worker):
                counts[topic] = counts.get(topic, 0) + count
        return counts

    def _counted(self, worker: str) -> list[tuple[Topic, int]]:
        try:
            text = self._http.get(f"{worker}/metrics").raise_for_status().text
        except httpx.HTTPError as error:
            raise DependencyDown(f"no scoring worker answers at {worker}: {error}") from error
        return [
            (Topic(sample.labels["topic"]), int(sample.value))
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "promo_events_total"
        ]


class _Scores:
    """Reads ``promo.risk_scores`` from its present end on."""

    def __init__(self, settings: Settings, offsets: Offsets) -> None:
        self._offsets = offsets
        self._at = [ends.end for ends in offsets.ends(Topic.RISK_SCORES)]
        self._consumer = Consumer(
            {
                **client_config(settings),
                "group.id": "promo-gate",
                "enable.auto.commit": False,
                "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
            }
        )
        name = Topic.RISK_SCORES.value
        places = [TopicPartition(name, number, at) for number, at in enumerate(self._at)]
        self._consumer.assign(places)

    def new(self) -> list[Verdict]:
        """What has been published since the last call."""
        ends = [found.end for found in self._offsets.ends(Topic.RISK_SCORES)]
        verdicts: list[Verdict] = []

        def read() -> int:
            for message in self._consumer.consume(5_000, POLL_S):
                if message.error() is None:
                    partition, offset = message.partition(), message.offset()
                    assert partition is not None
                    assert offset is not None
                    self._at[partition] = offset + 1
                    if value := message.value():
                        verdicts.append(_verdict(value))
            return sum(self._at)

        _until(read, sum(ends), "promo.risk_scores cannot be read to its end")
        return verdicts

    def close(self) -> None:
        """Leave."""
        self._consumer.close()


def _verdict(value: bytes) -> Verdict:
    document = orjson.loads(value)
    is_registration = document["trigger"] == "registration"
    return Verdict(document["user_id"], is_registration, Level(document["level"]))


def _until(look: Callable[[], int], wanted: int, what: str) -> None:
    """Wait until a count has grown to what is wanted.

    Raises:
        DrainStalled: it has stood still for a minute.
    """
    seen, moved = -1, time.monotonic()
    while (now := look()) < wanted:
        if now > seen:
            seen, moved = now, time.monotonic()
        if time.monotonic() - moved > STALL_S:
            raise DrainStalled(f"no progress for {STALL_S:.0f} s: {what} ({now} of {wanted})")
        time.sleep(POLL_S)
