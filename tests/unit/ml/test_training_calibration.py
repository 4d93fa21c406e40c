"""Probabilities that can be taken at their word, without changing who is ranked first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.calibration import UNCHANGED, Calibration
from ml.training.calibrate import fit_calibration
from ml.training.reliability import reliability

probabilities = st.floats(0, 1)


@given(st.lists(probabilities, min_size=1))
def test_the_usual_calibration_changes_nothing(believed: list[float]) -> None:
    found = UNCHANGED.calibrated(np.array(believed))

    assert found == pytest.approx(np.array(believed), abs=1e-6)


@given(
    st.builds(Calibration, st.floats(0.05, 5), st.floats(0.05, 5), st.floats(-5, 5)),
    st.lists(st.floats(0.001, 0.999), min_size=2),
)
def test_no_calibration_turns_a_ranking_round(
    calibration: Calibration, believed: list[float]
) -> None:
    rising = np.sort(believed)

    assert (np.diff(calibration.calibrated(rising)) >= 0).all()


def drawn(accounts: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and true probabilities, of accounts of which few are abusers."""
    dice = np.random.default_rng(2)
    true = dice.beta(0.3, 3, accounts)
    return (dice.random(accounts) < true).astype(float), true


def test_what_was_distorted_is_put_right() -> None:
    labels, true = drawn()
    # Too timid: log-odds of half the size.
    timid = 1 / (1 + np.sqrt((1 - true) / true))
    found = fit_calibration(labels, timid, np.ones(len(labels)))

    assert np.abs(found.calibrated(timid) - true).mean() < 0.01


def test_the_same_accounts_give_the_same_calibration() -> None:
    labels, true = drawn(2_000)
    weights = np.ones(len(labels))

    assert fit_calibration(labels, true, weights) == fit_calibration(labels, true, weights)


def test_kinds_that_lie_apart_keep_their_probabilities_off_certainty() -> None:
    labels = np.array([1.0] * 50 + [0.0] * 950)
    found = fit_calibration(labels, np.where(labels == 1, 0.9, 0.01), np.ones(1000))
    low, high = found.calibrated(np.array([0.01, 0.9]))

    assert 0.0001 < low < 0.01
    assert 0.95 < high < 0.9999


def test_every_account_is_in_one_bin_of_the_reliability_table() -> None:
    labels, true = drawn()
    bins = reliability(labels, true)

    assert sum(one.accounts for one in bins) == len(labels)
    assert sum(one.abusers for one in bins) == labels.sum()
    for one in bins:
        assert one.begins <= one.believed <= one.ends
        assert one.low <= one.share <= one.high
    assert sum(one.low <= one.believed <= one.high for one in bins) >= len(bins) - 2
