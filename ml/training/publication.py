"""From what was learned and measured to a bundle."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

from ml.bundle import Bundle
from ml.features.catalog import NAMES
from ml.policy import Thresholds
from ml.training.evaluate import Evaluation
from ml.training.fit import Learned, importances
from ml.training.levels import caught

LIBRARIES = ("lightgbm", "numpy", "scikit-learn")


def bundle_of(
    learned: Learned,
    thresholds: Thresholds,
    evaluation: Evaluation,
    training_digest: str,
    now: datetime,
) -> Bundle:
    """The bundle to publish.

    Its version is the time, so that versions sort, and six digits that differ whenever the
    model, what is common or the thresholds do.

    Args:
        learned: from all labelled accounts.
        thresholds: from the evaluation's out-of-fold probabilities.
        evaluation: what cross-validation measured.
        training_digest: digest of the history.
        now: time of the training, UTC.
    """
    model = learned.booster.model_to_string()
    judged = repr((model, learned.common, thresholds, training_digest))
    digest = blake2b(judged.encode(), digest_size=3).hexdigest()
    return Bundle(
        version=f"{now:%Y%m%dT%H%M%S}-{digest}",
        features=NAMES,
        common=learned.common,
        thresholds=thresholds,
        metrics=_metrics(learned, thresholds, evaluation),
        training_digest=training_digest,
        libraries={
            "python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
        model=model,
    )


def _metrics(learned: Learned, thresholds: Thresholds, evaluation: Evaluation) -> Mapping[str, Any]:
    return {
        "accounts": evaluation.accounts,
        "abusers": evaluation.abusers,
        "folds": evaluation.folds,
        "repeats": evaluation.repeats,
        "figures": [
            {"method": method.value, "stage": stage.value, **asdict(measured)}
            for (method, stage), measured in evaluation.figures.items()
        ],
        "levels": [asdict(level) for level in caught(evaluation, thresholds)],
        "importances": dict(importances(learned.booster)),
    }
