"""A worker's edge: batches in, one processor, acknowledgements in order, and what may go wrong.

Faust acknowledges an event even when the agent's body raises, so nothing may get out of here:

- a dependency that is down is waited for (in the processor);
- poison is set aside (in the processor), up to a ceiling; beyond it the worker acknowledges
  what came before, halts, stays alive and says so: a restart would only empty more of the topic;
- anything else ends the process, for the supervisor to start it again. The message that did
  it is found by processing the batch one by one; its third crash sets it aside.
"""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from connectors.errors import DeadLetterCeiling, PoisonMessage
from connectors.topics import Topic
from stream_processors.crashes import MOST, Crashes
from stream_processors.intake import Intake, Message
from stream_processors.metrics import Metrics

EXIT_CRASHED = 70
_log = logging.getLogger(__name__)


class Processor(Protocol):
    """What a worker does with messages."""

    async def process(self, messages: Sequence[Message]) -> None:
        """Process messages in order; returns when all their effects are done and durable.

        Idempotent. Waits while a dependency is down.

        Raises:
            DeadLetterCeiling: too many messages had to be set aside.
        """
        ...

    async def set_aside(self, message: Message, poison: PoisonMessage) -> None:
        """Publish one message to the dead-letter topic.

        Raises:
            DeadLetterCeiling: it is one too many.
        """
        ...


class Worker:
    """Feeds a stream's batches to a processor."""

    def __init__(self, processor: Processor, crashes: Crashes, metrics: Metrics) -> None:
        self._processor = processor
        self._crashes = crashes
        self._metrics = metrics
        self._turn = asyncio.Lock()

    async def run(self, intake: Intake) -> None:
        """Process an intake's batches until it ends.

        Several intakes take turns, a batch each, so that a backlog of the one does not keep the
        other's messages waiting; never are two batches in work.
        """
        async for messages in intake.batches():
            async with self._turn:
                await self._process(messages, intake)

    async def _process(self, messages: Sequence[Message], intake: Intake) -> None:
        self._metrics.batch_size.observe(len(messages))
        with self._metrics.batch_seconds.time():
            done = await self._handle(messages)
        await intake.acknowledge(messages[:done])
        self._crashes.forget(*messages[:done])
        for topic, count in Counter(message.topic for message in messages[:done]).items():
            if topic != Topic.HEARTBEATS:  # they are nobody's events
                self._metrics.events.labels(topic).inc(count)
        if done < len(messages):
            await self._halt()

    async def _handle(self, messages: Sequence[Message]) -> int:
        """Process a batch; returns how many of its messages may be acknowledged."""
        left = [one for one in messages if not self._crashes.is_set_aside(one)]
        try:
            await self._processor.process(left)
        except Exception as error:  # the process's edge: see the module's docstring
            _log.exception("a batch failed; looking for the message", exc_info=error)
            return await self._one_by_one(messages)
        return len(messages)

    async def _one_by_one(self, messages: Sequence[Message]) -> int:
        for done, message in enumerate(messages):
            if self._crashes.is_set_aside(message):
                continue
            try:
                await self._process_or_crash(message)
            except DeadLetterCeiling as error:
                _log.critical("halted: %s", error, extra=_where(message))
                return done
        return len(messages)

    async def _process_or_crash(self, message: Message) -> None:
        try:
            await self._processor.process([message])
        except DeadLetterCeiling:
            raise
        except Exception as error:  # the process's edge: it ends, or the message goes
            await self._crash(message, error)

    async def _crash(self, message: Message, error: Exception) -> None:
        crashes = self._crashes.count(message)
        if crashes < MOST:
            _log.critical("a message ends this process", exc_info=error, extra=_where(message))
            logging.shutdown()
            os._exit(EXIT_CRASHED)
        _log.error(
            "a message is set aside after its third crash", exc_info=error, extra=_where(message)
        )
        poison = PoisonMessage("crash", f"{type(error).__name__} in processing, {crashes} times")
        await self._processor.set_aside(message, poison)
        self._crashes.note_set_aside(message)

    async def _halt(self) -> None:
        self._metrics.halted.set(1)
        await asyncio.Event().wait()


def _where(message: Message) -> dict[str, object]:
    return {"topic": message.topic, "partition": message.partition, "offset": message.offset}
