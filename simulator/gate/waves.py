"""Tales in waves: each wave holds the next step of every tale. Pure.

A tale's steps must be scored one after the other, as they would be in a live shop; different
tales share nothing and go side by side, which is what makes the gate fast.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from simulator.events import Event, SignedUp
from simulator.gate.cast import Tale

Step = tuple[Event, ...]
"""Events of one tale that are written together."""

Wave = Sequence[tuple[int, Step]]
"""The next step of each tale that goes on, with the tale's number."""


def steps(tale: Tale) -> Iterator[Step]:
    """A tale's past, sign-ups first, then event after event."""
    past = tuple(event for event in tale.events if event.happened_at < tale.start)
    signed_up = tuple(event for event in past if isinstance(event, SignedUp))
    others = tuple(event for event in past if not isinstance(event, SignedUp))
    yield from (step for step in (signed_up, others) if step)
    yield from ((event,) for event in tale.events[len(past) :])


def waves(tales: Sequence[Tale]) -> Iterator[Wave]:
    """Wave k holds step k of every tale that has one; as many waves as the longest has steps."""
    for row in zip_longest(*map(steps, tales)):
        yield [(number, step) for number, step in enumerate(row) if step is not None]
