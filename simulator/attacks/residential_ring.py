"""Someone rents sticky residential proxies: a handful of homes' addresses, several accounts each.

Providers keep an address for a session of up to a day; each is worked for an hour, then the next
one. Every account has a device profile from an anti-detect browser, a mailbox and a number that
were bought, and fills in the form at human speed.

Signal that remains: several accounts an hour on one address, and the same code behind them.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.addresses import home_address
from simulator.events import Event, Redeemed, SignedUp
from simulator.people import person
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Two to four addresses within a day, three to five accounts on each within an hour."""
    (code,) = stage.shop.codes(stage.random)
    for session in stage.moments(stage.random.randint(2, 4), timedelta(hours=20)):
        address = home_address(stage.random)
        for at in stage.moments(stage.random.randint(3, 5), timedelta(hours=1), session):
            member = person(stage.random, address)
            yield SignedUp(at, member, at)
            redeemed_at = stage.later(at, timedelta(seconds=40), timedelta(minutes=40))
            yield Redeemed(redeemed_at, member.user_id, code)
