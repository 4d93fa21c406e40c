"""An SDK that could not tell the device sends its own name for it: strangers have it in common.

So do forms that send an example's phone number, and imports that filled a column in. Assumed: a
few such customers a day, for weeks; they are like all customers in everything else, some behind
the addresses of carriers and campuses, and use the codes that everybody uses.

Nothing tells a single one from an account of a ring on one device. All of them together do: they
came steadily, and are unlike in mailbox, number, address, browser, code and pace
(`ml/shared_values/`). All of it is told as the past, because it is measured when all are there.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from simulator.events import Event
from simulator.honest.habits import DAY, HOUR, redeem, shopping, sign_up
from simulator.stage import Stage, Story

_DAYS = 40


def strangers_on_a_device(stage: Stage) -> Iterator[Event]:
    """Three to six a day on what an SDK says for a device."""
    for moment in _moments(stage, 160):
        person = replace(stage.customer(), device_id=f"sdk-web-3.2/{stage.start.timestamp()}")
        yield sign_up(stage, person, moment)
        yield from shopping(stage, person, moment)


def strangers_on_a_phone(stage: Stage) -> Iterator[Event]:
    """The same on the number of a form's example, which nobody can verify; no addresses kept."""
    number = f"+1555{int(stage.start.timestamp()) % 10_000_000:07d}"
    for moment in _moments(stage, 160):
        person = replace(stage.customer(), phone=number, is_phone_verified=False)
        yield sign_up(stage, person, moment)
        yield from shopping(stage, person, moment)


def one_code_for_all(stage: Stage) -> Iterator[Event]:
    """A shop that asks for no phone and has one welcome code, on an SDK's device and on their own.

    Two in three take the code, an hour to days after signing up.
    """
    (code,) = stage.shop.codes(stage.random)
    for number, moment in enumerate(_moments(stage, 320)):
        person = replace(stage.customer(), phone=None, is_phone_verified=None)
        if number % 2:
            person = replace(person, device_id=f"sdk-app-7/{stage.start.timestamp()}")
        yield sign_up(stage, person, moment)
        if stage.random.random() < 2 / 3:
            yield redeem(stage, person, code, stage.later(moment, HOUR, 5 * DAY))


def _moments(stage: Stage, count: int) -> list[datetime]:
    """So many moments in order, so long before the start that redemptions follow before it."""
    begin = stage.start - timedelta(days=_DAYS + 30)
    parts = sorted(stage.random.random() for _ in range(count))
    return [begin + part * timedelta(days=_DAYS) for part in parts]


STORIES: tuple[Story, ...] = (strangers_on_a_device, strangers_on_a_phone, one_code_for_all)
