"""Every topic in one table: key, partitions, retention. ``python -m connectors.topics`` makes them.

Topics are created before any worker starts: a Faust app ignores a topic that is missing
at its start and does not find it later.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from connectors.errors import DependencyDown
from connectors.settings import load_settings

DAY_MS = 86_400_000
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
MAX_DEAD_LETTER_BYTES = MAX_MESSAGE_BYTES + 64 * 1024
"""The largest message still fits when the headers of a dead letter come on top."""


class Topic(StrEnum):
    """Names of all topics."""

    USERS = "promo.public.users"
    PROMO_CODES = "promo.public.promo_codes"
    PROMO_USAGES = "promo.public.promo_usages"
    LABELS = "promo.labels"
    LINK_DECISIONS = "promo.link_decisions"
    RESCORE = "promo.rescore"
    RISK_SCORES = "promo.risk_scores"
    ABUSE_ALERTS = "promo.abuse_alerts"
    AUDIT = "promo.audit"
    DEAD_LETTER = "promo.dead_letter"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What a topic's messages are keyed by and how long they are kept.

    ``partitions`` is None where the setting ``PROMO_KAFKA_PARTITIONS`` decides; topics that
    carry accounts must all have that number, because a partition's accounts have one owner.
    """

    key: str
    partitions: int | None
    config: Mapping[str, str] = field(default_factory=dict)


def _compacted(lag_days: int = 0) -> Mapping[str, str]:
    """For ever, the newest of each key; ``lag_days`` in which nothing is compacted away."""
    lag_ms = str(lag_days * DAY_MS)
    return MappingProxyType({"cleanup.policy": "compact", "min.compaction.lag.ms": lag_ms})


def _kept(days: int) -> Mapping[str, str]:
    return MappingProxyType({"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS)})


TOPICS: Mapping[Topic, TopicSpec] = MappingProxyType(
    {
        Topic.USERS: TopicSpec("user_id", None, _compacted(lag_days=1)),
        Topic.PROMO_CODES: TopicSpec("promo_code", None, _compacted(lag_days=1)),
        Topic.PROMO_USAGES: TopicSpec("usage_id", None, _compacted(lag_days=1)),
        Topic.LABELS: TopicSpec("user_id", None, _compacted()),
        Topic.LINK_DECISIONS: TopicSpec("user_id", None, _compacted()),
        Topic.RESCORE: TopicSpec("user_id", None, _kept(days=1)),
        Topic.RISK_SCORES: TopicSpec("user_id", None, _compacted(lag_days=1)),
        Topic.ABUSE_ALERTS: TopicSpec("user_id", None, _kept(days=14)),
        Topic.AUDIT: TopicSpec("user_id or key id", 1, _kept(days=14)),
        Topic.DEAD_LETTER: TopicSpec(
            "the original key",
            1,
            {**_kept(days=14), "max.message.bytes": str(MAX_DEAD_LETTER_BYTES)},
        ),
    }
)

SCORING_SOURCES = (
    Topic.USERS,
    Topic.PROMO_CODES,
    Topic.PROMO_USAGES,
    Topic.LABELS,
    Topic.LINK_DECISIONS,
    Topic.RESCORE,
)
WAREHOUSE_SOURCES = (
    Topic.USERS,
    Topic.PROMO_CODES,
    Topic.PROMO_USAGES,
    Topic.LABELS,
    Topic.LINK_DECISIONS,
    Topic.RISK_SCORES,
    Topic.ABUSE_ALERTS,
    Topic.AUDIT,
    Topic.DEAD_LETTER,
)
SCORING_GROUP = "promo-scoring"
WAREHOUSE_GROUP = "promo-warehouse"


def create_topics(bootstrap: str, partitions: int, timeout_s: float = 30.0) -> list[str]:
    """Create what is missing; existing topics stay as they are.

    Args:
        bootstrap: ``host:port`` of the broker.
        partitions: for the topics whose spec leaves the number open.
        timeout_s: how long to wait for the broker.

    Returns:
        The names of the topics that were created (empty when all existed).

    Raises:
        DependencyDown: the broker did not answer in time.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    wanted = [
        NewTopic(
            topic.value,
            num_partitions=spec.partitions or partitions,
            replication_factor=1,
            config={"max.message.bytes": str(MAX_MESSAGE_BYTES), **spec.config},
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
    return created


def main() -> None:
    """Create the topics named in this module on the configured broker."""
    settings = load_settings()
    started = time.monotonic()
    created = create_topics(settings.kafka_bootstrap, settings.kafka_partitions)
    print(
        f"topics: {len(created)} created, {len(TOPICS) - len(created)} existed"
        f" ({time.monotonic() - started:.1f} s)"
    )


if __name__ == "__main__":
    main()
