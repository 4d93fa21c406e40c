"""How often one message has ended this process: remembered in a file that outlives it."""

import time
from collections.abc import Callable
from pathlib import Path

import orjson

from stream_processors.intake import Message

MOST = 3
"""The crash with this number at one offset sets the message aside."""

COMMITTED_WITHIN_S = 10.0
"""What is acknowledged may come again until then: Faust commits once a second."""

_SET_ASIDE = 0
"""Instead of a count."""


class Crashes:
    """Counts crashes by the position of the message that caused them.

    What was set aside is remembered until it is acknowledged for good: should another message end
    the process before that, it comes again, and is neither tried nor set aside again.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._counts = self._read()
        self._set_aside_at = dict.fromkeys(self._counts, clock())

    def count(self, message: Message) -> int:
        """Count a crash at a message; returns how many there were at it, this one included."""
        self._counts[message.position] = self._counts.get(message.position, 0) + 1
        self._write()
        return self._counts[message.position]

    def note_set_aside(self, message: Message) -> None:
        """Remember that a message lies in the dead-letter topic."""
        self._counts[message.position] = _SET_ASIDE
        self._set_aside_at[message.position] = self._clock()
        self._write()

    def is_set_aside(self, message: Message) -> bool:
        """Whether it lies there and may yet come again."""
        return self._counts.get(message.position) == _SET_ASIDE if self._counts else False

    def forget(self, *acknowledged: Message) -> None:
        """Forget all up to these messages; of what was set aside once it cannot come again."""
        if not self._counts:
            return
        newest = {message.source: message.offset for message in acknowledged}
        left = {at: n for at, n in self._counts.items() if not self._is_over(at, n, newest)}
        if left != self._counts:
            self._counts = left
            self._write()

    def _is_over(self, position: str, count: int, newest: dict[str, int]) -> bool:
        source, _, offset = position.rpartition("@")
        if int(offset) > newest.get(source, -1):
            return False
        waited_s = self._clock() - self._set_aside_at.get(position, 0.0)
        return count != _SET_ASIDE or waited_s >= COMMITTED_WITHIN_S

    def _read(self) -> dict[str, int]:
        try:
            counts = orjson.loads(self._path.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return {}
        return counts if isinstance(counts, dict) else {}

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(self._counts))
        fresh.replace(self._path)
