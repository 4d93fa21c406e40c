"""Create the topics of :mod:`connectors.topics`: ``python -m connectors.make_topics``.

The users of :mod:`connectors.kafka_roles` and their rights come first.

Topics are created before any worker starts: a Faust app ignores a topic that is missing
at its start and does not find it later.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from connectors.command import explain, run_command
from connectors.errors import DependencyDown, PromoError
from connectors.kafka_access import ensure_access
from connectors.kafka_client import client_config
from connectors.settings import Settings, load_settings
from connectors.topics import MAX_MESSAGE_BYTES, TOPICS, Topic

REPLICATED = 3
"""Replicas from which on an acknowledgement waits for one less: a broker may be away, and what was
acknowledged is on another one."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was done to the topics, by their names.

    Attributes:
        created: were missing.
        changed: had another configuration.
        other_partitions: exist with another number of partitions than was asked for.
        other_replication: exist with another number of replicas.
    """

    created: tuple[str, ...]
    changed: tuple[str, ...]
    other_partitions: tuple[str, ...] = ()
    other_replication: tuple[str, ...] = ()


def create_topics(settings: Settings, timeout_s: float = 30.0) -> Made:
    """Create what is missing, and configure what is there as the table says. Idempotent.

    Topics that exist keep their partitions and replicas: what differs is told.

    Args:
        settings: where the broker is, partitions of the topics whose spec leaves the number open,
            and replicas of each.
        timeout_s: how long to wait for the broker.

    Raises:
        DependencyDown: the broker did not answer in time.
    """
    admin = AdminClient({**client_config(settings), "log_level": 3})
    bootstrap, replication = settings.kafka_bootstrap, settings.kafka_replication
    counts = {topic: spec.partitions or settings.kafka_partitions for topic, spec in TOPICS.items()}
    wanted = [
        NewTopic(
            topic.value,
            num_partitions=count,
            replication_factor=replication,
            config=config_of(topic, replication),
        )
        for topic, count in counts.items()
    ]
    created = _create(admin, wanted, bootstrap, timeout_s)
    try:
        there = _shapes(admin, [t for t in TOPICS if t.value not in created], timeout_s)
        changed = _configure(admin, {t: shape.replicas for t, shape in there.items()}, timeout_s)
    except KafkaException as error:
        raise DependencyDown(f"Kafka at {bootstrap} did not change a topic: {error}") from error
    return Made(
        created,
        changed,
        tuple(t.value for t, shape in there.items() if shape.partitions != counts[t]),
        tuple(t.value for t, shape in there.items() if shape.replicas != replication),
    )


def _create(
    admin: AdminClient, wanted: Sequence[NewTopic], bootstrap: str, timeout_s: float
) -> tuple[str, ...]:
    """Create what is missing; returns the names."""
    created = []
    for name, future in admin.create_topics(list(wanted), request_timeout=timeout_s).items():
        try:
            future.result()
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise DependencyDown(
                    f"Kafka at {bootstrap} did not create {name}: {error}"
                ) from error
    return tuple(created)


def config_of(topic: Topic, replication: int = 1) -> dict[str, str]:
    """The whole configuration of a topic with so many replicas."""
    config = {"max.message.bytes": str(MAX_MESSAGE_BYTES), **TOPICS[topic].config}
    if replication >= REPLICATED:
        config["min.insync.replicas"] = str(REPLICATED - 1)
    return config


@dataclass(frozen=True, slots=True)
class _Shape:
    partitions: int
    replicas: int


def _shapes(admin: AdminClient, topics: Sequence[Topic], timeout_s: float) -> dict[Topic, _Shape]:
    """How existing topics lie on the brokers; of partitions' replicas the fewest count."""
    known = admin.list_topics(timeout=timeout_s).topics
    return {
        topic: _Shape(
            len(known[topic.value].partitions),
            min(len(p.replicas) for p in known[topic.value].partitions.values()),
        )
        for topic in topics
    }


def _configure(
    admin: AdminClient, topics: Mapping[Topic, int], timeout_s: float
) -> tuple[str, ...]:
    """Set what differs from the table; returns the names of the topics that were changed.

    Args:
        admin: asks the broker.
        topics: that exist, with the replicas that they have: a topic is never told to wait for
            more than there are.
        timeout_s: for each question.
    """
    if not topics:
        return ()
    asked = [ConfigResource(ResourceType.TOPIC, topic.value) for topic in topics]
    changes = []
    for resource, future in admin.describe_configs(asked, request_timeout=timeout_s).items():
        known = {name: entry.value for name, entry in future.result().items()}
        wrong = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in _wanted(resource.name, topics).items()
            if known.get(name) != value
        ]
        if wrong:
            changes.append(
                ConfigResource(ResourceType.TOPIC, resource.name, incremental_configs=wrong)
            )
    if changes:
        for future in admin.incremental_alter_configs(changes, request_timeout=timeout_s).values():
            future.result()
    return tuple(change.name for change in changes)


def _wanted(name: str, topics: Mapping[Topic, int]) -> dict[str, str]:
    return config_of(Topic(name), topics[Topic(name)])


def main() -> int:
    """Create the topics named in this module on the configured broker; the exit code is 0 then."""
    started = time.monotonic()
    try:
        settings = load_settings()
        ensure_access(settings)
        made = create_topics(settings)
    except PromoError as error:
        print(f"topics: {explain(error)}", file=sys.stderr)
        return 1
    print(
        f"topics: {len(made.created)} created, {len(made.changed)} changed,"
        f" {len(TOPICS) - len(made.created) - len(made.changed)} as they were"
        f" ({time.monotonic() - started:.1f} s)"
    )
    for name in made.other_partitions:
        print(f"topics: {name} keeps its partitions, which are not {settings.kafka_partitions}")
    for name in made.other_replication:
        print(f"topics: {name} keeps its replicas, which are not {settings.kafka_replication}")
    return 0


if __name__ == "__main__":
    run_command(main)
