"""What a story is told with: its own random generator, its beginning, the shop."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from simulator.addresses import home_address
from simulator.events import Event, Person
from simulator.people import person
from simulator.shop import Shop


@dataclass(frozen=True, slots=True)
class Stage:
    """What a story is told with.

    Attributes:
        random: the story's own; the same story draws the same however long the play is.
        start: when the story begins.
        span: how long the whole play is.
        shop: what everybody has in common.
    """

    random: Random
    start: datetime
    span: timedelta
    shop: Shop

    def stranger(self) -> Person:
        """Someone who shares nothing with anyone."""
        return person(self.random, home_address(self.random))

    def customer(self) -> Person:
        """Someone honest: perhaps behind the address of a carrier or a campus."""
        return person(self.random, self.shop.nat.address(self.random))

    def later(self, moment: datetime, least: timedelta, most: timedelta) -> datetime:
        """A moment between ``least`` and ``most`` after another; short waits are likelier.

        The logarithm of the wait is uniform, as people's waits spread over orders of magnitude.
        """
        low, high = math.log(least.total_seconds()), math.log(most.total_seconds())
        return moment + timedelta(seconds=math.exp(self.random.uniform(low, high)))

    def before(self, count: int, every: timedelta) -> list[datetime]:
        """``count`` moments before the start, in order, ``every`` so often on average.

        Independent of each other: the gaps are exponential.
        """
        mean_s, moment, found = every.total_seconds(), self.start, list[datetime]()
        for _ in range(count):
            moment -= timedelta(seconds=self.random.expovariate(1 / mean_s))
            found.append(moment)
        return found[::-1]

    def spread(self, count: int, within: timedelta) -> list[datetime]:
        """``count`` moments in order within a time from the start on, however long the play is."""
        return [self.start + within * p for p in sorted(self.random.random() for _ in range(count))]

    def moments(
        self, count: int, within: timedelta, start: datetime | None = None
    ) -> list[datetime]:
        """``count`` moments in order, the first at the start, or at another one.

        They lie ``within`` that time, or a quarter of the play if it is shorter, so that a ring
        is complete in a play of a minute too.
        """
        begin, limit = start or self.start, min(within, self.span / 4)
        rest = sorted(self.random.random() for _ in range(count - 1))
        return [begin, *(begin + limit * part for part in rest)]

    def paced(self, count: int, least: timedelta, most: timedelta) -> list[datetime]:
        """``count`` moments, the first at the start, each between two waits after the one before.

        In a play of which they would take more than a quarter they come faster.
        """
        waits = [self.random.uniform(0, 1) for _ in range(count - 1)]
        gaps = [least + (most - least) * part for part in waits]
        total = sum(gaps, timedelta())
        pace = min(1.0, self.span / 4 / total) if gaps else 1.0
        found = [self.start]
        for gap in gaps:
            found.append(found[-1] + gap * pace)
        return found


Story = Callable[[Stage], Iterable[Event]]
"""Tells what some people do, in any order, nothing played before the stage's start."""
