"""Cues are played when they are due, in batches that keep their order."""

from datetime import datetime, timedelta

from simulator.events import Labelled
from simulator.pace import BATCH, due_batches
from simulator.timeline import Cue
from tests.unit.simulator.plays import START


class Clock:
    """A clock that sleep alone moves."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def cue(at_s: float, number: int = 0) -> Cue:
    at = START + timedelta(seconds=at_s)
    return Cue(at, number, "honest", Labelled(at, f"u{number}"))


def test_each_cue_is_played_when_it_is_due_and_not_before() -> None:
    clock = Clock()
    cues = [cue(0), cue(1.5, 1), cue(1.5, 2), cue(4, 3)]

    played = [(clock.moment, batch) for batch in due_batches(cues, clock.now, clock.sleep)]

    assert [batch for _, batch in played] == [cues[:1], cues[1:3], cues[3:]]
    assert [(at - START).total_seconds() for at, _ in played] == [0, 1.5, 4]


def test_the_past_is_played_at_once_in_full_batches() -> None:
    clock = Clock()
    cues = [cue(-1, number) for number in range(2 * BATCH + 1)]

    batches = list(due_batches(cues, clock.now, clock.sleep))

    assert [len(batch) for batch in batches] == [BATCH, BATCH, 1]
    assert [one for batch in batches for one in batch] == cues
    assert clock.moment == START
