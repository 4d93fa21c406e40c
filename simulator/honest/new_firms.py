"""A firm of whose people nobody was a customer, until a code was sent to all of them.

As :mod:`simulator.honest.firms`, without the years before it; to a shop the domain is as new as
one that was registered for an attack.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.addresses import home_address
from simulator.attacks.catch_all_domain import domain_name
from simulator.events import Event
from simulator.honest.firms import at_domain
from simulator.honest.habits import HOUR, redeem, sign_up
from simulator.people import person
from simulator.stage import Stage

_IN_THE_OFFICE, _ORDERS, _TAKES_THE_CODE = 0.5, 0.8, 0.7


def story(stage: Stage) -> Iterator[Event]:
    """Three to ten within a working day."""
    random, domain, office = stage.random, domain_name(stage.random), home_address(stage.random)
    (sent,) = stage.shop.codes(random)
    for moment in stage.spread(random.randint(3, 10), 8 * HOUR):
        address = office if random.random() < _IN_THE_OFFICE else stage.shop.nat.address(random)
        reader = at_domain(random, person(random, address), domain)
        yield sign_up(stage, reader, moment)
        if random.random() < _ORDERS:
            code = sent if random.random() < _TAKES_THE_CODE else stage.shop.codes(random)[0]
            used_at = stage.later(moment, timedelta(minutes=2), 10 * HOUR)
            yield redeem(stage, reader, code, used_at)
