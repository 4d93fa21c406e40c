"""A SIM farm: each number receives the verification codes of a few accounts, days apart.

Devices, addresses and mailboxes are fresh for each account, all is verified, and each number
rests before it is used again.

Signal that remains: the number, within days, and the same code.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.events import Event, Redeemed, SignedUp
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Three numbers in turn, three to five accounts on each within eight days."""
    (code,) = stage.shop.codes(stage.random)
    numbers = [stage.stranger().phone for _ in range(3)]
    count = len(numbers) * stage.random.randint(3, 5)
    for turn, at in enumerate(stage.moments(count, timedelta(days=8))):
        member = replace(
            stage.stranger(), phone=numbers[turn % len(numbers)], is_phone_verified=True
        )
        yield SignedUp(at, member, at)
        redeemed_at = stage.later(at, timedelta(minutes=2), timedelta(hours=20))
        yield Redeemed(redeemed_at, member.user_id, code)
