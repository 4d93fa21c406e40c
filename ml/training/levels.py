"""What the levels would have meant for accounts that the model has not seen. Pure."""

from dataclasses import dataclass

import numpy as np

from ml.policy import Boundaries, Level, Thresholds, combine
from ml.reasons import Reason
from ml.training.examples import Mask, Numbers


@dataclass(frozen=True, slots=True)
class Caught:
    """How many labelled accounts a level holds: abusers found, and honest people suspected."""

    level: Level
    abusers: int
    honest: int


def published(thresholds: Thresholds, probabilities: Numbers, by_rules: Numbers) -> Numbers:
    """The scores of model and rules together, :func:`ml.policy.combine` over arrays.

    Args:
        thresholds: of the model.
        probabilities: calibrated, of each account.
        by_rules: the rules' score of each account, nobody's label known.
    """
    known, shown = zip(*thresholds.knots, strict=True)
    believed = np.interp(probabilities, known, shown)
    return np.array(
        [
            combine(model, (Reason("rule", "", rules),))
            for model, rules in zip(believed.tolist(), by_rules.tolist(), strict=True)
        ]
    )


def caught(labels: Numbers, scores: Numbers, boundaries: Boundaries) -> tuple[Caught, ...]:
    """How many of each kind the levels hold, highest first."""
    abusers = labels == 1.0
    return tuple(
        Caught(level, int(np.sum(held & abusers)), int(np.sum(held & ~abusers)))
        for level, held in _held(scores, boundaries)
    )


def alerted(scores: Numbers, boundaries: Boundaries) -> Mask:
    """The accounts at a level that raises an alert."""
    return scores >= boundaries.high


def _held(scores: Numbers, boundaries: Boundaries) -> list[tuple[Level, Mask]]:
    begins = (boundaries.medium, boundaries.high, boundaries.critical)
    reached = np.searchsorted(begins, scores, side="right")
    return [(level, reached == number) for number, level in reversed(list(enumerate(Level)))]
