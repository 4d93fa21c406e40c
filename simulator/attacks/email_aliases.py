"""Someone invents addresses for one Gmail mailbox: dots, ``+anything``, capitals, other domains.

googlemail.com leads to the same mailbox; gmial.com and its like lead nowhere, but look alike and
pass where the shop lets a code be used before the address is verified. The private window shows
another device every time, a VPN another address; the numbers are from a service that receives
SMS. Takes hours between accounts, and redeems after a while.

Signal that remains: the mailbox that all the addresses lead to, or pretend to.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from simulator.events import Event, Redeemed, SignedUp
from simulator.people import plain
from simulator.stage import Stage

_LOOK_ALIKE = ("gmial.com", "gmai.com", "gamil.com")
_TAGS = ("shop", "promo", "new", "x")


def story(stage: Stage) -> Iterator[Event]:
    """Five to twelve accounts within two days, one code; one address in six looks alike only."""
    owner, (code,) = stage.stranger(), stage.shop.codes(stage.random)
    name = plain(f"{owner.first_name}{owner.last_name}")
    mailbox = f"{name}{stage.random.randint(10, 99_999)}"
    for number, at in enumerate(stage.moments(stage.random.randint(5, 12), timedelta(days=2))):
        address, arrives = alias(stage.random, mailbox, number)
        person = replace(
            stage.stranger(),
            email=address,
            first_name=owner.first_name,
            last_name=owner.last_name,
        )
        if not arrives:
            person = replace(person, is_email_verified=False)
        yield SignedUp(at, person, at)
        redeemed_at = stage.later(at, timedelta(minutes=5), timedelta(hours=30))
        yield Redeemed(redeemed_at, person.user_id, code)


def alias(random: Random, mailbox: str, number: int) -> tuple[str, bool]:
    """Another address for a Gmail mailbox, for each number another, and whether mail arrives."""
    # The tag's number keeps the addresses apart: the shop refuses one that it knows.
    tag = f"+{random.choice(_TAGS)}{number}"
    dot = random.randrange(1, len(mailbox))
    dotted = f"{mailbox[:dot]}.{mailbox[dot:]}"
    match number % 6:
        case 1:
            return f"{dotted}{tag}@gmail.com", True
        case 2:
            return f"{dotted.title()}{tag}@Gmail.com", True
        case 3:
            return f"{mailbox}{tag}@googlemail.com", True
        case 5:
            return f"{mailbox}{tag}@{random.choice(_LOOK_ALIKE)}", False
        case _:
            return f"{mailbox}{tag}@gmail.com", True
