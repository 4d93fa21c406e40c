"""A few friends in one room open accounts for an evening's orders, with all phones they can find.

Every account has its own device, mailbox and number, verified in the ordinary way; people fill in
the forms, so speed does not tell.

Signal that remains: the address, within an hour, and the same code behind it.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.addresses import home_address
from simulator.events import Event, Redeemed, SignedUp
from simulator.people import person
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Five to twelve accounts within 50 minutes, one code."""
    address, (code,) = home_address(stage.random), stage.shop.codes(stage.random)
    for at in stage.moments(stage.random.randint(5, 12), timedelta(minutes=50)):
        member = person(stage.random, address)
        yield SignedUp(at, member, at)
        redeemed_at = stage.later(at, timedelta(seconds=30), timedelta(minutes=40))
        yield Redeemed(redeemed_at, member.user_id, code)
