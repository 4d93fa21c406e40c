"""What a bundle remembers of the accounts it was trained on, to tell drift by. Pure."""

from ml.calibration import Calibration
from ml.drift import Reference, comparable, distribution
from ml.features.catalog import NAMES
from ml.policy import Boundaries, Thresholds
from ml.training.examples import Examples
from ml.training.fit import Learned
from ml.training.levels import alerted, published


def reference_of(
    examples: Examples,
    learned: Learned,
    calibration: Calibration,
    thresholds: Thresholds,
    boundaries: Boundaries,
) -> Reference:
    """Distributions over every account's newest row, labelled or not.

    Scores are the finished model's own, of accounts that taught it: what the stream would say
    of the same accounts today.
    """
    rows = examples.newest
    vectors = examples.vectors(learned.common)[rows]
    probabilities = calibration.calibrated(learned.probabilities(examples, rows))
    scores = published(thresholds, probabilities, examples.by_rules[rows])
    redemptions = vectors[:, NAMES.index("redemptions")]
    return Reference(
        features={
            name: distribution(vectors[comparable(name, redemptions), number])
            for number, name in enumerate(NAMES)
        },
        score=distribution(scores),
        alert_rate=round(float(alerted(scores, boundaries).mean()), 6),
    )
