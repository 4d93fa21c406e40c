"""A script fills in the form and the code; nothing links the accounts, all is bought in bulk.

Each has a device, an address, a mailbox and a number of its own; only few are verified, as that
costs. The script rotates through the codes that it has found.

Signal that remains: speed. Seconds from sign-up to redemption, where people need half a minute
for the form alone; and that hardly anything is verified.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.events import Event, Redeemed, SignedUp
from simulator.stage import Stage

_VERIFIED = 0.2


def story(stage: Stage) -> Iterator[Event]:
    """Four to ten accounts within six hours, each redeems within 25 seconds."""
    codes = stage.shop.codes(stage.random, 3)
    for at in stage.moments(stage.random.randint(4, 10), timedelta(hours=6)):
        person = replace(
            stage.stranger(),
            is_email_verified=stage.random.random() < _VERIFIED,
            is_phone_verified=stage.random.random() < _VERIFIED,
        )
        yield SignedUp(at, person, at)
        redeemed_at = at + timedelta(seconds=stage.random.uniform(2, 25))
        yield Redeemed(redeemed_at, person.user_id, stage.random.choice(codes))
