"""How good a model made this way is, on accounts it has not seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.training.examples import Examples, Mask, Numbers
from ml.training.figures import Figures, figures, mean
from ml.training.fit import fit_common, learn
from ml.training.folds import check_labels, held_out

FOLDS, REPEATS = 5, 3


class Method(StrEnum):
    """Ways to score that are compared."""

    MODEL = "model"
    LOGISTIC = "logistic regression"
    RULES = "rules alone"


class Stage(StrEnum):
    """When an account is judged, each account once."""

    REGISTRATION = "at registration"
    NEWEST = "with redemptions known"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What repeated cross-validation measured.

    Attributes:
        accounts, abusers: labelled ones.
        folds, repeats: of the cross-validation.
        figures: means over the repeats.
        labels: of each labelled account at its newest row.
        out_of_fold: the model's probability there, mean over the repeats.
        by_rules: the rules' score there.
    """

    accounts: int
    abusers: int
    folds: int
    repeats: int
    figures: Mapping[tuple[Method, Stage], Figures]
    labels: Numbers
    out_of_fold: Numbers
    by_rules: Numbers


def evaluate(
    examples: Examples, threads: int, folds: int = FOLDS, repeats: int = REPEATS
) -> Evaluation:
    """Repeated stratified cross-validation, grouped by account and by linked cluster.

    Everything that is fitted, what is common included, is fitted on the training folds.

    Raises:
        TrainingError: too few labels.
    """
    check_labels(examples)
    rounds = [_round(examples, folds, seed, threads) for seed in range(repeats)]
    newest = examples.newest & examples.labelled
    return Evaluation(
        accounts=int(newest.sum()),
        abusers=int(examples.labels[newest].sum()),
        folds=folds,
        repeats=repeats,
        figures={
            (method, stage): mean([_figures(examples, scores[method], stage) for scores in rounds])
            for method in Method
            for stage in Stage
        },
        labels=examples.labels[newest],
        out_of_fold=np.mean([scores[Method.MODEL][newest] for scores in rounds], axis=0),
        by_rules=examples.by_rules[newest],
    )


def _round(examples: Examples, folds: int, seed: int, threads: int) -> dict[Method, Numbers]:
    """Out-of-fold scores of every labelled row, by each method."""
    model, logistic = np.zeros(len(examples.labels)), np.zeros(len(examples.labels))
    for tested in held_out(examples, folds, seed):
        model[tested] = learn(examples, ~tested, threads).probabilities(examples, tested)
        logistic[tested] = _logistic(examples, tested)
    return {Method.MODEL: model, Method.LOGISTIC: logistic, Method.RULES: examples.by_rules}


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
