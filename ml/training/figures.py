"""Figures of merit of one ranking of accounts. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    precision_recall_curve,
    roc_auc_score,
)

from ml.calibration import LEAST, MOST
from ml.training.examples import Numbers

RECALLS = (0.25, 0.5, 0.67, 0.75, 0.9)
"""Operating points: shares of the abusers that are caught."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well scores rank abusers before honest accounts.

    Attributes:
        average_precision: area under precision over recall, as a step function.
        roc_auc: chance that an abuser is ranked before an honest account.
        brier, log_loss: mean squared error, and mean surprise in nats, of the scores as
            probabilities.
        precision_at_recall: the best precision that catches at least this share of abusers.
    """

    average_precision: float
    roc_auc: float
    brier: float
    log_loss: float
    precision_at_recall: Mapping[str, float]


def figures(labels: Numbers, scores: Numbers) -> Figures:
    """The figures of one ranking.

    Args:
        labels: 1.0 or 0.0 of each account, both kinds among them.
        scores: of each account, in [0, 1].
    """
    precision, recall, _ = precision_recall_curve(labels, scores)
    return Figures(
        average_precision=float(average_precision_score(labels, scores)),
        roc_auc=float(roc_auc_score(labels, scores)),
        brier=float(brier_score_loss(labels, scores)),
        log_loss=float(log_loss(labels, np.clip(scores, LEAST, MOST))),
        precision_at_recall={
            f"{least:.2f}": float(precision[recall >= least].max()) for least in RECALLS
        },
    )


def mean(several: list[Figures]) -> Figures:
    """The mean of the figures of repeated evaluations."""
    return Figures(**_over([asdict(one) for one in several], np.mean))


def deviation(several: list[Figures]) -> Figures:
    """The standard deviation of the figures of repeated evaluations; 0 of a single one."""
    if len(several) == 1:
        several = several * 2
    return Figures(**_over([asdict(one) for one in several], partial(np.std, ddof=1)))


def _over(described: list[dict[str, Any]], fold: Callable[[list[float]], Any]) -> dict[str, Any]:
    return {
        name: _over([one[name] for one in described], fold)
        if isinstance(value, dict)
        else float(fold([one[name] for one in described]))
        for name, value in described[0].items()
    }
