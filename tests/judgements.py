"""Analysts' decisions for tests: seeded, and put into their topics."""

import asyncio
import time
from collections.abc import Sequence
from random import Random

from connectors.decisions import encode_label, encode_links
from connectors.events import Decision, IgnoredLink, Labelled, LinksDecided, Origin
from connectors.settings import Settings
from connectors.topics import Topic
from stream_processors.delivery import Delivery, Outgoing
from tests.truth import connect


def decide(settings: Settings, decisions: Sequence[Decision]) -> None:
    """Publish decisions, in order."""
    with Delivery(settings, "tests-decisions") as delivery:
        asyncio.run(delivery.deliver([_message(decision) for decision in decisions]))


def some_decisions(settings: Settings, seed: int, count: int, like: str = "%") -> list[Decision]:
    """Labels of accounts named so, and links between those of one device, declared false."""
    random = Random(seed)
    with connect(settings) as connection:
        rings = [
            row[0]
            for row in connection.execute(
                "SELECT array_agg(user_id ORDER BY user_id) FROM users WHERE user_id LIKE %s"
                " GROUP BY device_id HAVING count(*) > 1 ORDER BY device_id",
                (like,),
            )
        ]
    made: list[Decision] = []
    for number in range(count):
        ring = random.choice(rings)
        user_id, other = random.sample(ring, 2)
        origin = Origin(time.time_ns() // 1_000 + number, 0)
        if random.random() < 0.5:
            made.append(Labelled(user_id, random.choice((True, False, None)), origin))
        else:
            through = random.choice((None, "device", "ip"))
            made.append(LinksDecided(user_id, (IgnoredLink(other, through),), origin))
    return made


def _message(decision: Decision) -> Outgoing:
    key = decision.user_id.encode()
    if isinstance(decision, Labelled):
        return Outgoing(Topic.LABELS, key, encode_label(decision, "tests", ""))
    return Outgoing(Topic.LINK_DECISIONS, key, encode_links(decision))
