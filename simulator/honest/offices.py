"""An office: colleagues behind one address, with the browser that the firm installs for all.

Each has a device, a mailbox and a number. Assumed: of a hundred people two or three a month find
the shop by themselves; once somebody tells at lunch, and two to five sign up within three hours.
Seven in ten of those order at once, half of them with the code that the one who told sent around.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.addresses import home_address
from simulator.events import Event, Person
from simulator.honest.habits import DAY, HOUR, redeem, shopping, sign_up
from simulator.people import browser, person
from simulator.stage import Stage

_ORDERS, _TAKES_THE_CODE = 0.7, 0.5


def story(stage: Stage) -> Iterator[Event]:
    """A year of single accounts, a lunch, and a few in the two months after it."""
    address, build = home_address(stage.random), browser(stage.random)

    def colleague() -> Person:
        return replace(person(stage.random, address), user_agent=build)

    later = [m + DAY for m in stage.spread(stage.random.randint(2, 5), 60 * DAY)]
    for moment in [*stage.before(stage.random.randint(10, 20), 12 * DAY), *later]:
        single = colleague()
        yield sign_up(stage, single, moment)
        yield from shopping(stage, single, moment)
    (sent_around,) = stage.shop.codes(stage.random)
    for moment in stage.spread(stage.random.randint(2, 5), 3 * HOUR):
        hungry = colleague()
        yield sign_up(stage, hungry, moment)
        if stage.random.random() < _ORDERS:
            (code,) = stage.shop.codes(stage.random)
            if stage.random.random() < _TAKES_THE_CODE:
                code = sent_around
            used_at = stage.later(moment, timedelta(minutes=5), 6 * HOUR)
            yield redeem(stage, hungry, code, used_at)
