"""Someone invents addresses for one Gmail mailbox: dots anywhere, ``+anything`` behind the name.

The private window shows another device every time, a VPN another address; the numbers are from a
service that receives SMS. Takes hours between accounts, and redeems after a while.

Signal that remains: the mailbox that all the addresses lead to.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from simulator.events import Event, Redeemed, SignedUp
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Five to twelve accounts within two days, one code."""
    owner, (code,) = stage.stranger(), stage.shop.codes(stage.random)
    mailbox = f"{owner.first_name}{owner.last_name}{stage.random.randint(10, 99_999)}".lower()
    for number, at in enumerate(stage.moments(stage.random.randint(5, 12), timedelta(days=2))):
        person = replace(
            stage.stranger(),
            email=_alias(stage.random, mailbox, number),
            first_name=owner.first_name,
            last_name=owner.last_name,
        )
        yield SignedUp(at, person, at)
        redeemed_at = stage.later(at, timedelta(minutes=5), timedelta(hours=30))
        yield Redeemed(redeemed_at, person.user_id, code)


def _alias(random: Random, mailbox: str, number: int) -> str:
    if number % 2:
        dot = random.randrange(1, len(mailbox))
        mailbox = f"{mailbox[:dot]}.{mailbox[dot:]}"
    # The number keeps the addresses apart: the shop refuses one that it knows.
    return f"{mailbox}+{random.choice(('shop', 'promo', 'new', 'x'))}{number}@gmail.com"
