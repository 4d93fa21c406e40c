"""A small shop whose abusers can be told by their phones, for tests of the training."""

import random
from collections.abc import Callable, Iterator

from connectors.events import Redeemed, Registered
from ml.training.history import History, history_of
from ml.training.money import Costs
from tests.unit.ml.builders import account, redeemed, registered

USUAL = "1:911"
COSTS = Costs(value=20, challenge=5, deny=50, stops=0.8)
Label = Callable[[int], bool | None]


def known_abuser(number: int) -> bool | None:
    return number < 30


def shop(accounts: int = 300, label: Label = known_abuser) -> History:
    """Thirty accounts, most with phones written oddly, among others; half of all redeem."""
    return history_of(_registrations(accounts, label), _redemptions(accounts))


def _registrations(accounts: int, label: Label) -> Iterator[Registered]:
    dice = random.Random(7)
    for number in range(accounts):
        profile = account(
            f"u{number:03}",
            hours=dice.random() * 9000,
            phone_shape=f"0:9{number}" if number < 30 and number % 5 else USUAL,
            canonical_email=f"mailbox {number - number % 2}" if number < 60 else None,
            birth_year=dice.randrange(1940, 2005),
            hour=dice.randrange(24),
            is_email_verified=dice.random() < 0.5,
        )
        yield registered(profile, label(number))


def _redemptions(accounts: int) -> Iterator[Redeemed]:
    return (
        redeemed(f"u{number:03}", hours=10_000 + number, usage_id=number)
        for number in range(0, accounts, 2)
    )
