"""The gate without a stack: the same tales judged by the pure core, for trying weights quickly.

What it says is what the live stack says, which the tests hold it to; the gate itself is played
live, because that is what a shop runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count

from connectors import events as row
from connectors.columns import microseconds
from connectors.profile import Hasher, profile
from ml.memory_store import MemoryStore
from ml.scorer import Judge, score
from simulator.events import Event, Labelled, Moved, Person, Redeemed, SignedUp
from simulator.gate.ledger import Verdict

_EPOCH = date(1970, 1, 1)


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
        subjects = sorted(affected | signed_up | moved)
        known = [self._store.neighbourhood(user) for user in subjects]
        risks = score([around for around in known if around is not None], self._judge)
        return [Verdict(r.user_id, r.user_id in signed_up, r.level) for r in risks]

    def _change(self, event: Event) -> row.Change:
        version = next(self._versions)
        origin = row.Origin(version, 0)
        match event:
            case SignedUp():
                self._people[event.user_id] = event
                return row.Registered(profile(_row(event), self._hashed), event.is_abuser, origin)
            case Moved():
                before = self._people[event.user_id]
                person = replace(before.person, ip_address=event.ip_address)
                moved = self._people[event.user_id] = replace(before, person=person)
                return row.Updated(profile(_row(moved), self._hashed), moved.is_abuser, origin)
            case Redeemed():
                used_at_us = microseconds(event.happened_at)
                return row.Redeemed(
                    version, event.user_id, event.promo_code, used_at_us, event.used, origin
                )
            case Labelled():
                return row.Labelled(event.user_id, True, origin)


def _row(event: SignedUp) -> Mapping[str, object]:
    """A registration as Debezium writes it."""
    person: Person = event.person
    columns: dict[str, object] = {name: getattr(person, name) for name in person.__slots__}
    created_at: datetime = event.created_at.astimezone(UTC)
    return columns | {"created_at": created_at.isoformat(), "dob": (person.dob - _EPOCH).days}
