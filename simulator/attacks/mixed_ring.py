"""A ring that rotates everything but one thing: each account keeps one identifier of the last.

Now the telephone, now the SIM, now an alias of the mailbox, so no identifier is seen more often
than twice. Addresses and browsers are always others.

Signal that remains: one strong identifier between each account and the one before it, within
hours, and the same code all along the chain.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.attacks.email_aliases import alias
from simulator.events import Event, Person, Redeemed, SignedUp
from simulator.people import plain
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Eight to twelve accounts within three days; another kind of identifier is kept each time."""
    (code,) = stage.shop.codes(stage.random)
    turn, last = stage.random.randrange(3), stage.stranger()
    for number, at in enumerate(stage.moments(stage.random.randint(8, 12), timedelta(days=3))):
        member = _heir(stage, last, (turn + number) % 3) if number else last
        if (turn + number + 1) % 3 == 2:
            # The next account keeps this one's mailbox, so it must be one that has aliases.
            name = plain(f"{member.first_name}{member.last_name}")
            mailbox = f"{name}{stage.random.randint(10_000, 99_999)}@gmail.com"
            member = replace(member, email=mailbox)
        last = member
        yield SignedUp(at, member, at)
        redeemed_at = stage.later(at, timedelta(minutes=2), timedelta(hours=5))
        yield Redeemed(redeemed_at, member.user_id, code)


def _heir(stage: Stage, last: Person, kind: int) -> Person:
    fresh = stage.stranger()
    match kind:
        case 0:
            return replace(fresh, device_id=last.device_id)
        case 1:
            return replace(fresh, phone=last.phone)
        case _:
            mailbox = (last.email or "").partition("@")[0]
            return replace(fresh, email=alias(stage.random, mailbox, 1)[0])
