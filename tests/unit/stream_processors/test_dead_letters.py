"""Setting messages aside: as they came, each once, and not without end."""

import pytest
from prometheus_client import generate_latest

from connectors.errors import DeadLetterCeiling, IncompleteRow, PoisonMessage
from connectors.topics import Topic
from stream_processors.dead_letters import Ceiling, dead_letter
from stream_processors.metrics import NAMES, Metrics
from tests.unit.stream_processors.messages import garbage

POISON = PoisonMessage("decode", "not JSON")


class Clock:
    """Seconds, set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_dead_letter_keeps_key_and_bytes_and_says_where_and_why() -> None:
    letter = dead_letter(garbage(offset=17), POISON, failed_at_us=5)
    assert (letter.topic, letter.key, letter.value) == (Topic.DEAD_LETTER, b"anna", b"\xff\xfe")
    assert letter.headers == {
        "topic": b"promo.public.users",
        "partition": b"1",
        "offset": b"17",
        "error": b"not JSON",
        "stage": b"decode",
        "failed_at": b"5",
    }


def test_the_ceiling_lets_so_many_through_and_then_none() -> None:
    ceiling = Ceiling(3, Clock())
    for _ in range(3):
        ceiling.count(POISON)
    for _ in range(2):
        with pytest.raises(DeadLetterCeiling, match="make dead-letters"):
            ceiling.count(POISON)


def test_the_ceiling_forgets_after_ten_minutes() -> None:
    clock = Clock()
    ceiling = Ceiling(2, clock)
    ceiling.count(POISON)
    clock.now = 500
    ceiling.count(POISON)
    clock.now = 601
    ceiling.count(POISON)
    with pytest.raises(DeadLetterCeiling):
        ceiling.count(POISON)


def test_what_the_ceiling_refuses_does_not_count() -> None:
    clock = Clock()
    ceiling = Ceiling(1, clock)
    ceiling.count(POISON)
    clock.now = 599
    with pytest.raises(DeadLetterCeiling):
        ceiling.count(POISON)
    clock.now = 601
    ceiling.count(POISON)


def test_rows_that_the_source_sends_incomplete_are_no_flood() -> None:
    ceiling = Ceiling(1, Clock())
    for _ in range(3):
        ceiling.count(IncompleteRow("decode", "users has no column device_id"))
    ceiling.count(POISON)
    with pytest.raises(DeadLetterCeiling):
        ceiling.count(POISON)


def test_all_metrics_have_names_of_the_closed_list() -> None:
    shown = {
        line.split()[2]
        for line in generate_latest(Metrics().registry).decode().splitlines()
        if line.startswith("# TYPE")
    }
    assert {name for name in shown if not name.endswith("_created")} <= set(NAMES)
