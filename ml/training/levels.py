"""What the levels would have meant for accounts that the model has not seen. Pure."""

from dataclasses import dataclass

import numpy as np

from ml.policy import Level, Thresholds, combine, level_of
from ml.reasons import Reason
from ml.training.evaluate import Evaluation


@dataclass(frozen=True, slots=True)
class Caught:
    """How many labelled accounts a level holds: abusers found, and honest people suspected."""

    level: Level
    abusers: int
    honest: int


def caught(evaluation: Evaluation, thresholds: Thresholds) -> tuple[Caught, ...]:
    """The levels of model and rules together at each account's newest row, highest first."""
    levels = np.array(
        [
            level_of(combine(thresholds.score(probability), (Reason("rule", "", rules),)))
            for probability, rules in zip(
                evaluation.out_of_fold.tolist(), evaluation.by_rules.tolist(), strict=True
            )
        ]
    )
    abusers = evaluation.labels == 1.0
    return tuple(
        Caught(
            level,
            int(np.sum((levels == level) & abusers)),
            int(np.sum((levels == level) & ~abusers)),
        )
        for level in reversed(Level)
    )
