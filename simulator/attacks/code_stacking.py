"""One account finds out that codes can be combined, or that a list of them leaked, and uses all.

Nothing else is odd: an ordinary account, with its own device, address, mailbox and number.

Signal that remains: more different codes within an hour than anybody's shopping needs.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.events import Event, Redeemed, SignedUp
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Sign up, and redeem six to twelve codes within three quarters of an hour."""
    person = stage.stranger()
    yield SignedUp(stage.start, person, stage.start)
    codes = stage.shop.codes(stage.random, stage.random.randint(6, 12))
    begin = stage.later(stage.start, timedelta(minutes=2), timedelta(hours=20))
    wait = min(timedelta(minutes=45), stage.span / 4) / len(codes)
    for number, code in enumerate(codes):
        yield Redeemed(begin + number * wait, person.user_id, code)
