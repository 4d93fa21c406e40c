"""What honest people have in common: most are known to be honest, and codes are used once."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from simulator.events import Person, Redeemed, SignedUp
from simulator.stage import Stage

_VOUCHED_FOR = 0.7
_ATTEMPTS = 0.04
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sign_up(
    stage: Stage, person: Person, at: datetime, created_at: datetime | None = None
) -> SignedUp:
    """An honest registration; the shop vouches for most, of the others nobody knows."""
    vouched = False if stage.random.random() < _VOUCHED_FOR else None
    return SignedUp(at, person, created_at or at, vouched)


def shopping(
    stage: Stage, person: Person, since: datetime, counts: list[int]
) -> Iterator[Redeemed]:
    """Redemptions of different codes, hours to weeks apart; a few are attempts only.

    Args:
        stage: the story's.
        person: who shops.
        since: the wait for the first redemption begins here.
        counts: how many codes are used, one of these.
    """
    moment = since
    for code in stage.shop.codes(stage.random, stage.random.choice(counts)):
        moment = stage.later(moment, HOUR, 20 * DAY)
        yield Redeemed(moment, person.user_id, code, stage.random.random() >= _ATTEMPTS)
