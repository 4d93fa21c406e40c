"""Messages set aside: the original bytes and headers that say where they lay and why."""

import time
from collections import deque
from collections.abc import Callable

from connectors.errors import DeadLetterCeiling, IncompleteRow, PoisonMessage
from connectors.topics import Topic
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.dependencies import until_up
from stream_processors.intake import Message
from stream_processors.metrics import Metrics

_WINDOW_S = 600.0
_MOST_IN_A_BATCH = 10_000


def dead_letter(message: Message, poison: PoisonMessage, failed_at_us: int) -> Outgoing:
    """The message for ``promo.dead_letter``: original key and bytes, position and reason."""
    return Outgoing(
        Topic.DEAD_LETTER,
        message.key,
        message.value,
        {
            "topic": message.topic.encode(),
            "partition": str(message.partition).encode(),
            "offset": str(message.offset).encode(),
            "error": poison.reason.encode(),
            "stage": poison.stage.encode(),
            "failed_at": str(failed_at_us).encode(),
        },
    )


class Ceiling:
    """Tells poison from a flood: so many dead letters in ten minutes, and no more.

    A flood has one cause outside the messages (a changed schema, a wrong topic); emptying the
    source into the dead-letter topic would not help.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._clock = clock
        self._times: deque[float] = deque()

    def count(self, poison: PoisonMessage) -> None:
        """Count one dead letter; an incomplete row is none of a flood, as it comes again.

        Raises:
            DeadLetterCeiling: it is one too many; it must not be published.
        """
        if isinstance(poison, IncompleteRow):
            return
        now = self._clock()
        while self._times and self._times[0] < now - _WINDOW_S:
            self._times.popleft()
        if len(self._times) >= self.most:
            raise DeadLetterCeiling(
                f"{self.most} dead letters within ten minutes: look at `make dead-letters`, fix"
                " what sends them, then restart this worker"
            )
        self._times.append(now)


class DeadLetters:
    """Sets messages aside, each once: a batch that is processed again does not repeat them.

    Args:
        delivery: where to.
        ceiling: how many.
        metrics: counts them by stage.
        clock_us: microseconds since 1970 UTC.
    """

    def __init__(
        self,
        delivery: Delivery,
        ceiling: Ceiling,
        metrics: Metrics,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._delivery = delivery
        self._ceiling = ceiling
        self._metrics = metrics
        self._clock_us = clock_us
        self._newest: deque[str] = deque(maxlen=max(ceiling.most, _MOST_IN_A_BATCH))

    async def set_aside(self, message: Message, poison: PoisonMessage) -> None:
        """Publish a message to the dead-letter topic; waits while Kafka is down.

        Raises:
            DeadLetterCeiling: it is one too many; it was not published.
        """
        if message.position in self._newest:
            return
        self._ceiling.count(poison)
        letter = dead_letter(message, poison, self._clock_us())
        await until_up("kafka", lambda: self._delivery.deliver([letter]), self._metrics)
        self._metrics.dead_letters.labels(poison.stage).inc()
        self._newest.append(message.position)
