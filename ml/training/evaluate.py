"""How good a model made this way is, on accounts it has not seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from ml.calibration import Calibration
from ml.policy import Thresholds
from ml.training.calibrate import fit_calibration
from ml.training.examples import Examples, Mask, Numbers
from ml.training.figures import Figures, deviation, figures, mean
from ml.training.fit import fit_common, learn
from ml.training.folds import check_labels, held_out
from ml.training.levels import published
from ml.training.money import Costs
from ml.training.thresholds import choose_thresholds

FOLDS, REPEATS = 5, 3


class Method(StrEnum):
    """Ways to score that are compared."""

    MODEL = "model"
    UNCALIBRATED = "model before calibration"
    LOGISTIC = "logistic regression"
    RULES = "rules alone"
    PUBLISHED = "model and rules"


class Stage(StrEnum):
    """When an account is judged, each account once."""

    REGISTRATION = "at registration"
    NEWEST = "with redemptions known"


Scores = Mapping[Method, Numbers]
"""Out-of-fold scores of every row, by each method."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What repeated cross-validation measured, and what was fitted on what it measured.

    Attributes:
        accounts, abusers: labelled ones.
        folds, repeats: of the cross-validation.
        figures, deviations: means over the repeats, and standard deviations.
        labels: of each labelled account at its newest row.
        out_of_fold: each method's score there, mean over the repeats.
        calibration: fitted on all out-of-fold probabilities: for the model of all accounts.
        thresholds: from money and the calibrated out-of-fold probabilities.
    """

    accounts: int
    abusers: int
    folds: int
    repeats: int
    figures: Mapping[tuple[Method, Stage], Figures]
    deviations: Mapping[tuple[Method, Stage], Figures]
    labels: Numbers
    out_of_fold: Scores
    calibration: Calibration
    thresholds: Thresholds


def evaluate(
    examples: Examples,
    costs: Costs,
    threads: int,
    folds: int = FOLDS,
    repeats: int = REPEATS,
    against_logistic: bool = True,
) -> Evaluation:
    """Repeated stratified cross-validation, grouped by account and by linked cluster.

    Everything that is fitted, what is common included, is fitted on the training folds; the
    calibration's three numbers on the other folds' out-of-fold probabilities.

    Args:
        examples: all rows.
        costs: what the thresholds follow from.
        threads: of LightGBM.
        folds, repeats: of the cross-validation.
        against_logistic: also measure logistic regression, half of the time that this takes.

    Raises:
        TrainingError: too few labels.
    """
    check_labels(examples)
    # Matrices this small are multiplied faster by one thread than they are divided among many.
    with threadpool_limits(limits=1, user_api="blas"):
        rounds = [
            _round(examples, folds, seed, threads, against_logistic) for seed in range(repeats)
        ]
        calibration = _calibration(
            examples, [scores[Method.UNCALIBRATED] for scores in rounds], examples.labelled
        )
    newest = examples.newest & examples.labelled
    thresholds = choose_thresholds(
        examples.labels[newest], _mean(rounds, Method.MODEL)[newest], costs
    )
    rounds = [_with_rules(scores, thresholds) for scores in rounds]
    measured = {
        (method, stage): [_figures(examples, scores[method], stage) for scores in rounds]
        for method in rounds[0]
        for stage in Stage
    }
    return Evaluation(
        accounts=int(newest.sum()),
        abusers=int(examples.labels[newest].sum()),
        folds=folds,
        repeats=repeats,
        figures={key: mean(several) for key, several in measured.items()},
        deviations={key: deviation(several) for key, several in measured.items()},
        labels=examples.labels[newest],
        out_of_fold={method: _mean(rounds, method)[newest] for method in rounds[0]},
        calibration=calibration,
        thresholds=thresholds,
    )


def out_of_fold(examples: Examples, folds: int, seed: int, threads: int) -> Numbers:
    """The model's probability of every labelled row, uncalibrated, by one that had not seen it."""
    believed = np.zeros(len(examples.labels))
    for tested in held_out(examples, folds, seed):
        believed[tested] = learn(examples, ~tested, threads).probabilities(examples, tested)
    return believed


def calibrated_by_others(examples: Examples, believed: Numbers, folds: int, seed: int) -> Numbers:
    """Each fold's probabilities, calibrated on the other folds' out-of-fold ones."""
    calibrated = np.zeros(len(believed))
    for tested in held_out(examples, folds, seed):
        others = examples.labelled & ~tested
        calibration = _calibration(examples, [believed], others)
        calibrated[tested] = calibration.calibrated(believed[tested])
    return calibrated


def _round(
    examples: Examples, folds: int, seed: int, threads: int, against_logistic: bool
) -> Scores:
    believed = out_of_fold(examples, folds, seed, threads)
    scores = {
        Method.MODEL: calibrated_by_others(examples, believed, folds, seed),
        Method.UNCALIBRATED: believed,
        Method.RULES: examples.by_rules,
    }
    if against_logistic:
        logistic = np.zeros(len(examples.labels))
        for tested in held_out(examples, folds, seed):
            logistic[tested] = _logistic(examples, tested)
        scores[Method.LOGISTIC] = logistic
    return scores


def _with_rules(scores: Scores, thresholds: Thresholds) -> Scores:
    together = published(thresholds, scores[Method.MODEL], scores[Method.RULES])
    return {**scores, Method.PUBLISHED: together}


def _mean(rounds: list[Scores], method: Method) -> Numbers:
    return np.asarray(np.mean([scores[method] for scores in rounds], axis=0), dtype=np.float64)


def _calibration(examples: Examples, believed: list[Numbers], rows: Mask) -> Calibration:
    """From several repeats' probabilities of the same rows; an account weighs 1 in all."""
    return fit_calibration(
        np.tile(examples.labels[rows], len(believed)),
        np.concatenate([one[rows] for one in believed]),
        np.tile(examples.weights[rows], len(believed)) / len(believed),
    )


def _logistic(examples: Examples, tested: Mask) -> Numbers:
    vectors = examples.vectors(fit_common(examples, ~tested))
    taught = ~tested & examples.labelled
    classifier = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=500),
    )
    classifier.fit(
        vectors[taught],
        examples.labels[taught],
        logisticregression__sample_weight=examples.weights[taught],
    )
    return np.asarray(classifier.predict_proba(vectors[tested])[:, 1], dtype=np.float64)


def _figures(examples: Examples, scores: Numbers, stage: Stage) -> Figures:
    judged = examples.at_registration if stage is Stage.REGISTRATION else examples.newest
    rows = judged & examples.labelled
    return figures(examples.labels[rows], scores[rows])
