"""A regular: has been a customer for months when the play begins, and redeems during it.

The registration comes with its own, older date, as from a table that was there before; so in a
play of a minute too, redemptions come from accounts of all ages.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.events import Event
from simulator.honest.habits import DAY, redeem, sign_up
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """A registration of long ago, and one or two redemptions within half the play's span."""
    person = stage.customer()
    yield sign_up(stage, person, stage.start - stage.random.uniform(5, 400) * DAY)
    for code in stage.shop.codes(stage.random, stage.random.choice((1, 1, 2))):
        at = stage.start + stage.random.random() * min(stage.span / 2, timedelta(days=30))
        yield redeem(stage, person, code, at)
