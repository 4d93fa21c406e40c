"""A first buyer: signs up at the checkout with a code in hand, and redeems it within minutes.

Fast, and honest: why speed alone may not challenge anyone. People need half a minute for the
form at least, which a script does not. In the Noaat data 41 of 200 abusers redeem within 15
minutes and hardly any honest account does; shops whose checkout asks for an account see the
opposite, so these come too.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.events import Event
from simulator.honest.habits import redeem, sign_up
from simulator.stage import Stage

_FORM, _BASKET = timedelta(seconds=30), timedelta(minutes=15)


def story(stage: Stage) -> Iterator[Event]:
    """Sign up and redeem one code."""
    person = stage.customer()
    yield sign_up(stage, person, stage.start)
    (code,) = stage.shop.codes(stage.random)
    yield redeem(stage, person, code, stage.later(stage.start, _FORM, _BASKET))
