"""Sweeps in their topic, and how much a batch passes on."""

import orjson
import pytest

from connectors.errors import PoisonMessage
from connectors.profile import Hasher
from connectors.topics import Topic
from stream_processors.feature_store.identifier_wire import Sweep
from stream_processors.intake import Message
from stream_processors.scoring.plan import plan
from stream_processors.scoring.sweep import PAGE, decode, encode, share_of_page

SWEEPS = (
    Sweep("device", "d", "measurement7"),
    Sweep("device", "d", "measurement7", (-5, "ü-Zoë")),
)


@pytest.mark.parametrize("sweep", SWEEPS)
def test_a_sweep_is_read_back_as_it_was_written(sweep: Sweep) -> None:
    sent = encode(sweep)
    assert (sent.topic, sent.key) == (Topic.SWEEPS, b"device:d")
    assert decode(sent.value) == sweep


@pytest.mark.parametrize(
    "wrong", [{"kind": 1}, {"hash": None}, {"after": [1]}, {"after": ["x", "u"]}, {"after": [1, 2]}]
)
def test_what_is_no_sweep_is_poison(wrong: dict[str, object]) -> None:
    value = orjson.dumps({**orjson.loads(encode(SWEEPS[0]).value or b""), **wrong})
    with pytest.raises(PoisonMessage):
        decode(value)
    with pytest.raises(PoisonMessage):
        decode(None)


def test_a_batch_goes_on_with_each_sweep_once_and_passes_a_page_on_for_all_of_them() -> None:
    messages = [
        Message(Topic.SWEEPS, 0, n, b"device:d", encode(sweep).value)
        for n, sweep in enumerate([*SWEEPS, SWEEPS[0]])
    ]
    made = plan(messages, Hasher("tests"))

    assert made.sweeps == list(SWEEPS)
    assert not made.is_empty
    assert (share_of_page(1), share_of_page(4), share_of_page(500)) == (PAGE, PAGE // 4, 1)
