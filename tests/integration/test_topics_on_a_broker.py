"""Topics on a real broker: made, brought up to date, and closed where nobody writes."""

from collections.abc import Callable

import pytest
from confluent_kafka import Message, Producer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from connectors.decisions import decode
from connectors.events import Tombstone
from connectors.kafka_client import client_config
from connectors.lag import Offsets
from connectors.make_topics import Made, config_of, create_topics
from connectors.rolling import KEY, close_quiet_segments
from connectors.settings import Settings
from connectors.topics import TOPICS, Topic
from tests.reading import eventually, read_topic

NOBODY_WAITS_MS = 0
"""How long a partition must have been quiet, for a test that waits for nothing."""


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """A broker with all topics."""
    return partial_stack("topics")


def configured(settings: Settings, topic: Topic) -> dict[str, str]:
    admin = AdminClient(client_config(settings))
    resource = ConfigResource(ResourceType.TOPIC, topic.value)
    (found,) = admin.describe_configs([resource]).values()
    return {name: str(entry.value) for name, entry in found.result().items()}


def configure(settings: Settings, topic: Topic, name: str, value: str) -> None:
    admin = AdminClient(client_config(settings))
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic.value, incremental_configs=[entry])
    (done,) = admin.incremental_alter_configs([resource]).values()
    done.result()
    # The controller has it; the broker that answers has it a moment later.
    eventually(lambda: configured(settings, topic)[name] == value, f"{name} is {value}")


@pytest.mark.parametrize("topic", list(Topic))
def test_every_topic_is_configured_as_the_table_says(settings: Settings, topic: Topic) -> None:
    assert config_of(topic).items() <= configured(settings, topic).items()


def test_making_topics_again_brings_their_configuration_up_to_date(settings: Settings) -> None:
    assert create_topics(settings) == Made((), ())

    configure(settings, Topic.LABELS, "max.compaction.lag.ms", "9223372036854775807")
    configure(settings, Topic.LABELS, "compression.type", "zstd")  # an operator's own choice
    assert create_topics(settings) == Made((), (Topic.LABELS.value,))

    assert config_of(Topic.LABELS).items() <= configured(settings, Topic.LABELS).items()
    assert configured(settings, Topic.LABELS)["compression.type"] == "zstd"
    assert create_topics(settings) == Made((), ())


def test_topics_that_exist_keep_their_partitions_and_replicas_and_that_is_told(
    settings: Settings,
) -> None:
    wanted = {"kafka_partitions": settings.kafka_partitions + 2, "kafka_replication": 3}
    made = create_topics(settings.model_copy(update=wanted))

    everything = tuple(topic.value for topic in TOPICS)
    partitioned = tuple(t.value for t, spec in TOPICS.items() if spec.partitions is None)
    assert made == Made((), (), other_partitions=partitioned, other_replication=everything)
    # Nobody waits for replicas that there are not.
    assert configured(settings, Topic.USERS)["min.insync.replicas"] == "1"


def test_a_quiet_partition_of_a_compacted_topic_gets_a_tombstone_of_nobody(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("topics")  # on a shared broker others' partitions are quiet, too
    producer = Producer({**client_config(settings)})
    producer.produce(Topic.LABELS, b"{}", b"anna", partition=2)
    producer.produce(Topic.ABUSE_ALERTS, b"{}", b"anna", partition=1)
    producer.flush(10)

    assert close_quiet_segments(settings) == 0  # a moment ago is not quiet
    assert close_quiet_segments(settings, NOBODY_WAITS_MS) == 1

    def has_both(messages: object) -> bool:
        return sum(end.end - end.start for end in Offsets(settings).ends(Topic.LABELS)) == len(
            messages  # type: ignore[arg-type]
        )

    newest: Message = read_topic(settings, Topic.LABELS, has_both)[-1]
    assert (newest.partition(), newest.key(), newest.value()) == (2, KEY, None)
    assert isinstance(decode(Topic.LABELS, newest.key(), newest.value()), Tombstone)


def test_the_table_names_every_topic_that_the_broker_has(settings: Settings) -> None:
    admin = AdminClient(client_config(settings))
    everything = admin.list_topics(timeout=10).topics
    known = {name for name in everything if not name.startswith(("__", "promo.connect."))}
    assert known == {topic.value for topic in TOPICS}
