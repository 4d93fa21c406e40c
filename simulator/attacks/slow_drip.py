"""Someone patient: one phone, an account every few days, over weeks.

Each time another mailbox, another number and another mobile address, and a redemption days
after; no hour and no day is ever busy.

Signal that remains: the device, however slowly, and the same code.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.events import Event, Redeemed, SignedUp
from simulator.people import identity
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """Eight to fourteen accounts on one device, two to six days apart."""
    device, (code,) = identity(stage.random), stage.shop.codes(stage.random)
    build = stage.stranger().user_agent
    count = stage.random.randint(8, 14)
    for at in stage.paced(count, timedelta(days=2), timedelta(days=6)):
        person = replace(stage.stranger(), device_id=device, user_agent=build)
        yield SignedUp(at, person, at)
        redeemed_at = stage.later(at, timedelta(minutes=5), timedelta(hours=40))
        yield Redeemed(redeemed_at, person.user_id, code)
