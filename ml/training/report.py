"""A training in figures: one text, printed and kept as ``report.md`` beside the model. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.bundle import Bundle

FILE = "report.md"
_SHOWN_RECALLS = ("0.50", "0.67", "0.75")
_SHOWN_FEATURES = 12


def report(bundle: Bundle, timings: Mapping[str, float]) -> str:
    """The report in Markdown.

    Args:
        bundle: as published; its metrics are the evaluation's.
        timings: seconds by step.
    """
    metrics, thresholds = bundle.metrics, bundle.thresholds
    return "\n".join(
        (
            f"# Model {bundle.version}",
            "",
            f"{metrics['accounts']} labelled accounts, {metrics['abusers']} of them abusers."
            f" Cross-validation: {metrics['folds']} folds, {metrics['repeats']} times, linked"
            " accounts in one fold, each account counted once.",
            "",
            *_ranking(metrics["figures"]),
            "",
            *_levels(metrics["levels"]),
            "",
            f"A level begins at the probability {thresholds.medium:.3f} (medium),"
            f" {thresholds.high:.3f} (high), {thresholds.critical:.3f} (critical).",
            "",
            *_importances(metrics["importances"]),
            "",
            f"Training data: {bundle.training_digest}. Libraries: "
            + ", ".join(f"{name} {number}" for name, number in bundle.libraries.items())
            + ".",
            "Seconds: " + ", ".join(f"{step} {taken:.1f}" for step, taken in timings.items()) + ".",
            "",
        )
    )


def _ranking(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    header = ("stage", "scored by", "average precision", "ROC AUC", "Brier")
    recalls = tuple(f"precision at recall {recall}" for recall in _SHOWN_RECALLS)
    rows = (
        (
            one["stage"],
            one["method"],
            f"{one['average_precision']:.3f}",
            f"{one['roc_auc']:.3f}",
            f"{one['brier']:.4f}",
            *(f"{one['precision_at_recall'][recall]:.3f}" for recall in _SHOWN_RECALLS),
        )
        for one in sorted(figures, key=lambda one: str(one["stage"]))
    )
    return _table((*header, *recalls), rows)


def _levels(levels: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = ((str(one["level"]), str(one["abusers"]), str(one["honest"])) for one in levels)
    return _table(("level (model and rules, nobody labelled)", "abusers", "honest accounts"), rows)


def _importances(importances: Mapping[str, float]) -> list[str]:
    rows = [(name, f"{share:.1%}") for name, share in importances.items()]
    return _table(("feature", "share of the gain"), rows[:_SHOWN_FEATURES])


def _table(header: tuple[str, ...], rows: Any) -> list[str]:
    lines = [header, ("---",) * len(header), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
