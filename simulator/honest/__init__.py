"""Honest people, and how often each kind of them comes."""

from random import Random

from simulator.honest import customers, first_buyers, households, regulars
from simulator.stage import Story

HONEST = "honest"
"""What the truth says of them all."""

_SHARES: dict[Story, int] = {
    customers.story: 50,
    first_buyers.story: 18,
    regulars.story: 26,
    households.story: 6,
}


def pick(random: Random) -> Story:
    """The story of whoever comes next."""
    (story,) = random.choices(tuple(_SHARES), tuple(_SHARES.values()))
    return story
