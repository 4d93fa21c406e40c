"""A flood without a key is slowed down; who asks now and then is not."""

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.cached import FRESH_S, Cached
from connectors.strangers import AT_ONCE, HELD_BACK_S, PER_SECOND, Strangers


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_what_comes_now_and_then_is_never_held_back() -> None:
    clock = Clock()
    strangers = Strangers(clock)
    for _ in range(1_000):
        clock.now += 1 / PER_SECOND
        async with asyncio.timeout(HELD_BACK_S / 2):
            assert await strangers.admit()


async def test_of_a_flood_no_more_is_admitted_than_the_limit_and_none_waits_long() -> None:
    strangers = Strangers()
    loop = asyncio.get_running_loop()
    began = loop.time()
    admitted = await asyncio.gather(*(strangers.admit() for _ in range(2_000)))
    took_s = loop.time() - began
    assert took_s < 10 * HELD_BACK_S
    assert AT_ONCE <= sum(admitted) <= AT_ONCE + PER_SECOND * took_s + 1


@given(steps=st.lists(st.floats(0, 3), max_size=50))
def test_a_kept_answer_is_made_once_a_second_at_most_and_is_never_older(steps: list[float]) -> None:
    clock, made = Clock(), []

    def make() -> float:
        made.append(clock.now)
        return clock.now

    kept = Cached(make, clock)
    for step in steps:
        clock.now += step
        assert clock.now - kept.get() < FRESH_S
    assert all(later - sooner >= FRESH_S for sooner, later in pairwise(made))
