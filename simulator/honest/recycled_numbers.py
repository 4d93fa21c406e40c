"""A phone number that its carrier gives out again, to a stranger who becomes a customer too.

US carriers give out some 35 million numbers a year again, after 45 days at the earliest (FCC,
Second Report and Order 18-177, 2018). Assumed: one to four years lie between the two sign-ups,
as who had the number before was a customer while it was in use.
"""

from collections.abc import Iterator
from dataclasses import replace

from simulator.events import Event
from simulator.honest.habits import DAY, shopping, sign_up
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """The number's holder of years ago, and the one who has it now."""
    former = stage.customer()
    present = replace(stage.customer(), phone=former.phone)
    given_up = stage.start - stage.random.uniform(365, 1_460) * DAY
    for holder, moment in ((former, given_up), (present, stage.start)):
        yield sign_up(stage, holder, moment)
        yield from shopping(stage, holder, moment)
