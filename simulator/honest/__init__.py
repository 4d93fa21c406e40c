"""Honest people, and how often each kind of them comes."""

from collections.abc import Mapping
from random import Random
from types import MappingProxyType

from simulator.honest import (
    busy_carriers,
    campaigns,
    campuses,
    carriers,
    customers,
    firms,
    first_buyers,
    foreigners,
    households,
    libraries,
    new_firms,
    offices,
    recycled_numbers,
    regulars,
    resold_devices,
    small_providers,
    travellers,
    universities,
)
from simulator.stage import Story

HONEST = "honest"
"""What the truth says of them all."""

HONEST_STORIES: Mapping[str, Story] = MappingProxyType(
    {
        "customers": customers.story,
        "first_buyers": first_buyers.story,
        "regulars": regulars.story,
        "households": households.story,
        "foreigners": foreigners.story,
        "travellers": travellers.story,
        "campuses": campuses.story,
        "carriers": carriers.story,
        "busy_carriers": busy_carriers.story,
        "campaigns": campaigns.story,
        "offices": offices.story,
        "libraries": libraries.story,
        "resold_devices": resold_devices.story,
        "recycled_numbers": recycled_numbers.story,
        "firms": firms.story,
        "new_firms": new_firms.story,
        "universities": universities.story,
        "small_providers": small_providers.story,
    }
)

_SHARES = {
    "customers": 48, "first_buyers": 18, "regulars": 24, "households": 5, "foreigners": 2,
    "travellers": 0.6, "campuses": 0.07, "carriers": 0.05, "busy_carriers": 0.02,
    "campaigns": 0.02, "offices": 0.07, "libraries": 0.02,
    "resold_devices": 1, "recycled_numbers": 0.6,
    "firms": 0.02, "new_firms": 0.02, "universities": 0.01, "small_providers": 0.01,
}  # fmt: skip
"""How often each story begins. Those of places bring dozens of accounts: a campus, an office, a
carrier's address has one or two in a hundred accounts each. That is beside the
carriers and campuses behind which ordinary customers are (:mod:`simulator.addresses`)."""


def pick(random: Random) -> Story:
    """The story of whoever comes next."""
    (name,) = random.choices(tuple(_SHARES), tuple(_SHARES.values()))
    return HONEST_STORIES[name]
