"""A ring that verifies one of its accounts, so that the others look like strangers who borrowed it.

All addresses lead to one Gmail mailbox; only the first one's is verified. Device, address and
number are fresh for each account.

Signal that remains: the mailbox, within days, and the same code, for all accounts but the one that
verified it. That one is left its one account, as anybody has: it cannot be told from an owner
whose address others have written into their forms.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.attacks.email_aliases import alias
from simulator.events import Event, Redeemed, SignedUp
from simulator.people import plain
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Eight to twelve accounts within three days, one code."""
    owner, (code,) = stage.stranger(), stage.shop.codes(stage.random)
    name = plain(f"{owner.first_name}{owner.last_name}")
    mailbox = f"{name}{stage.random.randint(10_000, 99_999)}"
    for number, at in enumerate(stage.moments(stage.random.randint(8, 12), timedelta(days=3))):
        address = alias(stage.random, mailbox, number)[0]
        member = replace(stage.stranger(), email=address, is_email_verified=number == 0)
        yield SignedUp(at, member, at)
        redeemed_at = stage.later(at, timedelta(minutes=2), timedelta(hours=20))
        yield Redeemed(redeemed_at, member.user_id, code)
