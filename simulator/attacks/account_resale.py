"""Accounts that honest-looking people opened months ago are sold, and their new owners redeem.

Each was opened on its own device and address, with a mailbox and a number of its own, and lay
still; the buyers are many, and each redeems like a customer who comes back. The sign-up is all
that a shop keeps of the first owner, so nothing changes hands that the stream could see.

Signal that remains: none. What is caught here is caught by chance.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.events import Event, Redeemed, SignedUp
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Six to twelve aged accounts, sold and used within a fortnight."""
    count = stage.random.randint(6, 12)
    sales = stage.moments(count, timedelta(days=14))
    opened = stage.before(count, timedelta(days=15))
    for sold, created_at in zip(sales, opened, strict=True):
        account = stage.stranger()
        yield SignedUp(stage.start, account, created_at - timedelta(days=60))
        (code,) = stage.shop.codes(stage.random)
        redeemed_at = stage.later(sold, timedelta(minutes=10), timedelta(days=2))
        yield Redeemed(redeemed_at, account.user_id, code)
