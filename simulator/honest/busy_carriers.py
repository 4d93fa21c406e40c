"""A busy address: an operator with few of them, or a browser's relay, through which many come.

Small operators and privacy relays put whole regions behind a handful of addresses, so a shop
that is liked there sees one of them all day. Assumed: an account every hour, by day and by night.
Everything but the address is each one's own, and the popular codes are used there all the time.
"""

from collections.abc import Iterator

from simulator.addresses import ipv4_address
from simulator.events import Event
from simulator.honest.habits import HOUR, shopping, sign_up
from simulator.people import person
from simulator.stage import Stage

_EVERY = HOUR


def story(stage: Stage) -> Iterator[Event]:
    """The subscribers of two days, and twelve who come."""
    address = ipv4_address(stage.random)
    for moment in [*stage.before(48, _EVERY), *stage.spread(12, 12 * _EVERY)]:
        subscriber = person(stage.random, address)
        yield sign_up(stage, subscriber, moment)
        yield from shopping(stage, subscriber, moment)
