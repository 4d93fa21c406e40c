"""Every topic in one table: key, partitions, retention.

:mod:`connectors.make_topics` makes them; :mod:`connectors.retention` says how long they keep what
was erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

DAY_MS = 86_400_000
SEGMENT_MS = DAY_MS // 2
"""After that a segment is closed, by a message that comes or by one that is sent for it."""

MOST_COMPACTION_LAG_DAYS = 2
TOMBSTONES_KEPT_DAYS = 1
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
MAX_DEAD_LETTER_BYTES = MAX_MESSAGE_BYTES + 64 * 1024
"""The largest message still fits when the headers of a dead letter come on top."""


class Topic(StrEnum):
    """Names of all topics."""

    USERS = "promo.public.users"
    PROMO_CODES = "promo.public.promo_codes"
    PROMO_USAGES = "promo.public.promo_usages"
    HEARTBEATS = "promo.public.heartbeats"
    LABELS = "promo.labels"
    LINK_DECISIONS = "promo.link_decisions"
    IDENTIFIER_DECISIONS = "promo.identifier_decisions"
    SWEEPS = "promo.sweeps"
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
    return MappingProxyType(
        {
            "cleanup.policy": "compact",
            "min.compaction.lag.ms": str(lag_days * DAY_MS),
            "max.compaction.lag.ms": str(MOST_COMPACTION_LAG_DAYS * DAY_MS),
            "delete.retention.ms": str(TOMBSTONES_KEPT_DAYS * DAY_MS),
            "segment.ms": str(SEGMENT_MS),
        }
    )


def _kept(days: int) -> Mapping[str, str]:
    return MappingProxyType(
        {
            "cleanup.policy": "delete",
            "retention.ms": str(days * DAY_MS),
            "segment.ms": str(SEGMENT_MS),
        }
    )


_BEATS = MappingProxyType(
    {"cleanup.policy": "delete", "retention.ms": "600000", "segment.ms": "600000"}
)
"""Nobody needs an old one: half an hour of them at most."""

TOPICS: Mapping[Topic, TopicSpec] = MappingProxyType(
    {
        Topic.USERS: TopicSpec("user_id", None, _compacted(lag_days=1)),
        Topic.PROMO_CODES: TopicSpec("promo_code", None, _compacted(lag_days=1)),
        Topic.PROMO_USAGES: TopicSpec("usage_id", None, _compacted(lag_days=1)),
        Topic.HEARTBEATS: TopicSpec("beat_key", None, _BEATS),
        Topic.LABELS: TopicSpec("user_id", None, _compacted()),
        Topic.LINK_DECISIONS: TopicSpec("user_id", None, _compacted()),
        Topic.IDENTIFIER_DECISIONS: TopicSpec("kind:hash:authority", None, _compacted()),
        Topic.SWEEPS: TopicSpec("kind:hash", None, _kept(days=1)),
        Topic.RESCORE: TopicSpec("user_id", None, _kept(days=1)),
        Topic.RISK_SCORES: TopicSpec("user_id", None, _compacted(lag_days=1)),
        Topic.ABUSE_ALERTS: TopicSpec("user_id", None, _kept(days=14)),
        Topic.AUDIT: TopicSpec("user_id, key id or folder", 1, _kept(days=14)),
        Topic.DEAD_LETTER: TopicSpec(
            "the original key",
            1,
            {**_kept(days=14), "max.message.bytes": str(MAX_DEAD_LETTER_BYTES)},
        ),
    }
)


def is_compacted(topic: Topic) -> bool:
    """Whether the newest message of each key stays for ever."""
    return TOPICS[topic].config["cleanup.policy"] == "compact"


SCORING_SOURCES = (
    Topic.USERS,
    Topic.PROMO_CODES,
    Topic.PROMO_USAGES,
    Topic.LABELS,
    Topic.LINK_DECISIONS,
    Topic.IDENTIFIER_DECISIONS,
    Topic.SWEEPS,
    Topic.RESCORE,
)
WAREHOUSE_SOURCES = (
    Topic.USERS,
    Topic.PROMO_CODES,
    Topic.PROMO_USAGES,
    Topic.LABELS,
    Topic.LINK_DECISIONS,
    Topic.IDENTIFIER_DECISIONS,
    Topic.RISK_SCORES,
    Topic.ABUSE_ALERTS,
    Topic.AUDIT,
    Topic.DEAD_LETTER,
)
"""What each group's work is: it counts as lag, is waited for and is read again. Heartbeats come on
top, and their age is what is looked at."""

SCORING_GROUP = "promo-scoring"
WAREHOUSE_GROUP = "promo-warehouse"
