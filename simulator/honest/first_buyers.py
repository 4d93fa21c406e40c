"""A first buyer: signs up at the checkout with a code in hand, and redeems it within minutes.

Fast, and honest: why speed alone may not challenge anyone. People need half a minute for the
form at least, which a script does not.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.events import Event, Redeemed
from simulator.honest.habits import sign_up
from simulator.stage import Stage

_FORM, _BASKET = timedelta(seconds=30), timedelta(minutes=15)


def story(stage: Stage) -> Iterator[Event]:
    """Sign up and redeem one code."""
    person = stage.customer()
    yield sign_up(stage, person, stage.start)
    (code,) = stage.shop.codes(stage.random)
    yield Redeemed(stage.later(stage.start, _FORM, _BASKET), person.user_id, code)
