"""The table of topics: what is kept, for how long, and who consumes it."""

import pytest

from connectors.drain import STAGES
from connectors.lag import GROUPS
from connectors.make_topics import config_of
from connectors.retention import Gone, gone_after_days
from connectors.topics import (
    DAY_MS,
    MAX_MESSAGE_BYTES,
    SCORING_SOURCES,
    TOPICS,
    WAREHOUSE_SOURCES,
    Topic,
    is_compacted,
)

FOR_EVER = {
    Topic.USERS,
    Topic.PROMO_CODES,
    Topic.PROMO_USAGES,
    Topic.LABELS,
    Topic.LINK_DECISIONS,
}
KEPT_DAYS = {Topic.RESCORE: 1, Topic.ABUSE_ALERTS: 14, Topic.DEAD_LETTER: 14}


def test_every_topic_is_in_the_table() -> None:
    assert set(TOPICS) == set(Topic)


@pytest.mark.parametrize("topic", sorted(FOR_EVER))
def test_what_cannot_be_rebuilt_is_compacted_and_never_deleted(topic: Topic) -> None:
    assert TOPICS[topic].config["cleanup.policy"] == "compact"
    assert "retention.ms" not in TOPICS[topic].config


@pytest.mark.parametrize(
    "topic", [Topic.USERS, Topic.PROMO_CODES, Topic.PROMO_USAGES, Topic.RISK_SCORES]
)
def test_what_workers_must_see_in_order_is_compacted_after_a_day(topic: Topic) -> None:
    config = TOPICS[topic].config

    assert config["cleanup.policy"] == "compact"
    assert config["min.compaction.lag.ms"] == str(DAY_MS)


@pytest.mark.parametrize("topic", [topic for topic in Topic if is_compacted(topic)])
def test_what_is_compacted_is_so_within_days_on_quiet_topics_too(topic: Topic) -> None:
    config = TOPICS[topic].config

    assert (
        int(config["min.compaction.lag.ms"]) <= int(config["max.compaction.lag.ms"]) <= 2 * DAY_MS
    )
    assert int(config["segment.ms"]) <= DAY_MS
    assert int(config["delete.retention.ms"]) == DAY_MS


@pytest.mark.parametrize(
    ("topic", "data_days", "key_days"),
    [
        (Topic.USERS, 3, 6),
        (Topic.PROMO_USAGES, 3, 6),
        (Topic.RISK_SCORES, 3, 6),
        (Topic.LABELS, 3, 6),
        (Topic.LINK_DECISIONS, 3, 6),
        (Topic.RESCORE, 2, 2),
        (Topic.ABUSE_ALERTS, 15, 15),
        (Topic.AUDIT, 15, 15),
        (Topic.DEAD_LETTER, 15, 15),
    ],
)
def test_days_after_which_nothing_of_an_erased_account_is_left(
    topic: Topic, data_days: int, key_days: int
) -> None:
    assert gone_after_days(topic) == Gone(data_days, key_days)


@pytest.mark.parametrize(("topic", "days"), KEPT_DAYS.items())
def test_what_is_history_is_kept_for_some_days(topic: Topic, days: int) -> None:
    config = TOPICS[topic].config

    assert config["cleanup.policy"] == "delete"
    assert config["retention.ms"] == str(days * 86_400_000)


def test_the_largest_message_fits_the_dead_letter_topic_with_its_headers() -> None:
    limit = int(TOPICS[Topic.DEAD_LETTER].config["max.message.bytes"])

    assert limit >= MAX_MESSAGE_BYTES + 1_000


@pytest.mark.parametrize(("replication", "in_sync"), [(1, None), (2, None), (3, "2"), (4, "2")])
def test_from_three_replicas_on_an_acknowledgement_waits_for_two(
    replication: int, in_sync: str | None
) -> None:
    assert config_of(Topic.USERS, replication).get("min.insync.replicas") == in_sync


def test_topics_keyed_by_account_have_the_same_number_of_partitions() -> None:
    by_account = [spec for spec in TOPICS.values() if spec.key == "user_id"]

    assert {spec.partitions for spec in by_account} == {None}


def test_a_drain_looks_at_every_consumed_topic_once_and_in_the_order_of_flow() -> None:
    looked_at = [topic for _, topics in STAGES for topic in topics]

    assert len(looked_at) == len(set(looked_at))
    assert set(looked_at) == {*SCORING_SOURCES, *WAREHOUSE_SOURCES}
    assert set(looked_at) == {topic for topics in GROUPS.values() for topic in topics}
    downstream = [Topic.RESCORE, Topic.RISK_SCORES, Topic.ABUSE_ALERTS, Topic.DEAD_LETTER]
    assert looked_at[-4:] == downstream
