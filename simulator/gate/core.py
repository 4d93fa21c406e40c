"""The gate without a stack: the same tales judged by the pure core, for trying weights quickly.

What it says is what the live stack says, which the tests hold it to; the gate itself is played
live, because that is what a shop runs.
"""

from collections.abc import Sequence, Set
from dataclasses import replace
from itertools import count

from connectors import events as row
from connectors.columns import microseconds
from connectors.profile import Hasher, profile
from ml.memory_store import MemoryStore
from ml.scorer import Judge, score
from ml.store import Link
from simulator.events import Event, Labelled, Moved, Redeemed, SignedUp
from simulator.gate.cast import Tale
from simulator.gate.ledger import Verdict
from simulator.gate.measured import decisions
from simulator.gate.rows import registration


class Core:
    """An arena of one process's memory."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._store = MemoryStore()
        self._hashed = Hasher("gate")
        self._versions = count(1)
        self._people: dict[str, SignedUp] = {}

    def play(self, events: Sequence[Event]) -> list[Verdict]:
        """Apply events, and score whom they concern."""
        affected = self._store.apply([self._change(event) for event in events])
        signed_up = {event.user_id for event in events if isinstance(event, SignedUp)}
        moved = {event.user_id for event in events if isinstance(event, Moved)}
        return self._verdicts(affected | signed_up | moved, signed_up)

    def measure(self, tales: Sequence[Tale]) -> list[Verdict]:
        """Measure the values that accounts share, and score whom it concerns."""
        concerned: set[str] = set()
        for decision in decisions(tales, self._hashed, next(self._versions)):
            self._store.apply([decision])
            concerned |= self._store.concerned(Link(decision.kind), decision.hashed)
        return self._verdicts(concerned, set())

    def _verdicts(self, users: Set[str], signed_up: Set[str]) -> list[Verdict]:
        known = [self._store.neighbourhood(user) for user in sorted(users)]
        risks = score([around for around in known if around is not None], self._judge)
        return [Verdict(r.user_id, r.user_id in signed_up, r.level) for r in risks]

    def _change(self, event: Event) -> row.Change:
        version = next(self._versions)
        origin = row.Origin(version, 0)
        match event:
            case SignedUp():
                self._people[event.user_id] = event
                return row.Registered(
                    profile(registration(event), self._hashed), event.is_abuser, origin
                )
            case Moved():
                before = self._people[event.user_id]
                person = replace(before.person, ip_address=event.ip_address)
                moved = self._people[event.user_id] = replace(before, person=person)
                return row.Updated(
                    profile(registration(moved), self._hashed), moved.is_abuser, origin
                )
            case Redeemed():
                used_at_us = microseconds(event.happened_at)
                return row.Redeemed(
                    version, event.user_id, event.promo_code, used_at_us, event.used, origin
                )
            case Labelled():
                return row.Labelled(event.user_id, True, origin)
