"""Give the topics another number of partitions: ``python -m connectors.repartition N FOLDER``.

Kafka can only add partitions, and then leaves every message where it is: an account's older rows
stay in one partition, its newer ones come into another. Its deletion would never reach the older
ones, and a replay would have two owners for it. So the topics are made anew: each is copied into
a file in FOLDER, deleted, created with N partitions and filled from the file, in the order of
each key, with the messages' times and headers.

Everything that writes or reads must be stopped, and everything must have been consumed: the
groups then go on at the ends. Requests to score again and heartbeats are consumed, so they are not
copied. When it is interrupted, call it again with the same folder: the files stay until the topics
hold all of them. They hold what the topics hold, raw identifiers too.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors import topic_copy
from connectors.command import explain, run_command
from connectors.errors import DependencyDown, PromoError, StackError
from connectors.kafka_client import client_config
from connectors.lag import GROUPS, Offsets, Position
from connectors.make_topics import create_topics
from connectors.settings import Settings, load_settings
from connectors.topics import TOPICS, Topic

CONNECT_GROUP = "promo-connect"
PARTITIONED = tuple(topic for topic, spec in TOPICS.items() if spec.partitions is None)
_PASSING = (Topic.RESCORE, Topic.SWEEPS, Topic.HEARTBEATS)
COPIED = tuple(topic for topic in PARTITIONED if topic not in _PASSING)
_WAIT_S = 60.0


def repartition(settings: Settings, partitions: int, folder: Path) -> dict[Topic, int]:
    """Make all topics whose number of partitions is open anew with ``partitions``.

    Returns:
        How many messages each copied topic has.

    Raises:
        StackError: somebody still consumes, or has not consumed everything.
        DependencyDown: Kafka does not answer.
    """
    admin = AdminClient({**client_config(settings), "log_level": 3})
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_members(admin)
    if not all(_file(folder, topic).exists() for topic in COPIED):
        _refuse_lag(settings)
    copied: dict[Topic, int] = {
        topic: topic_copy.copy(settings, topic, _file(folder, topic)) for topic in COPIED
    }
    for topic in PARTITIONED:
        _delete(admin, topic)
    create_topics(settings.model_copy(update={"kafka_partitions": partitions}))
    for topic in COPIED:
        topic_copy.fill(settings, topic, _file(folder, topic))
    to_the_ends(settings)
    for topic in COPIED:
        _file(folder, topic).unlink()
    return copied


def _refuse_members(admin: AdminClient) -> None:
    ours = {*GROUPS, CONNECT_GROUP}

    def gone() -> bool:
        return not any(g.members for g in admin.list_groups(timeout=_WAIT_S) if g.id in ours)

    # One that was stopped stays for as long as its session lasts.
    if not _within_patience(gone):
        raise StackError("workers or Connect still consume: stop everything but Kafka first")


def _within_patience(holds: Callable[[], bool]) -> bool:
    """Whether something holds within a minute; a broker that is just starting is asked again."""
    deadline = time.monotonic() + _WAIT_S
    why: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if holds():
                return True
            why = None
        except (KafkaException, DependencyDown) as error:
            why = error
        time.sleep(0.2)
    if why is not None:
        raise DependencyDown(f"Kafka: {why}") from why
    return False


def _refuse_lag(settings: Settings) -> None:
    offsets, behind = Offsets(settings), dict[Position, int]()

    def asked() -> bool:
        behind.update({place: count for place, count in offsets.lag().items() if count})
        return True

    if _within_patience(asked) and behind:
        (group, topic, partition), count = max(behind.items(), key=lambda entry: entry[1])
        raise StackError(
            f"group {group} is {count} messages behind on {topic} partition {partition}: let the"
            " workers drain everything before they are stopped"
        )


def _file(folder: Path, topic: Topic) -> Path:
    return folder / f"{topic.value}.messages"


def _delete(admin: AdminClient, topic: Topic) -> None:
    if not _is_there(admin, topic):
        return
    admin.delete_topics([topic.value])[topic.value].result()
    if not _within_patience(lambda: not _is_there(admin, topic)):
        raise DependencyDown(f"Kafka does not delete {topic}")


def _is_there(admin: AdminClient, topic: Topic) -> bool:
    return topic.value in admin.list_topics(timeout=_WAIT_S).topics


def to_the_ends(settings: Settings) -> None:
    """Let every group go on at the ends of its topics; it must have no members.

    Raises:
        DependencyDown: the broker did not take it.
    """
    admin = AdminClient({**client_config(settings), "log_level": 3})
    offsets = Offsets(settings)

    def there() -> bool:
        for group, topics in GROUPS.items():
            ends = [
                TopicPartition(topic.value, number, end.end)
                for topic, found in offsets.all_ends(topics).items()
                for number, end in enumerate(found)
            ]
            asked = [ConsumerGroupTopicPartitions(group, ends)]
            for future in admin.alter_consumer_group_offsets(asked).values():
                future.result()
        # The answer may hide an error of one partition, so what counts is what is there.
        return not any(offsets.lag().values())

    if not _within_patience(there):
        raise DependencyDown("Kafka does not keep the groups' positions; call this again")


def main(arguments: Sequence[str] | None = None) -> None:
    """Repartition the configured broker's topics, and say how long it took."""
    parser = argparse.ArgumentParser(
        prog="python -m connectors.repartition", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("partitions", type=int)
    parser.add_argument("folder", type=Path, help="for the copies, with room for all topics")
    asked = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        copied = repartition(load_settings(), asked.partitions, asked.folder)
    except KafkaException as error:
        sys.exit(f"repartition: Kafka: {error}")
    except PromoError as error:
        sys.exit(f"repartition: {explain(error)}")
    for topic, count in copied.items():
        print(f"repartition: {topic} {count:,} messages in {asked.partitions} partitions")
    print(f"repartition: done ({time.monotonic() - started:.1f} s)")
    print(f"repartition: set PROMO_KAFKA_PARTITIONS={asked.partitions} before you start the rest")


if __name__ == "__main__":
    run_command(main)
