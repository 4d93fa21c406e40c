"""Someone registers a domain, where whatever is sent to any name arrives, and signs up under many.

Every address is verified, as it can be; device, browser and number are fresh for each account, a
mobile proxy gives another network's address each time, and the form is filled in at human speed.
Some hide the domain behind one of its subdomains for each account.

Signal that remains: a domain that nobody else in the shop has, within hours, and the same code.

What leaves none that a firm would not leave as well, and is not caught: several domains in turn,
a handful of accounts on each, an account a day, two codes by turns, and a domain on which as many
accounts have been waiting for more than a day as are to come.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from simulator.events import Event, Person, Redeemed, SignedUp
from simulator.people import plain
from simulator.stage import Stage

_SUBDOMAINS = 0.3


def story(stage: Stage) -> Iterator[Event]:
    """Seven to sixteen accounts within six hours, one code."""
    domain, (code,) = domain_name(stage.random), stage.shop.codes(stage.random)
    hides = stage.random.random() < _SUBDOMAINS
    for at in stage.moments(stage.random.randint(7, 16), timedelta(hours=6)):
        stranger = stage.stranger()
        host = f"{stage.random.getrandbits(24):06x}.{domain}" if hides else domain
        email = f"{_local(stage.random, stranger)}@{host}"
        member = replace(stranger, email=email, is_email_verified=True)
        yield SignedUp(at, member, at)
        redeemed_at = stage.later(at, timedelta(minutes=2), timedelta(hours=3))
        yield Redeemed(redeemed_at, member.user_id, code)


def domain_name(random: Random) -> str:
    """A domain of somebody's own; under ``.example`` (RFC 2606), so that it is nobody's."""
    return f"{random.getrandbits(40):010x}.example"


def _local(random: Random, person: Person) -> str:
    if random.random() < 0.5:
        return f"{random.getrandbits(40):010x}"
    return plain(f"{person.first_name}{person.last_name}") + str(random.randint(1, 9_999))
