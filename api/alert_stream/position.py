"""Where a stream stands in the topic: the next offset of every partition. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

PATTERN = r"^[0-9]{1,19}(\.[0-9]{1,19})*$"
LONGEST = 2_000


class UnusablePosition(ValueError):
    """A position that no stream of this topic can have given."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What a partition holds: the first offset, and the one that the next message gets."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Now:
    """Only what comes from now on."""


@dataclass(frozen=True, slots=True)
class Since:
    """What was published from a moment on, milliseconds since 1970."""

    moment_ms: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where an earlier stream ended: its last event's id."""

    event_id: str


Start = Now | Since | Resumed


def encode(offsets: Sequence[int]) -> str:
    """A position as an event's id: ``12.5.0.33``."""
    return ".".join(map(str, offsets))


def resumed(event_id: str, partitions: Sequence[Ends]) -> list[int]:
    """The next offsets after an event; the earliest where Kafka holds them no more.

    Raises:
        UnusablePosition: it is of another number of partitions, or beyond a partition's end.
    """
    offsets = [int(part) for part in event_id.split(".")]
    if len(offsets) != len(partitions):
        raise UnusablePosition(f"is of {len(offsets)} partitions, there are {len(partitions)}")
    if any(offset > ends.high for offset, ends in zip(offsets, partitions, strict=True)):
        raise UnusablePosition("is beyond the newest alert")
    return [max(offset, ends.low) for offset, ends in zip(offsets, partitions, strict=True)]
