"""Topics made anew with another number of partitions, on a real broker."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Message, Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from connectors import topic_copy
from connectors.errors import DependencyDown, StackError
from connectors.kafka_client import client_config
from connectors.lag import Offsets
from connectors.repartition import COPIED, repartition, to_the_ends
from connectors.settings import Settings
from connectors.topics import Topic
from tests.reading import eventually, read_topic

KEYED = (Topic.USERS, Topic.LABELS, Topic.RISK_SCORES)
ACCOUNTS = [f"account-{n}" for n in range(40)]
LONG_AGO_MS = 1_700_000_000_000


def fill(settings: Settings) -> None:
    """Three versions of each account's message in each topic, the last a tombstone for some."""
    producer = Producer({**client_config(settings), "partitioner": "murmur2_random"})
    for topic in KEYED:
        for version in range(3):
            for number, user in enumerate(ACCOUNTS):
                value = None if version == 2 and number % 5 == 0 else f"{user} {version}".encode()
                producer.produce(
                    topic,
                    value,
                    user.encode(),
                    timestamp=LONG_AGO_MS + version,
                    headers=[("version", str(version).encode())],
                )
    assert producer.flush(10) == 0


def messages(settings: Settings, topic: Topic) -> list[Message]:
    wanted = sum(end.end for end in Offsets(settings).ends(topic))
    return read_topic(settings, topic, lambda got: len(got) >= wanted)


def by_key(settings: Settings, topic: Topic) -> dict[object, list[object]]:
    """What a topic tells of each key, in order: value, headers and time."""
    found: dict[object, list[object]] = defaultdict(list)
    for one in messages(settings, topic):
        found[one.key()].append((one.value(), one.headers(), one.timestamp()[1]))
    return found


def test_topics_have_more_partitions_and_tell_the_same_of_every_key(
    own_stack: Callable[..., Settings], tmp_path: Path
) -> None:
    settings, folder = own_stack("topics"), tmp_path / "copies"
    fill(settings)
    with pytest.raises(StackError, match="messages behind on promo"):
        repartition(settings, 6, folder)
    to_the_ends(settings)
    before = {topic: by_key(settings, topic) for topic in KEYED}

    copied = repartition(settings, 6, folder)

    assert {topic: copied[topic] for topic in KEYED} == dict.fromkeys(KEYED, 120)
    assert {topic: by_key(settings, topic) for topic in KEYED} == before
    ends = Offsets(settings).all_ends([*COPIED, Topic.RESCORE])
    assert {len(found) for found in ends.values()} == {6}
    homes = [{m.key(): m.partition() for m in messages(settings, topic)} for topic in KEYED]
    assert homes[0] == homes[1] == homes[2]
    assert len(set(homes[0].values())) == 6
    assert not any(Offsets(settings).lag().values())
    assert not list(folder.iterdir())


def test_partitions_that_kafka_adds_would_part_accounts_from_their_deletions(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("topics")
    fill(settings)
    admin = AdminClient(client_config(settings))
    admin.create_partitions([NewPartitions(Topic.USERS, 6)])[Topic.USERS].result()
    producer = Producer({**client_config(settings), "partitioner": "murmur2_random"})

    def has_six() -> bool:
        return len(producer.list_topics(Topic.USERS.value).topics[Topic.USERS].partitions) == 6

    eventually(has_six, "the producer knows six partitions")
    for user in ACCOUNTS:
        producer.produce(Topic.USERS, None, user.encode())
    producer.flush(10)

    homes_of = defaultdict(set)
    for message in messages(settings, Topic.USERS):
        homes_of[message.key()].add(message.partition())
    assert any(len(partitions) > 1 for partitions in homes_of.values())


def test_what_was_interrupted_goes_on_from_the_copies(
    own_stack: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, folder = own_stack("topics"), tmp_path / "copies"
    fill(settings)
    to_the_ends(settings)
    before = {topic: by_key(settings, topic) for topic in KEYED}
    whole = topic_copy.fill

    def interrupted(settings: Settings, topic: Topic, file: Path) -> None:
        if topic is Topic.LABELS:
            raise DependencyDown("Kafka goes away")
        whole(settings, topic, file)

    monkeypatch.setattr(topic_copy, "fill", interrupted)
    with pytest.raises(DependencyDown, match="goes away"):
        repartition(settings, 6, folder)
    monkeypatch.undo()

    repartition(settings, 6, folder)

    assert {topic: by_key(settings, topic) for topic in KEYED} == before
