"""How far a figure would move if other accounts of the same kind had come. Deterministic."""

import numpy as np

from ml.training.examples import Numbers

RESAMPLES = 500
_SEED = 20_261_123


def average_precisions(labels: Numbers, *scores: Numbers) -> Numbers:
    """Average precision over bootstrap resamples of the accounts (Efron, 1979).

    Args:
        labels: 1.0 or 0.0 of each account.
        scores: one or more rankings of the same accounts; they are resampled together, so that
            differences between them are paired.

    Returns:
        Shape ``(RESAMPLES, len(scores))``; NaN in a resample without abusers.
    """
    rankings = [_Ranking(labels, one) for one in scores]
    dice = np.random.default_rng(_SEED)
    even = np.full(len(labels), 1 / len(labels))
    drawn = (dice.multinomial(len(labels), even).astype(np.float64) for _ in range(RESAMPLES))
    return np.array([[ranking.average_precision(times) for ranking in rankings] for times in drawn])


class _Ranking:
    """Accounts in order, highest first; those of equal score are taken together."""

    def __init__(self, labels: Numbers, scores: Numbers) -> None:
        self._order = np.argsort(-scores, kind="stable")
        self._labels = labels[self._order]
        falling = scores[self._order]
        self._ends = np.append(np.flatnonzero(np.diff(falling)), len(scores) - 1)

    def average_precision(self, times: Numbers) -> float:
        """With each account counted so many times."""
        counted = times[self._order]
        abusers = np.cumsum(counted * self._labels)[self._ends]
        flagged = np.cumsum(counted)[self._ends]
        if not abusers[-1]:
            return float("nan")
        precision = abusers / np.maximum(flagged, 1)
        return float(np.sum(np.diff(abusers, prepend=0) * precision) / abusers[-1])
