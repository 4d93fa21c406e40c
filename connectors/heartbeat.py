"""Rows that only say that rows arrive: which there are, and how their events are read. Pure.

The monitor writes one for each partition of their topic, all at once, every few seconds, and looks
for them behind each stage. ``beat_us`` is when it wrote them, by its own clock: whoever passes one
on only repeats it, so an age is the difference of two looks at one clock.
"""

from itertools import count

from connectors.columns import bigint, json_object
from connectors.errors import PoisonMessage

_SEED = 0x9747B28C
_M = 0x5BD1E995
_WORD = 0xFFFFFFFF


def beat_keys(partitions: int) -> tuple[str, ...]:
    """A key for each partition, in their order, as Kafka's Java clients partition keys."""
    found: dict[int, str] = {}
    for number in count():
        found.setdefault(partition_of(str(number).encode(), partitions), str(number))
        if len(found) == partitions:
            return tuple(found[partition] for partition in range(partitions))
    raise AssertionError("count() does not end")


def beat_us(value: bytes | None) -> int | None:
    """When a heartbeat was written, microseconds since 1970 UTC, from its Debezium envelope.

    None where somebody has deleted one, and for the tombstone that follows: the next one comes.

    Raises:
        PoisonMessage: it is something else.
    """
    if value is None:
        return None
    row = json_object(value, "a Debezium envelope").get("after")
    if row is None:
        return None
    if not isinstance(row, dict):
        raise PoisonMessage("decode", "the heartbeat has no row in after")
    return bigint(row, "beat_us")


def beat_of(partition: int, value: bytes | None) -> dict[int, int]:
    """The heartbeat in a message of a partition, by it; empty where there is none.

    Raises:
        PoisonMessage: as :func:`beat_us`.
    """
    beat = beat_us(value)
    return {} if beat is None else {partition: beat}


def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's Java clients put a key: murmur2, as in ``org.apache.kafka.common.utils``."""
    return (_murmur2(key) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    h = _SEED ^ len(data)
    whole = len(data) - len(data) % 4
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * _M & _WORD
        h = (h * _M & _WORD) ^ ((k ^ k >> 24) * _M & _WORD)
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _WORD
    h = (h ^ h >> 13) * _M & _WORD
    return h ^ h >> 15
