"""A traveller: signs up at an airport, and is seen at another address every few days.

The shop keeps the address that was seen last. Airport Wi-Fi has one address for all its guests:
assumed is one more account every three days there. Hotels' and homes' addresses are met once.
Clock and phone number stay those of home.
"""

from collections.abc import Iterator

from simulator.addresses import home_address
from simulator.events import Event, Moved
from simulator.honest.habits import DAY, shopping, sign_up
from simulator.people import person
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Guests of the weeks before, and a traveller who moves on two to four times."""
    airport = home_address(stage.random)
    for moment in stage.before(stage.random.randint(2, 5), 3 * DAY):
        guest = person(stage.random, airport)
        yield sign_up(stage, guest, moment)
        yield from shopping(stage, guest, moment)
    traveller = person(stage.random, airport)
    yield sign_up(stage, traveller, stage.start)
    yield from shopping(stage, traveller, stage.start)
    moment, here = stage.start, airport
    for _ in range(stage.random.randint(2, 4)):
        moment += stage.random.uniform(1, 6) * DAY
        left, here = here, home_address(stage.random)
        yield Moved(moment, traveller.user_id, left, here)
