"""An ordinary customer: looks around first, and redeems hours or days later, if at all.

Shares an address with strangers where a carrier or a campus has one for many, nothing else.
"""

from collections.abc import Iterator

from simulator.events import Event
from simulator.honest.habits import shopping, sign_up
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Sign up, and redeem up to two codes in the weeks after it."""
    person = stage.customer()
    yield sign_up(stage, person, stage.start)
    yield from shopping(stage, person, stage.start)
