"""From Faust's stream to batches of plain messages."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One Kafka message as it lies in its topic; ``value`` is None for a tombstone."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()

    @property
    def source(self) -> str:
        """``<topic>-<partition>``."""
        return f"{self.topic}-{self.partition}"

    @property
    def position(self) -> str:
        """``<topic>-<partition>@<offset>``, as logs and dead letters name it."""
        return f"{self.source}@{self.offset}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages in order, and the Faust events to acknowledge once their effects are done."""

    messages: Sequence[Message]
    events: Sequence[Any]


async def batches(stream: Any, size: int, linger_s: float = 0.0) -> AsyncIterator[Batch]:
    """Batches of what is there, without a timer where nothing lingers.

    Args:
        stream: a Faust stream with acknowledgements off (``stream.noack()``).
        size: most messages in a batch.
        linger_s: how long the first message of a batch may wait for more.
    """
    queue = stream.channel.queue
    events: list[Any] = []
    oldest = 0.0
    async for event in stream.events():
        oldest = oldest if events else time.monotonic()
        events.append(event)
        if len(events) < size:
            if not queue.empty():
                continue
            left = oldest + linger_s - time.monotonic()
            if left > 0:
                await asyncio.sleep(left)
                if not queue.empty():
                    continue
        yield Batch([_message(event.message) for event in events], events)
        events = []


def _message(message: Any) -> Message:
    headers = message.headers or ()
    return Message(
        message.topic,
        message.partition,
        message.offset,
        message.key,
        message.value,
        tuple(headers.items() if isinstance(headers, dict) else headers),
    )
