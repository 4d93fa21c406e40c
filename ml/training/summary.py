"""A training in one screen, as it is printed. Pure."""

from collections.abc import Mapping

from ml.bundle import Bundle
from ml.training.report import levels_table, ranking_table, thresholds_sentence
from ml.training.study import Study


def summary(study: Study, bundle: Bundle, timings: Mapping[str, float]) -> str:
    """What a person wants to know at once; the report has the rest.

    Args:
        study: of the model.
        bundle: made of it.
        timings: seconds by step.
    """
    evaluation = study.evaluation
    return "\n".join(
        (
            f"# Model {bundle.version}",
            "",
            f"{evaluation.accounts} labelled accounts, {evaluation.abusers} of them abusers."
            f" Cross-validation: {evaluation.folds} folds, {evaluation.repeats} times, linked"
            " accounts in one fold, each account counted once.",
            "",
            *ranking_table(study),
            "",
            *levels_table(study),
            "",
            thresholds_sentence(study),
            "Seconds: " + ", ".join(f"{step} {taken:.1f}" for step, taken in timings.items()) + ".",
            "",
        )
    )
