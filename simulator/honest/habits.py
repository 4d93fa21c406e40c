"""What honest people have in common: most are known to be honest, and codes are used once."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from simulator.events import Person, Redeemed, SignedUp
from simulator.stage import Stage

_VOUCHED_FOR = 0.7
_ATTEMPTS = 0.04
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

LOOKS_AROUND = (0, 0, 1, 1, 1, 2)
"""How many codes a customer uses in the weeks after signing up, equally likely: an assumption."""


def sign_up(stage: Stage, person: Person, moment: datetime) -> SignedUp:
    """An honest registration; the shop vouches for most, of the others nobody knows.

    One of before the play begins comes with its own, older date.
    """
    vouched = False if stage.random.random() < _VOUCHED_FOR else None
    return SignedUp(max(moment, stage.start), person, moment, vouched)


def redeem(stage: Stage, person: Person, code: str, moment: datetime) -> Redeemed:
    """A redemption, perhaps of before the play; one in 25 is an attempt only."""
    used = stage.random.random() >= _ATTEMPTS
    return Redeemed(max(moment, stage.start), person.user_id, code, used, moment)


def shopping(
    stage: Stage, person: Person, since: datetime, counts: tuple[int, ...] = LOOKS_AROUND
) -> Iterator[Redeemed]:
    """Redemptions of different codes, hours to weeks apart.

    Args:
        stage: the story's.
        person: who shops.
        since: the wait for the first redemption begins here.
        counts: how many codes are used, one of these.
    """
    moment = since
    for code in stage.shop.codes(stage.random, stage.random.choice(counts)):
        moment = stage.later(moment, HOUR, 20 * DAY)
        yield redeem(stage, person, code, moment)
