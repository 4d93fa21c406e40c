"""Someone writes other people's numbers and addresses into a shop's forms, and verifies none.

The owner has verified both, and shops like everybody. Weeks or days later a few accounts appear
that name the owner's number or mailbox as theirs (a tag behind the name, now and then), each with
a verified throw-away contact of the other kind; their devices and addresses are others. They
redeem one code, which the owner uses as well in one case of two, before them or after. Analysts
find out half of them.

The owner is to be left alone, whatever they do; they are to be caught by what they share with each
other.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from simulator.events import Event, Labelled, Person, Redeemed, SignedUp
from simulator.honest.habits import DAY, HOUR, redeem, sign_up
from simulator.stage import Stage

_FOUND_OUT, _TAGGED = 0.5, 0.3


def owners(stage: Stage) -> Iterator[Event]:
    """The story, of which the owner counts."""
    yield from _play(stage, is_owner_counted=True)


def thieves(stage: Stage) -> Iterator[Event]:
    """The story, of which the others count."""
    yield from _play(stage, is_owner_counted=False)


def _play(stage: Stage, *, is_owner_counted: bool) -> Iterator[Event]:
    random, (code, other) = stage.random, stage.shop.codes(stage.random, 2)
    owner = _owner(stage)
    yield replace(sign_up(stage, owner, stage.start), is_counted=is_owner_counted)
    by_phone = random.random() < 0.5
    begin = stage.later(stage.start, HOUR, 40 * DAY)
    for at in stage.moments(random.randint(3, 5), 3 * DAY, begin):
        thief = _thief(stage, owner, by_phone=by_phone)
        yield SignedUp(at, thief, at, is_counted=not is_owner_counted)
        used_at = stage.later(at, timedelta(minutes=2), 20 * HOUR)
        yield Redeemed(used_at, thief.user_id, code)
        if random.random() < _FOUND_OUT:
            yield Labelled(used_at + DAY, thief.user_id)
    yield redeem(stage, owner, random.choice((code, other)), _some_time(stage))


def _owner(stage: Stage) -> Person:
    # Where "+" and what follows leads to the same mailbox; not every provider does it.
    someone = stage.stranger()
    email = f"{(someone.email or '').partition('@')[0]}@gmail.com"
    return replace(someone, email=email, is_email_verified=True, is_phone_verified=True)


def _thief(stage: Stage, owner: Person, *, by_phone: bool) -> Person:
    stranger = stage.stranger()
    if by_phone:
        return replace(stranger, phone=owner.phone, is_phone_verified=False, is_email_verified=True)
    name, _, domain = (owner.email or "").partition("@")
    tag = f"+{stage.random.randint(1, 99_999)}" if stage.random.random() < _TAGGED else ""
    return replace(
        stranger,
        email=f"{name}{tag}@{domain}",
        is_email_verified=False,
        is_phone_verified=True,
    )


def _some_time(stage: Stage) -> datetime:
    return stage.later(stage.start, HOUR, 50 * DAY)
