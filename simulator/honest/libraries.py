"""A library's computer: people who have none, one after the other on one device, over months.

Device, browser and address are the same for all of them; the session is wiped after each, the
fingerprint stays. Assumed: the shop gets an account from it about every ten days, and has for a
year and a half; the very first visitors are among them. They shop like everybody, so the popular
codes are used there again and again.
"""

from collections.abc import Iterator
from dataclasses import replace

from simulator.events import Event
from simulator.honest.habits import DAY, shopping, sign_up
from simulator.people import person
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """The visitors since the computer came, and three to six in the weeks that are played."""
    computer = stage.stranger()
    past = stage.before(stage.random.randint(45, 60), 10 * DAY)
    for moment in [*past, *stage.spread(stage.random.randint(3, 6), 45 * DAY)]:
        visitor = replace(
            person(stage.random, computer.ip_address),
            device_id=computer.device_id,
            user_agent=computer.user_agent,
        )
        yield sign_up(stage, visitor, moment)
        yield from shopping(stage, visitor, moment)
