"""Words on identifiers in their topic: what is written is read back, what is not one is poison."""

import orjson
import pytest

from connectors.errors import PoisonMessage
from connectors.events import Authority, IdentifierDecided, Origin, Tombstone
from connectors.identifier_decisions import decode, encode, key

MOMENT_US = 1_764_000_000_123_456
DECISION = IdentifierDecided(
    "device",
    "d" * 32,
    Authority.MEASUREMENT,
    False,
    Origin(MOMENT_US, MOMENT_US),
    "measurement",
    "600 accounts on 40 days",
    600,
)


@pytest.mark.parametrize("identifies", [False, True, None])
def test_a_word_is_read_back_as_it_was_written(identifies: bool | None) -> None:
    said = IdentifierDecided(
        "phone", "p", Authority.ANALYST, identifies, Origin(1, 1), "desk", "no", 20
    )
    found = decode(key(said), encode(said))
    assert found == said
    assert isinstance(found, IdentifierDecided)
    assert (found.decided_by, found.why, found.shared_by) == ("desk", "no", 20)


def test_measurement_and_analysts_have_a_key_each_so_neither_is_compacted_by_the_other() -> None:
    assert key(DECISION) == f"device:{'d' * 32}:measurement".encode()


def test_a_tombstone_changes_nothing() -> None:
    assert decode(b"k", None) == Tombstone("k")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "ip"},
        {"kind": None},
        {"authority": "oracle"},
        {"identifies": "no"},
        {"hash": 7},
        {"decided_at": "1969-01-01T00:00:00Z"},
        {"shared_by": "many"},
    ],
)
def test_what_is_no_such_word_is_poison(wrong: dict[str, object]) -> None:
    with pytest.raises(PoisonMessage):
        decode(None, orjson.dumps({**orjson.loads(encode(DECISION)), **wrong}))
