"""The report's pictures. Only this module draws; nothing that scores may import it.

The same study gives the same bytes: no clock, no library's name in the file, no user's style.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from ml.calibration import LEAST, MOST
from ml.training.evaluate import Method
from ml.training.examples import Numbers
from ml.training.money import PER_ACCOUNTS, cost_curve
from ml.training.reliability import reliability
from ml.training.study import Study

PRECISION_RECALL, RELIABILITY, COST, IMPORTANCE = (
    "precision-recall.png",
    "reliability.png",
    "cost.png",
    "importance.png",
)
_SHOWN_FEATURES = 12
_TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)


def draw(study: Study, folder: Path) -> None:
    """Write the four PNG files into an existing folder."""
    with mpl.rc_context(rc=mpl.rcParamsDefault):
        save(_precision_recall(study), folder / PRECISION_RECALL)
        save(_reliability(study), folder / RELIABILITY)
        save(_cost(study), folder / COST)
        save(_importance(study), folder / IMPORTANCE)


def _precision_recall(study: Study) -> Figure:
    figure, axes = sheet("share of the abusers that is found", "share of abusers among the found")
    found = study.evaluation
    for method in (Method.PUBLISHED, Method.MODEL, Method.LOGISTIC, Method.RULES):
        if method not in found.out_of_fold:
            continue
        precision, recall, _ = precision_recall_curve(found.labels, found.out_of_fold[method])
        axes.step(recall, precision, where="post", label=method.value)
    axes.set_ylim(0, 1.02)
    axes.legend(loc="lower left")
    return figure


def _reliability(study: Study) -> Figure:
    figure, axes = sheet("probability, mean of a bin", "share of abusers in the bin")
    found = study.evaluation
    axes.plot([0, 1], [0, 1], color="lightgray", label="taken at its word")
    for method, label in (
        (Method.UNCALIBRATED, "before calibration"),
        (Method.MODEL, "calibrated"),
    ):
        bins = reliability(found.labels, found.out_of_fold[method])
        shares = np.array([one.share for one in bins])
        bars = np.array([[one.share - one.low, one.high - one.share] for one in bins])
        axes.errorbar(
            [one.believed for one in bins], shares, yerr=bars.T, fmt="o", capsize=3, label=label
        )
    axes.set_xscale("symlog", linthresh=0.005)
    axes.set_yscale("symlog", linthresh=0.005)
    axes.set_xlim(0, 1.3)
    axes.set_ylim(0, 1.3)
    axes.legend(loc="upper left")
    return figure


def _cost(study: Study) -> Figure:
    figure, axes = sheet("probability from which", f"cost of {PER_ACCOUNTS:,} accounts")
    evaluation = study.evaluation
    curve = cost_curve(
        study.costs,
        evaluation.labels,
        evaluation.out_of_fold[Method.MODEL],
        evaluation.thresholds,
    )
    at = _log_odds(curve.at)
    axes.plot(at, curve.challenging, label="accounts are challenged")
    axes.plot(at, curve.denying, label="accounts are denied")
    for name in ("high", "critical"):
        chosen = _log_odds(np.array([getattr(evaluation.thresholds, name)]))
        axes.axvline(float(chosen[0]), color="gray", linestyle=":")
        axes.annotate(f" {name}", (float(chosen[0]), 0.97), xycoords=("data", "axes fraction"))
    axes.set_yscale("log")
    axes.set_xticks(_log_odds(np.array(_TICKS)), [f"{tick:g}" for tick in _TICKS])
    axes.legend(loc="center right")
    return figure


def _importance(study: Study) -> Figure:
    figure, axes = sheet("share of the gain", "")
    shown = list(study.importances.items())[:_SHOWN_FEATURES][::-1]
    axes.barh([name for name, _ in shown], [share for _, share in shown])
    return figure


def sheet(x: str, y: str, height: float = 4.5) -> tuple[Figure, Axes]:
    """An empty plot with labelled axes, 7 inches wide."""
    figure = Figure(figsize=(7, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    return figure, axes


def _log_odds(probabilities: Numbers) -> Numbers:
    cut = np.clip(probabilities, LEAST, MOST)
    return np.asarray(np.log(cut / (1 - cut)), dtype=np.float64)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG file: the same bytes for the same figure."""
    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", dpi=100, metadata={"Software": None})
