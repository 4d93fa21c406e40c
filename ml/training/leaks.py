"""Checks that a training was not told what it was to find out. Deterministic.

Each is a number that a leak would move; :func:`leaks` measures them on the data at hand.
"""

import random
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.features.catalog import NAMES
from ml.training.evaluate import FOLDS, out_of_fold
from ml.training.examples import Examples, Numbers, examples_of
from ml.training.fit import PARAMETERS, SEED, learn
from ml.training.folds import held_out, is_divisible
from ml.training.history import History, history_of
from ml.training.replay import replay

SHUFFLES = 3
REPLAYED = 2_000
"""Newest accounts whose history is replayed again, mixed up."""

_UNCONSTRAINED = {name: v for name, v in PARAMETERS.items() if name != "monotone_constraints"}


@dataclass(frozen=True, slots=True)
class Leaks:
    """What the checks found.

    Attributes:
        base_rate: share of abusers among labelled accounts.
        shuffled: average precision where labels are dealt anew; about the base rate. None,
            as the next, where there are too few accounts to divide into folds.
        calendar_auc: how well all features together tell whether an honest account signed up
            in the earlier or the later half, as ROC AUC out of fold; 0.5 is not at all.
        calendar_feature, calendar_correlation: the feature whose ranks follow the time of
            sign-up most, among honest accounts, and how far (Spearman, absolute).
        order_matters: whether rows differ when the same events come in another order under
            other row numbers.
        labels_matter: whether rows differ when every label is turned round.
    """

    base_rate: float
    shuffled: float | None
    calendar_auc: float | None
    calendar_feature: str
    calendar_correlation: float
    order_matters: bool
    labels_matter: bool


def leaks(history: History, examples: Examples, threads: int) -> Leaks:
    """Measure all of them; takes as long as an evaluation of a few repeats."""
    newest = examples.newest & examples.labelled
    feature, correlation = _most_like_the_calendar(examples)
    recent = _recent(history)
    rows = examples_of(replay(recent)).uncommon
    return Leaks(
        base_rate=float(examples.labels[newest].mean()),
        shuffled=_mean([_shuffled(examples, n, threads) for n in range(SHUFFLES)]),
        calendar_auc=_calendar_auc(examples, threads),
        calendar_feature=feature,
        calendar_correlation=correlation,
        order_matters=not _same(rows, _mixed_up(recent)),
        labels_matter=not _same(rows, _turned_round(recent)),
    )


def _mean(found: list[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return float(np.mean(known)) if known else None


def _shuffled(examples: Examples, seed: int, threads: int) -> float | None:
    """Average precision of the same recipe where every cluster has another one's label."""
    accounts = examples.labels[examples.newest]
    dealt = np.full(len(examples.user_ids), np.nan)
    known = ~np.isnan(accounts)
    numbers = examples.accounts[examples.newest][known]
    dealt[numbers] = np.random.default_rng(seed).permutation(accounts[known])
    shuffled = replace(examples, labels=dealt[examples.accounts])
    if not is_divisible(shuffled, FOLDS):
        return None
    rows = shuffled.newest & shuffled.labelled
    believed = out_of_fold(shuffled, FOLDS, seed, threads)
    return float(average_precision_score(shuffled.labels[rows], believed[rows]))


def _calendar_auc(examples: Examples, threads: int) -> float | None:
    """Adversarial validation: can the features tell early from late?"""
    honest = examples.labels == 0.0
    middle = np.median(examples.registered_at_us[honest & examples.at_registration])
    late = np.where(honest, (examples.registered_at_us > middle).astype(np.float64), np.nan)
    asked = replace(examples, labels=late)
    if not is_divisible(asked, FOLDS):
        return None
    rows = asked.newest & asked.labelled
    told = np.zeros(len(late))
    for tested in held_out(asked, FOLDS, 0):
        learned = learn(asked, ~tested, threads, _UNCONSTRAINED)
        told[tested] = learned.probabilities(asked, tested)
    return float(roc_auc_score(late[rows], told[rows]))


def _most_like_the_calendar(examples: Examples) -> tuple[str, float]:
    rows = (examples.labels == 0.0) & examples.newest
    signups = examples.registered_at_us[rows].astype(np.float64)
    columns = examples.uncommon[rows]
    found = [abs(_rank_correlation(column, signups)) for column in columns.T]
    most = int(np.argmax(found))
    return NAMES[most], found[most]


def _rank_correlation(values: Numbers, others: Numbers) -> float:
    """Spearman's, over the rows with a value; 0 where nothing varies."""
    known = ~np.isnan(values)
    if known.sum() < 3 or np.ptp(values[known]) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(values[known]), rankdata(others[known]))[0, 1])


def _recent(history: History) -> History:
    registrations = history.registrations[-REPLAYED:]
    users = {event.profile.user_id for event in registrations}
    redemptions = (event for event in history.redemptions if event.user_id in users)
    return history_of(registrations, redemptions, history.links)


def _mixed_up(history: History) -> Numbers:
    dice = random.Random(SEED)
    redemptions = list(history.redemptions)
    dice.shuffle(redemptions)
    renumbered = [replace(event, usage_id=n) for n, event in enumerate(redemptions)]
    mixed = history_of(history.registrations[::-1], renumbered, history.links)
    return examples_of(replay(mixed)).uncommon


def _turned_round(history: History) -> Numbers:
    turned = (replace(event, label=not event.label) for event in history.registrations)
    return examples_of(replay(history_of(turned, history.redemptions, history.links))).uncommon


def _same(one: Numbers, other: Numbers) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=True))
