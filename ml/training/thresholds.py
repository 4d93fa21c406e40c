"""Where the levels begin on a model's calibrated probabilities. Pure."""

import math

import numpy as np
from scipy.stats import binom

from ml.policy import Thresholds
from ml.training.examples import Numbers
from ml.training.money import Costs

LEAST_ACCOUNTS = 10
"""Labelled accounts above a threshold below which their share of abusers proves little."""

DOUBT = 0.05
"""A threshold is refuted by what lies above it if, were it right, so few abusers were as rare."""

LEAST_ODDS = 2.0
"""What must be known of an account at least doubles its odds before anybody is troubled."""

_GAP = 0.001
_HIGHEST = 1 - 1e-6


def choose_thresholds(labels: Numbers, probabilities: Numbers, costs: Costs) -> Thresholds:
    """Thresholds from money, held against out-of-fold probabilities, each account once.

    Critical (the checkout denies) and high (it challenges) begin where that is the cheapest,
    see :mod:`ml.training.money`; but not below :data:`LEAST_ODDS` times the odds of an account
    of which nothing is known: analysts label what is suspicious, so the share of abusers among
    labelled accounts may be far above that among all, and money alone would have everybody
    challenged. Medium begins half-way, in log-odds (evidence adds up there: Good, Probability
    and the Weighing of Evidence, 1950), from that share to high: worth watching, not worth
    anybody's trouble.

    Where a probability promises more than was seen, high and critical move up to the first
    one that is not refuted: among the accounts above a threshold t at least the share t must
    be abusers (a binomial test, one-sided, at :data:`DOUBT`); and where fewer than
    :data:`LEAST_ACCOUNTS` lie above, not one of them may be honest.

    Args:
        labels: 1.0 or 0.0 of each account, both among them.
        probabilities: of each account, calibrated, from models that have not seen it.
        costs: what the actions cost.
    """
    unknown = float(np.mean(labels))
    least = _probability(_log_odds(unknown) + math.log(LEAST_ODDS))
    high = _not_refuted(labels, probabilities, max(costs.challenge_from, least))
    critical = _not_refuted(labels, probabilities, max(costs.deny_from, least))
    # Strictly growing and below 1, whatever was found.
    high = min(high, _HIGHEST - _GAP)
    critical = min(max(critical, high + _GAP / 2), _HIGHEST)
    medium = min(_half_way(unknown, high), high - _GAP / 10)
    return Thresholds(medium, high, critical)


def _not_refuted(labels: Numbers, probabilities: Numbers, wanted: float) -> float:
    order = np.argsort(-probabilities, kind="stable")
    falling, abusers = probabilities[order], np.cumsum(labels[order])
    candidates = np.concatenate([[wanted], np.unique(probabilities[probabilities > wanted])])
    above = np.searchsorted(-falling, -candidates, side="right")
    found = np.concatenate([[0.0], abusers])[above]
    refuted = np.where(
        above < LEAST_ACCOUNTS, found < above, binom.cdf(found, above, candidates) < DOUBT
    )
    if not refuted.all():
        return float(candidates[int(np.argmin(refuted))])
    return math.nextafter(float(candidates[-1]), 1.0)


def _half_way(base_rate: float, high: float) -> float:
    if base_rate >= high:
        return high / 2
    return _probability((_log_odds(base_rate) + _log_odds(high)) / 2)


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
