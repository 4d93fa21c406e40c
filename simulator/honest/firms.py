"""A firm's people at the firm's own e-mail domain, to whom a code is offered one morning.

Each has a device and a number. Assumed: of a small firm three to nine have found the shop by
themselves over a year and a half; the code comes with the newsletter to all, four to ten sign up
within that working day, half of them from the office's address and the others from home or
underway, eight in ten order, and seven in ten of those with the code that was sent.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from simulator.addresses import home_address
from simulator.attacks.catch_all_domain import domain_name
from simulator.events import Event, Person
from simulator.honest.habits import DAY, HOUR, redeem, shopping, sign_up
from simulator.people import person, plain
from simulator.stage import Stage

_IN_THE_OFFICE, _ORDERS, _TAKES_THE_CODE = 0.5, 0.8, 0.7


def story(stage: Stage) -> Iterator[Event]:
    """A year and a half of single accounts, and the day of the newsletter."""
    random, domain, office = stage.random, domain_name(stage.random), home_address(stage.random)

    def colleague() -> Person:
        address = office if random.random() < _IN_THE_OFFICE else stage.shop.nat.address(random)
        return at_domain(random, person(random, address), domain)

    for moment in stage.before(random.randint(3, 9), 60 * DAY):
        single = colleague()
        yield sign_up(stage, single, moment)
        yield from shopping(stage, single, moment)
    (sent,) = stage.shop.codes(random)
    for moment in stage.spread(random.randint(4, 10), 8 * HOUR):
        reader = colleague()
        yield sign_up(stage, reader, moment)
        if random.random() < _ORDERS:
            code = sent if random.random() < _TAKES_THE_CODE else stage.shop.codes(random)[0]
            used_at = stage.later(moment, timedelta(minutes=2), 10 * HOUR)
            yield redeem(stage, reader, code, used_at)


def at_domain(random: Random, someone: Person, domain: str) -> Person:
    """The same person with a verified address at a domain."""
    name = plain(f"{someone.first_name}{someone.last_name}") + str(random.randint(1, 9_999))
    return replace(someone, email=f"{name}@{domain}", is_email_verified=True)
