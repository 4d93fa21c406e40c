"""A telephone that is sold: its second owner signs up on it as well, a stranger to the first.

One phone in five that is shipped is a used one (IDC's market figures of 2023). Assumed: both
owners are customers of this shop, and three months to two years lie between their sign-ups;
phones are sold when the next one is bought. Everything but the device is each one's own.
"""

from collections.abc import Iterator
from dataclasses import replace

from simulator.events import Event
from simulator.honest.habits import DAY, shopping, sign_up
from simulator.stage import Stage


def story(stage: Stage) -> Iterator[Event]:
    """The seller long ago, and the buyer."""
    seller = stage.customer()
    bought = replace(
        stage.customer(), device_id=seller.device_id, user_agent=stage.stranger().user_agent
    )
    sold = stage.start - stage.random.uniform(90, 730) * DAY
    for owner, moment in ((seller, sold), (bought, stage.start)):
        yield sign_up(stage, owner, moment)
        yield from shopping(stage, owner, moment)
