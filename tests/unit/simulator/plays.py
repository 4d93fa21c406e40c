"""Plays for the tests of the simulator: what was told, by account."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

from connectors.identifiers.mailboxes import imitated_domain
from connectors.profile import Hasher, Profile, profile
from ml.store import Link, identifiers
from simulator.addresses import Nat
from simulator.events import Event, Redeemed, SignedUp
from simulator.plan import Plan
from simulator.shop import Shop
from simulator.stage import Stage, Story
from simulator.timeline import Cue, timeline

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_HASHED = Hasher("tests")


@lru_cache
def cues_of(plan: Plan) -> tuple[Cue, ...]:
    """Everything in a play; told once for all tests."""
    return tuple(timeline(plan, START))


def told(story: Story, seed: int = 0, span: timedelta = timedelta(days=30)) -> list[Event]:
    """One party's events."""
    return list(story(Stage(Random(seed), START, span, Shop(Nat("tests", 3, 3)))))


def sign_ups(events: Iterable[Event]) -> list[SignedUp]:
    return [event for event in events if isinstance(event, SignedUp)]


def redemptions(events: Iterable[Event]) -> dict[str, list[Redeemed]]:
    """Redemptions by account."""
    found = defaultdict(list)
    for event in events:
        if isinstance(event, Redeemed):
            found[event.user_id].append(event)
    return found


def profile_of(event: SignedUp) -> Profile:
    """What the stream would know of a registration."""
    person = event.person
    row = {field: getattr(person, field) for field in person.__slots__}
    days = (person.dob - datetime(1970, 1, 1, tzinfo=UTC).date()).days
    return profile(row | {"created_at": event.created_at.isoformat(), "dob": days}, _HASHED)


LINKS = ("device", "phone", "canonical_email", "ip", "network")


def shared(events: Sequence[SignedUp]) -> set[str]:
    """The kinds of identifier that two of these accounts have in common."""
    profiles = [profile_of(event) for event in events]
    known = {link: [found for p in profiles if (found := getattr(p, link))] for link in LINKS}
    # An address that imitates a provider's is at a domain of somebody's own, which is no secret.
    known["domain"] = [
        domain
        for p in profiles
        if (domain := identifiers(p).get(Link.DOMAIN)) and not imitated_domain(domain)
    ]
    return {link for link, found in known.items() if len(set(found)) < len(found)}
