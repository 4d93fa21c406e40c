"""Levels begin where they are the cheapest, and not where the data refute that."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.policy import Thresholds
from ml.training.money import Costs, cost_curve
from ml.training.thresholds import choose_thresholds

COSTS = Costs(value=20, challenge=5, deny=50, stops=0.8)
amounts = st.floats(0.01, 10_000)
costs = st.builds(Costs, amounts, amounts, amounts, st.floats(0.01, 1))


def scores(*groups: tuple[int, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of groups ``(accounts, label, probability)``."""
    labels = np.concatenate([np.full(count, label) for count, label, _ in groups])
    return labels, np.concatenate([np.full(count, float(p)) for count, _, p in groups])


def cheapest(shop: Costs, p: float) -> set[str]:
    """The actions of least expected cost, within rounding."""
    expected = {
        "allow": p * shop.value,
        "challenge": p * (1 - shop.stops) * shop.value + (1 - p) * shop.challenge,
        "deny": (1 - p) * shop.deny,
    }
    least = min(expected.values())
    return {what for what, cost in expected.items() if cost <= least * (1 + 1e-6) + 1e-9}


@given(costs, st.floats(0, 1))
def test_no_other_action_is_cheaper_than_the_one_that_the_probabilities_ask_for(
    shop: Costs, p: float
) -> None:
    assert shop.challenge_from <= shop.deny_from + 1e-9
    if p >= shop.deny_from:
        assert "deny" in cheapest(shop, p)
    elif p >= shop.challenge_from:
        assert "challenge" in cheapest(shop, p)
    else:
        assert "allow" in cheapest(shop, p)


def test_the_usual_costs_challenge_from_a_quarter_and_deny_from_nine_tenths() -> None:
    assert COSTS.challenge_from == pytest.approx(5 / 21)
    assert COSTS.deny_from == pytest.approx(45 / 49)


def test_a_challenge_that_stops_everybody_makes_denying_pointless() -> None:
    assert replace(COSTS, stops=1.0).deny_from == 1.0


def test_levels_begin_at_what_money_says_where_the_data_agree() -> None:
    labels, probabilities = scores((100, 1, 0.97), (2, 0, 0.97), (10, 1, 0.01), (900, 0, 0.01))
    found = choose_thresholds(labels, probabilities, COSTS)

    assert found.high == pytest.approx(COSTS.challenge_from)
    assert found.critical == pytest.approx(COSTS.deny_from)
    assert labels.mean() < found.medium < found.high


def test_a_dearer_challenge_begins_later_and_a_cheaper_denial_earlier() -> None:
    data = scores((100, 1, 0.97), (900, 0, 0.01))
    usual = choose_thresholds(*data, COSTS)

    assert choose_thresholds(*data, replace(COSTS, challenge=10)).high > usual.high
    assert choose_thresholds(*data, replace(COSTS, deny=20)).critical < usual.critical


def test_a_level_does_not_begin_among_accounts_that_refute_its_probability() -> None:
    """Forty accounts were promised to be abusers at 0.95, and half of them are."""
    found = choose_thresholds(
        *scores((60, 1, 0.99), (20, 1, 0.95), (20, 0, 0.95), (900, 0, 0.0)), COSTS
    )

    assert 0.95 < found.critical <= 0.99
    assert found.high == pytest.approx(COSTS.challenge_from)


@pytest.mark.parametrize(("honest", "refuted"), [(0, False), (1, True)])
def test_among_fewer_than_ten_accounts_one_honest_one_is_too_many(
    honest: int, refuted: bool
) -> None:
    labels, probabilities = scores((6, 1, 0.95), (honest, 0, 0.95), (50, 1, 0.01), (900, 0, 0.01))
    found = choose_thresholds(labels, probabilities, COSTS)

    assert (found.critical > 0.95) == refuted


def test_nobody_is_troubled_who_is_like_everybody() -> None:
    """A third of the labelled accounts abuse, and the model cannot tell who."""
    labels = np.repeat([1.0, 0.0], [100, 200])
    found = choose_thresholds(labels, np.full(300, 1 / 3), COSTS)

    assert COSTS.challenge_from < 1 / 3 < found.medium < found.high
    assert found.high == pytest.approx(1 / 2)


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=2, max_size=60),
    costs,
)
def test_thresholds_grow_strictly_between_zero_and_one(
    accounts: list[tuple[bool, float]], shop: Costs
) -> None:
    labels = np.array([1.0, 0.0] + [float(label) for label, _ in accounts])
    probabilities = np.array([0.5, 0.5] + [p for _, p in accounts])
    found = choose_thresholds(labels, probabilities, shop)

    assert 0 < found.medium < found.high < found.critical < 1


def test_expected_cost_counts_every_kind_of_outcome() -> None:
    labels = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    probabilities = np.array([0.0, 0.5, 1.0, 0.0, 0.5, 1.0])
    found = COSTS.expected(labels, probabilities, Thresholds(0.1, 0.4, 0.9))

    assert found == pytest.approx(1000 * (20 + 0.2 * 20 + 0 + 0 + 5 + 50) / 6)


def test_the_chosen_thresholds_are_nowhere_dearer_than_the_curve() -> None:
    dice = np.random.default_rng(1)
    probabilities = dice.beta(0.2, 2, 20_000)
    labels = (dice.random(20_000) < probabilities).astype(float)
    chosen = choose_thresholds(labels, probabilities, COSTS)
    curve = cost_curve(COSTS, labels, probabilities, chosen)
    cost = COSTS.expected(labels, probabilities, chosen)

    assert cost <= 1.02 * curve.challenging.min()
    assert cost <= 1.02 * curve.denying.min()
