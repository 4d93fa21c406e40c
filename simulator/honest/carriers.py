"""A mobile carrier's NAT: hundreds of subscribers behind one address, strangers to each other.

More than nine in ten mobile networks put their subscribers behind such addresses (Richter et
al., A Multi-perspective Analysis of Carrier-Grade NAT Deployment, IMC 2016). Assumed, as in
:mod:`simulator.addresses`: an address brings a shop of this size an account every five hours, by
day and by night alike. Some of those who come on one day use the same, popular code.
"""

from collections.abc import Iterator

from simulator.addresses import ipv4_address
from simulator.events import Event
from simulator.honest.habits import HOUR, shopping, sign_up
from simulator.people import person
from simulator.stage import Stage

_EVERY = 5 * HOUR


def story(stage: Stage) -> Iterator[Event]:
    """Twenty subscribers of the days before, and fourteen who come."""
    address = ipv4_address(stage.random)
    for moment in [*stage.before(20, _EVERY), *stage.spread(14, 14 * _EVERY)]:
        subscriber = person(stage.random, address)
        yield sign_up(stage, subscriber, moment)
        yield from shopping(stage, subscriber, moment)
