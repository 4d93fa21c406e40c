"""What the project's own model makes of the data, and of parts of it. Deterministic."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.features.feature import Fact
from ml.training.evaluate import FOLDS, out_of_fold
from ml.training.examples import Examples, Mask, Numbers, Values

REPEATS = 5
DEALT = 20
"""How often labels are dealt anew, to see what chance alone would reach."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A ranking of abusers among honest accounts, beside what chance would reach.

    Attributes:
        base_rate: share of abusers.
        average_precision, roc_auc: of the model, out of fold, mean over the repeats.
        dealt_mean, dealt_most: average precision where labels are dealt anew.
    """

    base_rate: float
    average_precision: float
    roc_auc: float
    dealt_mean: float
    dealt_most: float


def average_precisions(examples: Examples, *judged: Mask, threads: int = 1) -> tuple[float, ...]:
    """The model's at each set of rows, out of fold, means over :data:`REPEATS` divisions."""
    rounds = _believed(examples, threads)
    return tuple(
        fmean(
            float(average_precision_score(examples.labels[rows], believed[rows]))
            for believed in rounds
        )
        for rows in (each & examples.labelled for each in judged)
    )


def beside_chance(examples: Examples, users: frozenset[str], threads: int = 1) -> Chance:
    """How the model ranks when it is taught and tested on these accounts alone."""
    asked = _only(examples, users)
    rows = asked.newest & asked.labelled
    labels = asked.labels[rows]
    believed = [found[rows] for found in _believed(asked, threads)]
    dealt = [_dealt(asked, seed, threads) for seed in range(DEALT)]
    return Chance(
        base_rate=float(labels.mean()),
        average_precision=fmean(float(average_precision_score(labels, one)) for one in believed),
        roc_auc=fmean(float(roc_auc_score(labels, one)) for one in believed),
        dealt_mean=fmean(dealt),
        dealt_most=max(dealt),
    )


def with_phones_as(examples: Examples, shapes: Mapping[str, str | None]) -> Examples:
    """The same accounts with other shapes of their phones, by account."""
    names = sorted({shape for shape in shapes.values() if shape is not None})
    codes: dict[str | None, int] = {None: -1, **{name: number for number, name in enumerate(names)}}
    by_account = np.array([codes[shapes[user]] for user in examples.user_ids], dtype=np.intp)
    phones = Values(tuple(names), by_account[examples.accounts])
    return replace(examples, facts={**examples.facts, Fact.PHONE_SHAPE: phones})


def _believed(examples: Examples, threads: int) -> list[Numbers]:
    return [out_of_fold(examples, FOLDS, seed, threads) for seed in range(REPEATS)]


def _only(examples: Examples, users: frozenset[str]) -> Examples:
    """Labels of everybody else are not known: they tell what is common, and no more."""
    them = np.array([user in users for user in examples.user_ids])[examples.accounts]
    return replace(examples, labels=np.where(them, examples.labels, np.nan))


def _dealt(examples: Examples, seed: int, threads: int) -> float:
    accounts = examples.labels[examples.newest]
    known = ~np.isnan(accounts)
    numbers = examples.accounts[examples.newest][known]
    dealt = np.full(len(examples.user_ids), np.nan)
    dealt[numbers] = np.random.default_rng(seed).permutation(accounts[known])
    shuffled = replace(examples, labels=dealt[examples.accounts])
    rows = shuffled.newest & shuffled.labelled
    believed = out_of_fold(shuffled, FOLDS, seed, threads)
    return float(average_precision_score(shuffled.labels[rows], believed[rows]))
