"""Set a consumer group back to the beginning: ``python -m connectors.rewind scoring|warehouse``.

Its workers must be stopped. Once they run again, they read everything that the topics keep; what
their store knows already changes nothing, and what it has lost is there again.
"""

import argparse
import sys
import time

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.command import explain, run_command
from connectors.errors import DependencyDown, PromoError, StackError
from connectors.kafka_client import client_config
from connectors.lag import GROUPS, Offsets
from connectors.settings import Settings, load_settings
from connectors.topics import SCORING_GROUP, WAREHOUSE_GROUP

NAMES = {"scoring": SCORING_GROUP, "warehouse": WAREHOUSE_GROUP}
"""What operators call the groups."""

POLL_S = 0.2
LEFT_WITHIN_S = 20.0
"""A stopped worker keeps its place in the group for the length of a session: it may come back."""

_HAS_MEMBERS = frozenset({KafkaError.UNKNOWN_MEMBER_ID, KafkaError.NON_EMPTY_GROUP})


def rewind(settings: Settings, group: str, timeout_s: float = LEFT_WITHIN_S) -> int:
    """Set every position of a group to the first message that is kept. Idempotent.

    Args:
        settings: where Kafka is.
        group: one of :data:`connectors.lag.GROUPS`.
        timeout_s: how long to wait for workers that have just been stopped.

    Returns:
        How many messages it will read again.

    Raises:
        StackError: the group has workers; nothing was changed.
        DependencyDown: Kafka does not answer.
    """
    ends = Offsets(settings).all_ends(GROUPS[group])
    starts = [
        TopicPartition(topic.value, number, end.start)
        for topic, of_topic in ends.items()
        for number, end in enumerate(of_topic)
    ]
    admin = AdminClient(client_config(settings))
    deadline = time.monotonic() + timeout_s
    while not _altered(admin, group, starts):
        if time.monotonic() > deadline:
            raise StackError(
                f"group {group} has workers that run: stop them first, on all machines"
            )
        time.sleep(POLL_S)
    return sum(end.end - end.start for of_topic in ends.values() for end in of_topic)


def _altered(admin: AdminClient, group: str, starts: list[TopicPartition]) -> bool:
    request = [ConsumerGroupTopicPartitions(group, starts)]
    try:
        altered = admin.alter_consumer_group_offsets(request)[group].result()
        wrong = next((p.error for p in altered.topic_partitions if p.error is not None), None)
    except KafkaException as error:
        wrong = error.args[0]
    if wrong is not None and wrong.code() not in _HAS_MEMBERS:
        raise DependencyDown(f"Kafka did not set group {group} back: {wrong}")
    return wrong is None


def main() -> int:
    """Set one group back; the exit code is 0 when that is done."""
    parser = argparse.ArgumentParser(prog="python -m connectors.rewind", description=__doc__)
    parser.add_argument("group", choices=NAMES)
    group = parser.parse_args().group
    try:
        messages = rewind(load_settings(), NAMES[group])
    except PromoError as error:
        print(f"rewind: {explain(error)}", file=sys.stderr)
        return 1
    print(f"rewind: {group} will read {messages:,} messages again")
    return 0


if __name__ == "__main__":
    run_command(main)
