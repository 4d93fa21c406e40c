"""An employee hands on a code that was never published, and friends of friends use it.

All are real people with devices, homes, mailboxes and numbers of their own; each uses the code
once, as if it had been meant for them.

Signal that remains: none between the accounts. That an unpublished code is used at all is for
whoever issued it to notice; the stream does not know which codes are published.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.events import Event, Redeemed, SignedUp
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Six to twelve people within three days, one rare code."""
    code = stage.shop.rare_code(stage.random)
    for at in stage.moments(stage.random.randint(6, 12), timedelta(days=3)):
        friend = stage.stranger()
        yield SignedUp(at, friend, at)
        redeemed_at = stage.later(at, timedelta(minutes=1), timedelta(hours=30))
        yield Redeemed(redeemed_at, friend.user_id, code)
