"""Everything that happens in a play, in order of time. Pure."""

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from simulator.addresses import nat
from simulator.attacks import ATTACKS
from simulator.events import Event, Labelled, SignedUp
from simulator.honest import HONEST, pick
from simulator.plan import Plan
from simulator.shop import Shop
from simulator.stage import Stage, Story

_EVENTS_PER_ACCOUNT = 1.6


class Cue(NamedTuple):
    """An event and whose it is: ``honest``, or the name of an attack. Ordered by time."""

    at: datetime
    number: int
    role: str
    event: Event


def timeline(plan: Plan, start: datetime) -> Iterator[Cue]:
    """All events from ``start`` on, in order, about ``plan.events`` of them.

    Equal plans and starts give equal events. Another start, rate or duration gives the same
    people at other times. What would happen after the end is not played; sign-ups of an attack
    are never divided by it.
    """
    casting = _Casting(plan, start)
    waiting: list[Cue] = []
    clock, per_event = start, plan.span / plan.events
    number = 0
    while clock < casting.end:
        while waiting and waiting[0].at <= clock:
            yield heapq.heappop(waiting)
        role, events = casting.next_party(clock)
        for event in events:
            heapq.heappush(waiting, Cue(event.at, number, role, event))
            number += 1
        # Each party takes the time of as many events as it brings, which holds the rate.
        clock += per_event * len(events)
    while waiting:
        yield heapq.heappop(waiting)


class _Casting:
    """Decides who comes next, so that every attack gets its share of the accounts."""

    def __init__(self, plan: Plan, start: datetime) -> None:
        self.end = start + plan.span
        self._plan = plan
        hours = plan.span / timedelta(hours=1)
        accounts_per_h = plan.events / _EVENTS_PER_ACCOUNT / hours
        self._shop = Shop(nat(plan.name, accounts_per_h))
        self._parties: Counter[str] = Counter()
        self._accounts: Counter[str] = Counter()

    def next_party(self, at: datetime) -> tuple[str, list[Event]]:
        """The role and the events, before the end, of a party that comes at a moment."""
        attacks = self._plan.pack.attacks
        attackers = sum(self._accounts[attack] for attack in attacks)
        if attackers < self._plan.pack.attackers * self._accounts.total():
            # Near the end one that takes days does not fit any more, and a quicker one comes.
            for attack in sorted(attacks, key=lambda name: self._accounts[name]):
                events = self._told(attack, at)
                if all(event.at < self.end for event in events if isinstance(event, SignedUp)):
                    return attack, self._count(attack, events)
        return HONEST, self._count(HONEST, self._told(HONEST, at))

    def _told(self, role: str, at: datetime) -> list[Event]:
        # A generator of its own for each party: who it is does not depend on who came before.
        random = Random(f"{self._plan.name}/{role}/{self._parties[role]}")
        story: Story = pick(random) if role == HONEST else ATTACKS[role]
        events = list(story(Stage(random, at, self._plan.span, self._shop)))
        if role != HONEST:
            events += self._labels(random, events)
        return events

    def _labels(self, random: Random, events: list[Event]) -> Iterator[Labelled]:
        """Analysts find out a share of the accounts, each after its last event."""
        last = {event.user_id: event.at for event in events if event.at < self.end}
        for user_id in {event.user_id: None for event in events}:
            chance, delay = random.random(), random.random()
            if chance < self._plan.labelled and user_id in last:
                yield Labelled(last[user_id] + delay * (self.end - last[user_id]), user_id)

    def _count(self, role: str, events: list[Event]) -> list[Event]:
        played = [event for event in events if event.at < self.end]
        self._parties[role] += 1
        self._accounts[role] += sum(isinstance(event, SignedUp) for event in played)
        return played
