"""The warehouse worker's consumer: what another member, or a broker, may do to it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

import pytest
from confluent_kafka import Consumer

from connectors.kafka_client import client_config
from connectors.settings import Settings
from connectors.topics import Topic
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.intake import Message
from stream_processors.kafka_intake import KafkaIntake
from stream_processors.metrics import Metrics
from tests.reading import eventually

GROUP = "tests-intake"


@pytest.fixture
def settings(own_stack: Callable[..., Settings]) -> Settings:
    """Kafka with its topics, in which nobody else writes."""
    return own_stack("topics")


@pytest.fixture
def intake(settings: Settings) -> Iterator[KafkaIntake]:
    made = KafkaIntake(
        settings,
        [Topic.LABELS],
        GROUP,
        0,
        size=100,
        linger_s=0.1,
        metrics=Metrics(),
        on_assigned=lambda: None,
    )
    yield made
    made.close()


async def publish(settings: Settings, value: bytes) -> None:
    with Delivery(settings, "tests-intake") as delivery:
        await delivery.deliver([Outgoing(Topic.LABELS, b"somebody", value)])


async def read_until(intake: KafkaIntake, value: bytes) -> Sequence[Message]:
    """Read and acknowledge until a message comes."""
    seen: list[Message] = []
    async with asyncio.timeout(30):
        async for messages in intake.batches():
            seen += messages
            await intake.acknowledge(messages)
            if messages[-1].value == value:
                return seen
    raise AssertionError("the intake ended")


def take_the_place(settings: Settings) -> None:
    """Join as the same static member, which fences the one before, and go."""
    consumer = Consumer(
        {
            **client_config(settings),
            "group.id": GROUP,
            "group.instance.id": f"{GROUP}-0",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([Topic.LABELS.value])

    def has_the_place() -> bool:
        consumer.poll(0.1)
        return bool(consumer.assignment())

    eventually(has_the_place, "the other member is assigned")
    consumer.close()


async def test_a_fenced_member_joins_again_and_reads_on(
    settings: Settings, intake: KafkaIntake
) -> None:
    await publish(settings, b"before")
    before = await read_until(intake, b"before")

    await asyncio.to_thread(take_the_place, settings)
    await publish(settings, b"after")
    after = await read_until(intake, b"after")

    assert [message.value for message in before] == [b"before"]
    assert [message.value for message in after] == [b"after"]


async def test_what_a_fenced_member_had_not_acknowledged_comes_again(
    settings: Settings, intake: KafkaIntake
) -> None:
    await publish(settings, b"under way")
    async with asyncio.timeout(30):
        async for messages in intake.batches():
            if messages[-1].value == b"under way":
                break
    await asyncio.to_thread(take_the_place, settings)

    await intake.acknowledge(messages)  # of a member that is none any more

    again = await read_until(intake, b"under way")
    assert [message.value for message in again] == [b"under way"]
