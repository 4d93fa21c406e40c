"""A ring in a shop that asks for a number and lets codes be used before it is verified.

The same number is written into every form, and verified for no account. Device, address and
mailbox are fresh for each.

Signal that remains: the number, within days, and the same code. That nobody has verified it makes
it nobody's proof against anybody else; among those who gave it, it counts.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.events import Event, Redeemed, SignedUp
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Four to ten accounts within three days, one number, one code."""
    (code,), number = stage.shop.codes(stage.random), stage.stranger().phone
    for at in stage.moments(stage.random.randint(4, 10), timedelta(days=3)):
        member = replace(stage.stranger(), phone=number, is_phone_verified=False)
        yield SignedUp(at, member, at)
        redeemed_at = stage.later(at, timedelta(minutes=2), timedelta(hours=20))
        yield Redeemed(redeemed_at, member.user_id, code)
