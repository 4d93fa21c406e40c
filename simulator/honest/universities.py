"""A university: students at its e-mail domain, and a day on which a code is sent to all of them.

Unlike those of :mod:`simulator.honest.campuses` they are at home, each behind an address of
their own or a carrier's; what they share is the domain, under the subdomains of its faculties.
Assumed: an account every four days over half a year, then ten to twenty within a day, of whom six
in ten redeem, half of these the students' code.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.attacks.catch_all_domain import domain_name
from simulator.events import Event, Person
from simulator.honest.firms import at_domain
from simulator.honest.habits import DAY, redeem, shopping, sign_up
from simulator.stage import Stage

_STUDENTS_CODE, _TAKES_IT, _REDEEMS = "STUDENT15", 0.5, 0.6
_FACULTIES = ("arts.", "law.", "physics.", "")


def story(stage: Stage) -> Iterator[Event]:
    """Half a year, and a day."""
    random, domain = stage.random, domain_name(stage.random)

    def student() -> Person:
        return at_domain(random, stage.customer(), random.choice(_FACULTIES) + domain)

    for moment in stage.before(random.randint(35, 45), 4 * DAY):
        known = student()
        yield sign_up(stage, known, moment)
        yield from shopping(stage, known, moment)
    for moment in stage.spread(random.randint(10, 20), DAY):
        new = student()
        yield sign_up(stage, new, moment)
        if random.random() < _REDEEMS:
            code = _STUDENTS_CODE if random.random() < _TAKES_IT else stage.shop.codes(random)[0]
            yield redeem(stage, new, code, stage.later(moment, timedelta(minutes=5), 3 * DAY))
