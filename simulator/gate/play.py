"""Tales played wave by wave, wherever they are judged."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.errors import SimulationError
from simulator.events import Event
from simulator.gate.cast import Tale
from simulator.gate.ledger import Ledger, Verdict
from simulator.gate.money import values
from simulator.gate.waves import waves

OnWave = Callable[[int, int], None]
"""``(events written and scored, all events)``"""


class Arena(Protocol):
    """Where tales are judged: a live stack, or the pure core."""

    def play(self, events: Sequence[Event]) -> list[Verdict]:
        """Let events happen; returns all that is said because of them, in each account's order."""
        ...

    def measure(self, tales: Sequence[Tale]) -> list[Verdict]:
        """Let the values that the tales' accounts share be measured; returns as :meth:`play`."""
        ...


@dataclass(frozen=True, slots=True)
class GatePlay:
    """A finished play.

    Attributes:
        ledger: every account, and what was said of it.
        events: how many were played.
        seconds: how long it took, without the stack's start.
    """

    ledger: Ledger
    events: int
    seconds: float


def play(
    arena: Arena, tales: Sequence[Tale], on_wave: OnWave = lambda done, total: None
) -> GatePlay:
    """Play tales; each wave is scored before the next one begins.

    Raises:
        SimulationError: an account was never scored.
        PromoError: as the arena raises.
    """
    started = time.monotonic()
    ledger = Ledger(tales, values())
    total, done = sum(len(tale.events) for tale in tales), 0
    for wave in waves(tales):
        events = [event for _, step in wave for event in step]
        ledger.wrote(wave)
        ledger.said(arena.play(events))
        done += len(events)
        on_wave(done, total)
    ledger.said(arena.measure(tales))
    if unscored := ledger.unscored():
        raise SimulationError(f"{len(unscored)} accounts were never scored, as {unscored[0]}")
    return GatePlay(ledger, total, time.monotonic() - started)
