"""Messages set aside: the original bytes and headers that say where they lay and why."""

import time
from collections import deque
from collections.abc import Callable

from connectors.errors import DeadLetterCeiling, PoisonMessage
from connectors.topics import Topic
from stream_processors.delivery import Outgoing
from stream_processors.intake import Message

_WINDOW_S = 600.0


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
        self._most = most
        self._clock = clock
        self._times: deque[float] = deque()

    def count(self) -> None:
        """Count one dead letter.

        Raises:
            DeadLetterCeiling: it is one too many; it must not be published.
        """
        now = self._clock()
        while self._times and self._times[0] < now - _WINDOW_S:
            self._times.popleft()
        if len(self._times) >= self._most:
            raise DeadLetterCeiling(
                f"{self._most} dead letters within ten minutes: look at `make dead-letters`, fix"
                " what sends them, then restart this worker"
            )
        self._times.append(now)
