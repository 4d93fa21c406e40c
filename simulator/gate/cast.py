"""Who is played: every pack, how many of its stories a seed has, and when they begin. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random

from connectors.errors import SimulationError
from simulator import borrowed_contacts
from simulator import device_and_ip_only as twin
from simulator.addresses import Nat
from simulator.attacks import ATTACKS, growing_ring
from simulator.events import Event, SignedUp
from simulator.honest import HONEST_STORIES, placeholders
from simulator.shop import Shop
from simulator.stage import Stage, Story

START = datetime(2025, 1, 1, tzinfo=UTC)
"""Fixed, so that a seed is the same play on every day."""

_SPREAD, _SPAN = timedelta(days=200), timedelta(days=365)
_THREE_OF_EACH, _SINGLES = 3, 8
MIXED = "mixed"
"""All packs."""


class Kind(StrEnum):
    """What a pack is, and with which others it is counted."""

    ATTACK = "attack"
    HONEST = "honest"
    TWIN_ATTACK = "attack without names"
    TWIN_HONEST = "honest without names"

    @property
    def is_attack(self) -> bool:
        """Whether its accounts should be caught."""
        return self in (Kind.ATTACK, Kind.TWIN_ATTACK)


@dataclass(frozen=True, slots=True)
class GatePack:
    """A story that is told so many times a seed.

    Attributes:
        name: what it is called.
        story: told with identifiers of its own each time.
        kind: what it is.
        stories: how many a seed; one half is a story every second seed.
        spread: stories begin within this time from :data:`START` on.
    """

    name: str
    story: Story
    kind: Kind
    stories: float
    spread: timedelta = _SPREAD


_HONEST = {
    "customers": 120, "first_buyers": 60, "regulars": 40, "households": 20, "foreigners": 20,
    "travellers": 4, "campuses": 1, "carriers": 3, "busy_carriers": 0.5, "campaigns": 0.5,
    "offices": 1, "libraries": 0.25,
    "resold_devices": 4, "recycled_numbers": 4,
    "firms": 1, "new_firms": 2, "universities": 0.5, "small_providers": 0.5,
}  # fmt: skip
"""About 550 accounts a seed. A third is behind a carrier's, a campus's or an airport's address,
somewhat more than in :mod:`simulator.addresses`; one in ten is of a household, one in 25 of an
office, one in thirty used a library's computer, one in 35 has a device or a number that was
somebody else's: rather more of them than a shop would meet."""

_BORROWED = (
    GatePack("borrowed_contacts: thieves", borrowed_contacts.thieves, Kind.ATTACK, _THREE_OF_EACH),
    GatePack("borrowed_contacts: owners", borrowed_contacts.owners, Kind.HONEST, 6),
)

_TWIN = (
    GatePack("device_and_ip_only: rings", twin.ring, Kind.TWIN_ATTACK, 11, timedelta()),
    GatePack("device_and_ip_only: alone", twin.unmarked, Kind.TWIN_ATTACK, 138, timedelta()),
    GatePack("device_and_ip_only: honest", twin.honest, Kind.TWIN_HONEST, 2_630, timedelta()),
)

_SHARED = (
    *(
        GatePack(f"growing_ring: {story.__name__}", story, Kind.ATTACK, 0.5)
        for story in growing_ring.STORIES
    ),
    *(
        GatePack(f"placeholders: {story.__name__}", story, Kind.HONEST, 0.5)
        for story in placeholders.STORIES
    ),
)
"""What hundreds share: a ring's device, or the value that stands for none."""

CAST: tuple[GatePack, ...] = (
    *(
        GatePack(name, story, Kind.ATTACK, _SINGLES if name == "code_stacking" else _THREE_OF_EACH)
        for name, story in ATTACKS.items()
    ),
    *(GatePack(name, HONEST_STORIES[name], Kind.HONEST, n) for name, n in _HONEST.items()),
    *_BORROWED,
    *_SHARED,
    *_TWIN,
)
"""Everything that the gate plays."""


@dataclass(frozen=True, slots=True)
class Tale:
    """One story as it was told.

    Attributes:
        pack: of which pack.
        start: when it begins; events before it are its past.
        events: by event time, an account's sign-up first.
    """

    pack: GatePack
    start: datetime
    events: tuple[Event, ...]


def packs_named(name: str) -> tuple[GatePack, ...]:
    """The packs of a name, or of the part of it before a colon; ``mixed`` is all of them.

    Raises:
        SimulationError: there is none.
    """
    if name == MIXED:
        return CAST
    found = tuple(pack for pack in CAST if name in (pack.name, pack.name.partition(":")[0]))
    if not found:
        known = ", ".join(dict.fromkeys(pack.name.partition(":")[0] for pack in CAST))
        raise SimulationError(f"there is no pack {name!r}: take {MIXED} or one of {known}")
    return found


def tales(packs: Iterable[GatePack], seeds: Sequence[int]) -> list[Tale]:
    """All stories of all packs and seeds; no two have an account or an identifier in common."""
    return [
        _told(pack, seed, n) for seed in seeds for pack in packs for n in range(_count(pack, seed))
    ]


def _count(pack: GatePack, seed: int) -> int:
    return math.floor(seed * pack.stories + 0.5) - math.floor((seed - 1) * pack.stories + 0.5)


def _told(pack: GatePack, seed: int, number: int) -> Tale:
    name = f"gate/{pack.name}/{seed}/{number}"
    random = Random(name)
    start = START + random.random() * pack.spread
    # Carriers and campuses of the story's own: stories are played side by side, out of order.
    events = pack.story(Stage(random, start, _SPAN, Shop(Nat(name, 3, 3))))
    ordered = sorted(events, key=lambda e: (e.happened_at, not isinstance(e, SignedUp)))
    return Tale(pack, start, tuple(ordered))
