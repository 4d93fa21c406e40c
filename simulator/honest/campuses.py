"""A campus: students behind one address, and a day on which many of them come at once.

Devices, browsers, mailboxes and numbers are their own. Rates, assumed for a shop that 2 % of
20,000 students join over a year, behind some fifty addresses of the university: one account
about every eight days on an address, and on orientation day as many as in two months. On that
day six in ten redeem, within minutes to days, and a third of those the code that is made for
students; the others pick like everybody.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from simulator.addresses import home_address
from simulator.events import Event
from simulator.honest.habits import DAY, HOUR, redeem, shopping, sign_up
from simulator.people import person
from simulator.stage import Stage

_STUDENTS_CODE, _TAKES_IT, _REDEEMS = "STUDENT15", 1 / 3, 0.6


def story(stage: Stage) -> Iterator[Event]:
    """Some twenty students over months, then eight to fourteen within eight hours."""
    address = home_address(stage.random)
    for moment in stage.before(stage.random.randint(16, 24), 8 * DAY):
        student = person(stage.random, address)
        yield sign_up(stage, student, moment)
        yield from shopping(stage, student, moment)
    for moment in stage.spread(stage.random.randint(8, 14), 8 * HOUR):
        yield from _newcomer(stage, address, moment)


def _newcomer(stage: Stage, address: str, moment: datetime) -> Iterator[Event]:
    student = person(stage.random, address)
    yield sign_up(stage, student, moment)
    if stage.random.random() < _REDEEMS:
        (code,) = stage.shop.codes(stage.random)
        if stage.random.random() < _TAKES_IT:
            code = _STUDENTS_CODE
        used_at = stage.later(moment, timedelta(minutes=5), 3 * DAY)
        yield redeem(stage, student, code, used_at)
