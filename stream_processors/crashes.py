"""How often one message has ended this process: remembered in a file that outlives it."""

from pathlib import Path

import orjson

from stream_processors.intake import Message

MOST = 3
"""The crash with this number at one offset sets the message aside."""


class Crashes:
    """Counts crashes by the position of the message that caused them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def count(self, message: Message) -> int:
        """Count a crash at a message; returns how many there were at it, this one included."""
        counts = self._read()
        counts[message.position] = counts.get(message.position, 0) + 1
        self._write(counts)
        return counts[message.position]

    def forget(self, message: Message) -> None:
        """Forget a message that was set aside."""
        counts = self._read()
        counts.pop(message.position, None)
        self._write(counts)

    def _read(self) -> dict[str, int]:
        try:
            counts = orjson.loads(self._path.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return {}
        return counts if isinstance(counts, dict) else {}

    def _write(self, counts: dict[str, int]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(counts))
        fresh.replace(self._path)
