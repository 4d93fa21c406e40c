"""Where the levels begin on a model's probabilities. Pure."""

import numpy as np
from sklearn.metrics import precision_recall_curve

from ml.policy import CRITICAL_FROM, HIGH_FROM, MEDIUM_FROM, Thresholds
from ml.training.examples import Numbers

LEAST_FLAGGED = 10
"""Accounts that must lie above a threshold before its precision means anything."""

_GAP = 0.05


def choose_thresholds(labels: Numbers, probabilities: Numbers) -> Thresholds:
    """Thresholds from out-of-fold probabilities, each account once.

    A level begins at the lowest probability above which the share of abusers is at least 0.98
    (critical: the checkout denies), 0.9 (high: it challenges) or 0.5 (medium); but critical
    never below 0.5, high 0.3, medium 0.1: where abusers and honest accounts lie far apart, a
    precision alone would let a level begin among the honest ones. Where a precision is never
    reached, the level begins where the policy's own scale has it, so that a probability is
    taken for what it says.

    Args:
        labels: 1.0 or 0.0 of each account.
        probabilities: of each account, from models that have not seen it.
    """
    medium = _level(labels, probabilities, precision=0.5, floor=0.1, fallback=MEDIUM_FROM)
    high = _level(labels, probabilities, precision=0.9, floor=0.3, fallback=HIGH_FROM)
    critical = _level(labels, probabilities, precision=0.98, floor=0.5, fallback=CRITICAL_FROM)
    # Strictly growing and below 1, whatever was found.
    medium = min(medium, 1 - 4 * _GAP)
    high = min(max(high, medium + _GAP), 1 - 2 * _GAP)
    critical = min(max(critical, high + _GAP), 1 - _GAP)
    return Thresholds(medium, high, critical)


def _level(
    labels: Numbers, probabilities: Numbers, *, precision: float, floor: float, fallback: float
) -> float:
    reached, _, thresholds = precision_recall_curve(labels, probabilities)
    flagged = len(probabilities) - np.searchsorted(np.sort(probabilities), thresholds)
    fitting = thresholds[(reached[:-1] >= precision) & (flagged >= LEAST_FLAGGED)]
    return max(floor, float(fitting.min())) if len(fitting) else fallback
