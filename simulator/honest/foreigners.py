"""A customer from another country: the number, the name and the mail domain are unlike most.

Why a rule may not mind what is merely rare in a shop: it would punish a whole country. One
customer in 25 is from abroad (assumed); the names' letters, the numbers' lengths and the domains
are those of five countries in :mod:`simulator.countries`.
"""

from collections.abc import Iterator

from simulator.addresses import home_address
from simulator.countries import ABROAD
from simulator.events import Event
from simulator.honest.habits import shopping, sign_up
from simulator.people import person
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Shops like an ordinary customer."""
    country = stage.random.choice(ABROAD)
    customer = person(stage.random, home_address(stage.random), country=country)
    yield sign_up(stage, customer, stage.start)
    yield from shopping(stage, customer, stage.start)
