"""Whether what is scored now still is what a model was trained on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.drift import LITTLE, MUCH, Reference, distribution, feature_indices, stability_index
from ml.features.catalog import NAMES

NAN = float("nan")
DICE = np.random.default_rng(6)
values = st.lists(st.one_of(st.just(NAN), st.floats(-1e6, 1e6)), min_size=1, max_size=200)


def index(then: object, now: object) -> float:
    return stability_index(distribution(np.asarray(then)), np.asarray(now))


@given(values)
def test_the_same_values_do_not_drift(found: list[float]) -> None:
    spread = distribution(np.array(found))

    assert stability_index(spread, np.array(found)) == pytest.approx(0)
    assert sum(spread.shares) == pytest.approx(1)
    assert list(spread.edges) == sorted(set(spread.edges))
    assert len(spread.shares) == len(spread.edges) + 2


@given(values, values)
def test_an_index_is_never_negative_and_always_a_number(
    then: list[float], now: list[float]
) -> None:
    assert 0 <= index(then, now) < float("inf")


def test_by_the_usual_reading_another_sample_is_the_same_and_a_shift_is_not() -> None:
    then = DICE.normal(size=9_000)

    assert index(then, DICE.normal(size=2_000)) < LITTLE / 2
    assert LITTLE < index(then, DICE.normal(0.4, size=2_000)) < MUCH
    assert index(then, DICE.normal(1.0, size=2_000)) > MUCH


@pytest.mark.parametrize(
    ("then", "now"),
    [
        # A count that had always been 0 grows; a share that was nearly always full shrinks.
        (np.zeros(1_000), np.repeat([0.0, 3.0], [700, 300])),
        (np.repeat([0.0, 0.01], [10, 990]), np.repeat([0.0, 0.01], [300, 700])),
        # What was known is known no more.
        (np.arange(1_000.0), np.repeat([500.0, NAN], [500, 500])),
        (np.full(1_000, NAN), np.zeros(1_000)),
    ],
)
def test_drift_is_seen_where_hardly_anything_varied(then: np.ndarray, now: np.ndarray) -> None:
    assert index(then, now) > MUCH


def test_the_index_is_the_one_of_its_formula() -> None:
    then, now = np.repeat([0.0, 1.0], [8_000, 2_000]), np.repeat([0.0, 1.0], [5_000, 5_000])

    assert index(then, now) == pytest.approx(
        (0.5 - 0.8) * np.log(0.5 / 0.8) + (0.5 - 0.2) * np.log(0.5 / 0.2), abs=0.002
    )


def test_accounts_that_have_not_redeemed_yet_are_no_drift_of_what_waits_for_it() -> None:
    redeemed = NAMES.index("redemptions")
    seconds = NAMES.index("seconds_to_first_redemption")
    vectors = np.zeros((1_000, len(NAMES)))
    vectors[:, redeemed] = 1
    spread = distribution(np.zeros(1_000))
    reference = Reference(dict.fromkeys(NAMES, spread), spread, 0.0)
    vectors[:600, redeemed] = 0
    vectors[:600, seconds] = NAN

    found = feature_indices(reference, vectors)

    assert found["seconds_to_first_redemption"] < LITTLE
    assert found["redemptions"] > MUCH


def test_a_feature_of_too_few_accounts_is_left_out() -> None:
    vectors = np.zeros((1_000, len(NAMES)))
    vectors[:50, NAMES.index("redemptions")] = 1
    spread = distribution(np.zeros(1_000))
    found = feature_indices(Reference(dict.fromkeys(NAMES, spread), spread, 0.0), vectors)

    assert "phone_verified" not in found
    assert "age_years" in found
