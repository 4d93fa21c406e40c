"""Create the topics of :mod:`connectors.topics`: ``python -m connectors.make_topics``.

Topics are created before any worker starts: a Faust app ignores a topic that is missing
at its start and does not find it later.
"""

import sys
import time
from collections.abc import Sequence
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

from connectors.errors import DependencyDown, PromoError
from connectors.settings import load_settings
from connectors.topics import MAX_MESSAGE_BYTES, TOPICS, Topic


@dataclass(frozen=True, slots=True)
class Made:
    """Names of the topics that were created, and of those whose configuration was changed."""

    created: tuple[str, ...]
    changed: tuple[str, ...]


def create_topics(bootstrap: str, partitions: int, timeout_s: float = 30.0) -> Made:
    """Create what is missing, and configure what is there as the table says. Idempotent.

    Args:
        bootstrap: ``host:port`` of the broker.
        partitions: for the topics whose spec leaves the number open; those that exist keep
            theirs.
        timeout_s: how long to wait for the broker.

    Raises:
        DependencyDown: the broker did not answer in time.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    wanted = [
        NewTopic(
            topic.value,
            num_partitions=spec.partitions or partitions,
            replication_factor=1,
            config=config_of(topic),
        )
        for topic, spec in TOPICS.items()
    ]
    created = []
    for name, future in admin.create_topics(wanted, request_timeout=timeout_s).items():
        try:
            future.result()
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise DependencyDown(
                    f"Kafka at {bootstrap} did not create {name}: {error}"
                ) from error
    existing = [topic for topic in TOPICS if topic.value not in created]
    try:
        return Made(tuple(created), _configure(admin, existing, timeout_s))
    except KafkaException as error:
        raise DependencyDown(f"Kafka at {bootstrap} did not change a topic: {error}") from error


def config_of(topic: Topic) -> dict[str, str]:
    """The whole configuration of a topic."""
    return {"max.message.bytes": str(MAX_MESSAGE_BYTES), **TOPICS[topic].config}


def _configure(admin: AdminClient, topics: Sequence[Topic], timeout_s: float) -> tuple[str, ...]:
    """Set what differs from the table; returns the names of the topics that were changed."""
    if not topics:
        return ()
    asked = [ConfigResource(ResourceType.TOPIC, topic.value) for topic in topics]
    changes = []
    for resource, future in admin.describe_configs(asked, request_timeout=timeout_s).items():
        known = {name: entry.value for name, entry in future.result().items()}
        wrong = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in config_of(Topic(resource.name)).items()
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


def main() -> int:
    """Create the topics named in this module on the configured broker; the exit code is 0 then."""
    started = time.monotonic()
    try:
        settings = load_settings()
        made = create_topics(settings.kafka_bootstrap, settings.kafka_partitions)
    except PromoError as error:
        print(f"topics: {error}", file=sys.stderr)
        return 1
    print(
        f"topics: {len(made.created)} created, {len(made.changed)} changed,"
        f" {len(TOPICS) - len(made.created) - len(made.changed)} as they were"
        f" ({time.monotonic() - started:.1f} s)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
