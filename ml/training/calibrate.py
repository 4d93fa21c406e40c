"""A calibration from out-of-fold probabilities. Deterministic."""

import numpy as np
from scipy.optimize import minimize

from ml.calibration import Calibration, evidence
from ml.training.examples import Numbers

_LEAST_SLOPE = 0.05
"""Above 0, so that no ranking is lost."""

_PRIOR = 1.0
"""How firmly a map that changes nothing is believed beforehand, in accounts: where abusers and
honest accounts do not overlap at all, nothing else would keep the map finite."""


def fit_calibration(labels: Numbers, probabilities: Numbers, weights: Numbers) -> Calibration:
    """The beta calibration of largest penalised likelihood.

    Args:
        labels: 1.0 or 0.0, shape ``(n,)``.
        probabilities: from models that had not seen the row, shape ``(n,)``.
        weights: of each row, above 0; an account's rows together should weigh 1.
    """
    inputs = np.column_stack([evidence(probabilities), np.ones(len(labels))])
    unchanged = np.array([1.0, 1.0, 0.0])

    def loss(parameters: Numbers) -> tuple[float, Numbers]:
        log_odds, moved = inputs @ parameters, parameters - unchanged
        # log(1 + e^x) - y x is the log loss, without ever taking the log of 0.
        losses = np.logaddexp(0.0, log_odds) - labels * log_odds
        surplus = weights * (1.0 / (1.0 + np.exp(-log_odds)) - labels)
        return (
            float(weights @ losses + _PRIOR / 2 * moved @ moved),
            inputs.T @ surplus + _PRIOR * moved,
        )

    bounds = [(_LEAST_SLOPE, None), (_LEAST_SLOPE, None), (None, None)]
    found = minimize(loss, unchanged, jac=True, bounds=bounds, method="L-BFGS-B")
    a, b, c = (round(float(parameter), 9) for parameter in found.x)
    return Calibration(a, b, c)
