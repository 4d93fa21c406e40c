"""A household: two to four people with one name and one address at home; some share a tablet.

Shared device and shared address are honest here. Rates: of US households with several people a
half has two, the others mostly three or four (Census Bureau, households by size). Assumed: three
in ten open their accounts on a tablet that two of them use; after one member the next one comes
on the same evening one time in five, because the first one told, else some time in the three
months after. Codes are picked like everybody's, so two of a family often use the same one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.addresses import home_address
from simulator.events import Event
from simulator.honest.habits import DAY, HOUR, shopping, sign_up
from simulator.names import LAST_NAMES
from simulator.people import person
from simulator.stage import Stage

_SHARES_A_TABLET, _SAME_EVENING = 0.3, 0.2
_SOON = timedelta(minutes=20)


def story(stage: Stage) -> Iterator[Event]:
    """Members sign up one after the other, each on the tablet or on a device of their own."""
    address, name = home_address(stage.random), stage.random.choice(LAST_NAMES)
    first = person(stage.random, address, name)
    has_tablet = stage.random.random() < _SHARES_A_TABLET
    moment = stage.start
    for number in range(stage.random.choice((2, 2, 2, 3, 3, 4))):
        member = replace(person(stage.random, address, name), city=first.city)
        if has_tablet and number < 2:
            member = replace(member, device_id=first.device_id, user_agent=first.user_agent)
        yield sign_up(stage, member, moment)
        yield from shopping(stage, member, moment, (0, 1, 1))
        if stage.random.random() < _SAME_EVENING:
            moment = stage.later(moment, _SOON, 4 * HOUR)
        else:
            moment += stage.random.uniform(1, 90) * DAY
