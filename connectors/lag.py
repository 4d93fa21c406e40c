"""How far each consumer group is behind the ends of the topics that it consumes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.refusals import kafka_down
from connectors.settings import Settings
from connectors.topics import (
    MAX_MESSAGE_BYTES,
    SCORING_GROUP,
    SCORING_SOURCES,
    WAREHOUSE_GROUP,
    WAREHOUSE_SOURCES,
    Topic,
)

REQUEST_TIMEOUT_S = 10.0

GROUPS: Mapping[str, tuple[Topic, ...]] = {
    SCORING_GROUP: SCORING_SOURCES,
    WAREHOUSE_GROUP: WAREHOUSE_SOURCES,
}
Position = tuple[str, str, int]
"""``(group, topic, partition)``"""


def lag(settings: Settings) -> dict[Position, int]:
    """How many messages each group has yet to consume, by group, topic and partition.

    Raises:
        DependencyDown: Kafka does not answer, or a topic is missing.
    """
    return Offsets(settings).lag()


@dataclass(frozen=True, slots=True)
class Ends:
    """A partition's first offset that is kept, and the one after its last."""

    start: int
    end: int


class Offsets:
    """What Kafka knows of topics' ends and groups' positions."""

    def __init__(self, settings: Settings) -> None:
        """Connects with the first question."""
        self._bootstrap = settings.kafka_bootstrap
        self._client = client_config(settings)
        self._admin = AdminClient(self._client)
        self._observers: dict[str, Consumer] = {}
        self._partitions: dict[Topic, list[TopicPartition]] = {}

    def lag(self) -> dict[Position, int]:
        """See :func:`lag`; asked again and again, it keeps its connections."""
        ends = self.all_ends({topic: None for topics in GROUPS.values() for topic in topics})
        return {
            position: behind
            for group, topics in GROUPS.items()
            for position, behind in self.behind(group, {t: ends[t] for t in topics}).items()
        }

    def ends(self, topic: Topic) -> list[Ends]:
        """First and next offset of each partition of a topic."""
        return self.all_ends([topic])[topic]

    def all_ends(self, topics: Iterable[Topic]) -> dict[Topic, list[Ends]]:
        """First and next offset of each partition of several topics, in two questions."""
        partitions = {topic: self._partitions_of(topic) for topic in topics}
        wanted = [p for of_topic in partitions.values() for p in of_topic]
        starts = self._list(wanted, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
        ends = self._list(wanted, OffsetSpec.latest())  # type: ignore[no-untyped-call]
        found = iter([Ends(*pair) for pair in zip(starts, ends, strict=True)])
        return {topic: [next(found) for _ in of_topic] for topic, of_topic in partitions.items()}

    def behind(self, group: str, ends: Mapping[Topic, list[Ends]]) -> dict[Position, int]:
        """How far a group is behind the given ends.

        What retention has removed counts as consumed, and so does an empty partition on which
        the group has never committed.
        """
        result = {}
        for found in self._committed(group, list(ends)):
            known = ends[Topic(found.topic)][found.partition]
            # A negative offset says that the group has none.
            at = max(found.offset, known.start)
            result[group, found.topic, found.partition] = max(0, known.end - at)
        return result

    def _committed(self, group: str, topics: Iterable[Topic]) -> list[TopicPartition]:
        """What a group has committed.

        Asked as one of the group that never joins: the administrator's question for the same
        (``list_consumer_group_offsets``) ends the process with a segmentation fault when the
        group's coordinator is not ready, at librdkafka 2.16.
        """
        if group not in self._observers:
            self._observers[group] = Consumer({**self._client, "group.id": group})
        wanted = [p for topic in topics for p in self._partitions_of(topic)]
        try:
            found = self._observers[group].committed(wanted, timeout=REQUEST_TIMEOUT_S)
        except KafkaException as error:
            raise self._down(error) from error
        for partition in found:
            if partition.error is not None:
                raise self._down(KafkaException(partition.error))
        return found

    def has_records(self, topic: str, partition: int, last: int, end: int) -> bool:
        """Whether a partition holds a record among its ``last`` offsets before ``end``.

        Compaction can remove the newest records, and a group cannot commit past what it never
        receives.
        """
        consumer = Consumer(
            {
                **self._client,
                "group.id": "promo-drain",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
            }
        )
        try:
            consumer.assign([TopicPartition(topic, partition, end - last)])
            message = consumer.poll(REQUEST_TIMEOUT_S)
            if message is None:
                return True
            error = message.error()
            if error is not None:
                return error.code() != KafkaError._PARTITION_EOF
            offset = message.offset()
            return offset is None or offset < end
        finally:
            consumer.close()

    def _partitions_of(self, topic: Topic) -> list[TopicPartition]:
        if topic not in self._partitions:
            try:
                known = self._admin.list_topics(topic.value, timeout=REQUEST_TIMEOUT_S)
            except KafkaException as error:
                raise self._down(error) from error
            found = known.topics[topic.value]
            if found.error is not None:
                raise DependencyDown(
                    f"Kafka has no topic {topic.value}: `python -m connectors.make_topics` makes it"
                )
            self._partitions[topic] = [TopicPartition(topic.value, n) for n in found.partitions]
            self._partitions[topic].sort(key=lambda p: p.partition)
        return self._partitions[topic]

    def _list(self, partitions: list[TopicPartition], spec: OffsetSpec) -> list[int]:
        try:
            futures = self._admin.list_offsets(
                dict.fromkeys(partitions, spec), request_timeout=REQUEST_TIMEOUT_S
            )
            found = {(p.topic, p.partition): f.result().offset for p, f in futures.items()}
        except KafkaException as error:
            raise self._down(error) from error
        return [found[p.topic, p.partition] for p in partitions]

    def _down(self, error: KafkaException) -> DependencyDown:
        return kafka_down(error)
