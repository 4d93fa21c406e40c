"""An emulated phone that invents a device id for each account, in one network, hours apart.

The provider gives another address of its /24 at every reconnection. Mailboxes and numbers are
fresh. Whoever does it is in no hurry: one to six hours lie between the accounts, and there is
a night in between.

Signal that remains: the network and the browser's build, within the day, and the same code.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.addresses import addresses_in_network
from simulator.events import Event, Redeemed, SignedUp
from simulator.people import browser, person
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Seven to twelve accounts within about three hours each."""
    build, (code,) = browser(stage.random), stage.shop.codes(stage.random)
    count = stage.random.randint(7, 12)
    addresses = addresses_in_network(stage.random, count)
    moments = stage.paced(count, timedelta(hours=1), timedelta(hours=6))
    for at, address in zip(moments, addresses, strict=True):
        member = replace(person(stage.random, address), user_agent=build)
        yield SignedUp(at, member, at)
        redeemed_at = stage.later(at, timedelta(minutes=2), timedelta(hours=2))
        yield Redeemed(redeemed_at, member.user_id, code)
