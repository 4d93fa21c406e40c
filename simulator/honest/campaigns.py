"""A campaign: one code is advertised for a week, and most who come use it, at once.

Seen behind a carrier's address, where strangers meet (:mod:`simulator.honest.carriers`): an
account every five hours, as always, but six in ten redeem the advertised code, within a quarter
of an hour. Assumed; shops with one welcome code for everybody are like this all the year.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.addresses import ipv4_address
from simulator.events import Event
from simulator.honest.habits import HOUR, redeem, sign_up
from simulator.people import person
from simulator.stage import Stage

_EVERY = 5 * HOUR
_ADVERTISED, _REDEEMS = 0.6, 0.8


def story(stage: Stage) -> Iterator[Event]:
    """Twenty of the days before the campaign's middle, and fourteen after it."""
    address, (advertised,) = ipv4_address(stage.random), stage.shop.codes(stage.random)
    for moment in [*stage.before(20, _EVERY), *stage.spread(14, 14 * _EVERY)]:
        subscriber = person(stage.random, address)
        yield sign_up(stage, subscriber, moment)
        if stage.random.random() < _REDEEMS:
            (code,) = stage.shop.codes(stage.random)
            if stage.random.random() < _ADVERTISED:
                code = advertised
            used_at = stage.later(moment, timedelta(seconds=30), timedelta(minutes=15))
            yield redeem(stage, subscriber, code, used_at)
