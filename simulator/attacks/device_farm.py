"""Someone takes a welcome code many times on one phone, which is reset between the accounts.

Each account has a mailbox and a number that were bought, and comes through another mobile
proxy. Redeems like a first buyer, so speed does not tell.

Signal that remains: the device. Its fingerprint survives the resets.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.events import Event, Redeemed, SignedUp
from simulator.people import identity
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Six to fourteen accounts within an hour, one code."""
    device, (code,) = identity(stage.random), stage.shop.codes(stage.random)
    browser = stage.stranger().user_agent
    for at in stage.moments(stage.random.randint(6, 14), timedelta(hours=1)):
        person = replace(stage.stranger(), device_id=device, user_agent=browser)
        yield SignedUp(at, person, at)
        redeemed_at = stage.later(at, timedelta(seconds=30), timedelta(minutes=12))
        yield Redeemed(redeemed_at, person.user_id, code)
