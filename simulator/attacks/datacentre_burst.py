"""A script on rented servers: another address of one network for each account, one browser build.

Devices are invented, mailboxes and numbers are bought in bulk, and the script waits like a
person before it redeems.

Signal that remains: the network, within an hour; the browser's build; the code.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.addresses import addresses_in_network
from simulator.events import Event, Redeemed, SignedUp
from simulator.people import browser, person
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Eight to sixteen accounts within an hour, each on an address of its own in a /24."""
    build, (code,) = browser(stage.random), stage.shop.codes(stage.random)
    count = stage.random.randint(8, 16)
    addresses = addresses_in_network(stage.random, count)
    moments = stage.moments(count, timedelta(hours=1))
    for at, address in zip(moments, addresses, strict=True):
        member = replace(person(stage.random, address), user_agent=build)
        yield SignedUp(at, member, at)
        redeemed_at = stage.later(at, timedelta(seconds=30), timedelta(minutes=30))
        yield Redeemed(redeemed_at, member.user_id, code)
