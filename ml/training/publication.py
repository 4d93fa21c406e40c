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
from ml.training.evaluate import Method, Stage
from ml.training.examples import Examples
from ml.training.figures import Figures
from ml.training.reference import reference_of
from ml.training.study import Study

LIBRARIES = ("lightgbm", "numpy", "scikit-learn", "scipy")


def bundle_of(study: Study, examples: Examples, now: datetime) -> Bundle:
    """The bundle to publish.

    Its version is the time, so that versions sort, and six digits that differ whenever the
    model, its calibration, what is common or neutral or the thresholds do.

    Args:
        study: of the model.
        examples: what it was made of.
        now: time of the training, UTC.
    """
    learned, evaluation = study.learned, study.evaluation
    calibration, thresholds = evaluation.calibration, evaluation.thresholds
    model = learned.booster.model_to_string()
    fitted = (model, learned.common, learned.neutral, calibration, thresholds)
    judged = repr((*fitted, study.data.digest))
    digest = blake2b(judged.encode(), digest_size=3).hexdigest()
    return Bundle(
        version=f"{now:%Y%m%dT%H%M%S}-{digest}",
        features=NAMES,
        common=learned.common,
        thresholds=thresholds,
        metrics=metrics(study),
        training_digest=study.data.digest,
        libraries={
            "python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
        model=model,
        calibration=calibration,
        reference=reference_of(examples, learned, calibration, thresholds, study.policy.boundaries),
        trained_until_us=int(examples.registered_at_us[examples.labelled].max()),
        neutral=learned.neutral,
    )


def metrics(study: Study) -> Mapping[str, Any]:
    """What was measured, as a bundle keeps it."""
    evaluation, in_time = study.evaluation, study.in_time
    return {
        "accounts": evaluation.accounts,
        "abusers": evaluation.abusers,
        "folds": evaluation.folds,
        "repeats": evaluation.repeats,
        "figures": _listed(evaluation.figures),
        "deviations": _listed(evaluation.deviations),
        "sampling_deviation": study.sampling_deviation,
        "in_time": None if in_time is None else _listed(in_time.figures),
        "leaks": asdict(study.leaks),
        "costs": asdict(study.costs),
        "levels": [asdict(level) for level in study.levels],
        "importances": dict(study.importances),
    }


def _listed(figures: Mapping[tuple[Method, Stage], Figures]) -> list[dict[str, Any]]:
    return [
        {"method": method.value, "stage": stage.value, **asdict(measured)}
        for (method, stage), measured in figures.items()
    ]
