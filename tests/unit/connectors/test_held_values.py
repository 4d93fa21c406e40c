"""Moments and amounts as every store can hold them: once so, they stay so."""

from decimal import Decimal
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from connectors.amounts import LEAST, MOST, held, share, total
from connectors.moments import FIRST_US, LAST_US, held_us, iso, read_us

decimals = st.decimals(allow_nan=True, allow_infinity=True) | st.decimals(LEAST, MOST, places=6)


@given(st.integers(FIRST_US, LAST_US))
def test_a_held_moment_comes_back_from_redis_and_is_in_the_calendar(moment_us: int) -> None:
    kept = held_us(moment_us)
    assert read_us(float(kept)) == kept == held_us(kept)
    assert abs(kept - moment_us) <= 16
    assert iso(kept)


@given(st.integers(FIRST_US // 1_000_000, LAST_US // 1_000_000))
def test_whole_seconds_are_exact_in_all_years(moment_s: int) -> None:
    assert held_us(moment_s * 1_000_000) == moment_s * 1_000_000


@given(decimals)
def test_a_held_amount_stays_as_it_is_within_its_bounds(amount: Decimal) -> None:
    kept = held(amount)
    if kept is not None:
        assert LEAST <= kept <= MOST
        assert held(kept) == kept
        assert abs(kept - amount) <= Decimal("0.000001") or abs(amount) > Decimal(10) ** 20


@given(st.lists(st.decimals(LEAST, MOST, places=6), min_size=2, max_size=4))
def test_a_sum_is_exact_in_any_order(amounts: list[Decimal]) -> None:
    sums = {total(some) for some in permutations(amounts)}
    assert sums == {total(amounts)}
    assert share(total(amounts), Decimal(100)) == total(amounts)
