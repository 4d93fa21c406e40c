"""A mail provider that no list knows becomes popular, and an advertised code falls into that time.

Its users share nothing but its domain. Assumed: an account every other day for three months, then
three a day for four days, then two dozen within a day, while six in ten of those who order (eight
in ten) take the code that is advertised, as in :mod:`simulator.honest.campaigns`.
"""

from collections.abc import Iterator
from datetime import timedelta

from simulator.attacks.catch_all_domain import domain_name
from simulator.events import Event, Person
from simulator.honest.firms import at_domain
from simulator.honest.habits import DAY, redeem, shopping, sign_up
from simulator.stage import Stage

_REDEEMS, _ADVERTISED = 0.8, 0.6


def story(stage: Stage) -> Iterator[Event]:
    """The months before, days of growth, and the day on which everybody comes."""
    random, domain, (advertised,) = (
        stage.random, domain_name(stage.random), stage.shop.codes(stage.random),
    )  # fmt: skip

    def user() -> Person:
        return at_domain(random, stage.customer(), domain)

    for moment in stage.before(45, 2 * DAY):
        early = user()
        yield sign_up(stage, early, moment)
        yield from shopping(stage, early, moment)
    for moment in (*stage.spread(12, 4 * DAY), *(m + 4 * DAY for m in stage.spread(24, DAY))):
        new = user()
        yield sign_up(stage, new, moment)
        if random.random() < _REDEEMS:
            code = advertised if random.random() < _ADVERTISED else stage.shop.codes(random)[0]
            yield redeem(stage, new, code, stage.later(moment, timedelta(minutes=1), DAY))
