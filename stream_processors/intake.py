"""Where a worker's batches come from, and how they are acknowledged."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


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


class Intake(Protocol):
    """Batches of messages in order, one at a time."""

    def batches(self) -> AsyncIterator[Sequence[Message]]:
        """Batches until the intake ends; the next one is taken once this one is dealt with."""
        ...

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """Say that the effects of a batch's first messages are done and durable.

        What is not acknowledged comes again after a restart, what is may come again.
        """
        ...


class FaustIntake:
    """The messages of a Faust agent's stream."""

    def __init__(self, stream: Any, size: int) -> None:
        """Take batches of at most ``size`` from a stream whose acknowledgements are off."""
        self._stream, self._size = stream, size
        self._events: list[Any] = []

    async def batches(self) -> AsyncIterator[Sequence[Message]]:
        """Batches of what is there, without a timer. See :class:`Intake`."""
        queue = self._stream.channel.queue
        self._events = []
        async for event in self._stream.events():
            self._events.append(event)
            if len(self._events) < self._size and not queue.empty():
                continue
            yield [_message(event.message) for event in self._events]
            self._events = []

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """See :class:`Intake`."""
        for event in self._events[: len(messages)]:
            await self._stream.ack(event)


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
