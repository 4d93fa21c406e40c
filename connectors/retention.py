"""How long Kafka still has what was erased. Pure.

Kafka compacts, or deletes, closed segments alone. A segment is closed by the first message that
comes :data:`connectors.topics.SEGMENT_MS` after its first one; where none comes,
:mod:`connectors.rolling` sends one once the partition has been quiet for as long. Then

- a compacted topic forgets an account's messages once the tombstone behind them is
  ``max.compaction.lag.ms`` old, and the tombstone, which is a bare key, in a later round;
- any other topic forgets a message once its whole segment is older than ``retention.ms``.
"""

from dataclasses import dataclass

from connectors.topics import DAY_MS, SEGMENT_MS, TOPICS, Topic, is_compacted

_SLACK_MS = DAY_MS // 4
"""Hourly looks at quiet partitions, the cleaner's turns, and short stops of either."""


@dataclass(frozen=True, slots=True)
class Gone:
    """After how many days a topic has nothing left of an erased account, at the latest.

    ``data_days`` counts for everything but the bare key, ``key_days`` for the key too.
    """

    data_days: int
    key_days: int


def gone_after_days(topic: Topic) -> Gone:
    """How long after an erasure was published Kafka still has messages of the account."""
    config = TOPICS[topic].config
    if not is_compacted(topic):
        days = _whole_days(int(config["retention.ms"]) + SEGMENT_MS)
        return Gone(days, days)
    # A segment takes messages for its own span and is closed after as long a silence.
    closed_ms = 2 * SEGMENT_MS
    old_enough_ms = SEGMENT_MS + int(config["min.compaction.lag.ms"])
    first_ms = max(closed_ms, old_enough_ms, int(config["max.compaction.lag.ms"]))
    # The tombstone's time begins with that round; the next may come just before it has ended,
    # and the one after that needs something to compact, a silence and a longest lag later.
    again_ms = SEGMENT_MS + int(config["max.compaction.lag.ms"])
    key_ms = first_ms + int(config["delete.retention.ms"]) + again_ms
    return Gone(_whole_days(first_ms), _whole_days(key_ms))


def _whole_days(span_ms: int) -> int:
    return -(-(span_ms + _SLACK_MS) // DAY_MS)
