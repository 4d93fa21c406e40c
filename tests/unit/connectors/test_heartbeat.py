"""Heartbeats: a key for each partition, and what an event says."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import PoisonMessage
from connectors.heartbeat import beat_keys, beat_of, partition_of
from tests.unit.connectors.envelopes import envelope


@given(st.integers(1, 64))
def test_there_is_one_key_for_each_partition_in_their_order(partitions: int) -> None:
    keys = beat_keys(partitions)

    assert [partition_of(key.encode(), partitions) for key in keys] == list(range(partitions))


@pytest.mark.parametrize(
    ("key", "hashed"),
    # From the test of org.apache.kafka.common.utils.Utils.murmur2.
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536),
     (b"abc", 479470107)],
)  # fmt: skip
def test_a_partition_is_the_one_of_kafkas_java_clients(key: bytes, hashed: int) -> None:
    assert partition_of(key, 1_000) == (hashed & 0x7FFFFFFF) % 1_000


def test_an_event_says_when_its_heartbeat_was_written() -> None:
    message = envelope("u", None, {"beat_key": "0", "beat_us": 17})

    assert beat_of(3, orjson.dumps(message)) == {3: 17}


def test_a_deleted_heartbeat_says_nothing() -> None:
    assert beat_of(3, None) == {}
    assert beat_of(3, orjson.dumps(envelope("d", {"beat_key": "0", "beat_us": 17}))) == {}


@pytest.mark.parametrize("value", [b"", b"[]", b'{"after": 1}', b'{"after": {"beat_us": "x"}}'])
def test_anything_else_is_poison(value: bytes) -> None:
    with pytest.raises(PoisonMessage):
        beat_of(0, value)
