"""Who is held out together: accounts linked by a strong identifier are never divided."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from connectors.errors import TrainingError
from ml.training.examples import Examples, Mask

LEAST_ACCOUNTS = 10
"""Labelled abusers, and labelled honest accounts, below which no figure means anything."""


def check_labels(examples: Examples) -> None:
    """Refuse to learn from next to nothing.

    Raises:
        TrainingError: there are no labels, or too few of a kind; the message says what to do.
    """
    known = examples.labels[examples.at_registration & examples.labelled]
    abusers = int(known.sum())
    honest = len(known) - abusers
    if not len(known):
        raise TrainingError(
            f"none of {len(examples.user_ids)} accounts has a label (users.is_abuser):"
            " label some, rules alone score until then"
        )
    if min(abusers, honest) < LEAST_ACCOUNTS:
        raise TrainingError(
            f"only {abusers} accounts are labelled as abusers and {honest} as honest:"
            f" a model needs {LEAST_ACCOUNTS} of each, rules alone score until then"
        )


def is_divisible(examples: Examples, folds: int = 5) -> bool:
    """Whether there are labelled clusters of each kind for every fold."""
    _, suspicious = _labelled_clusters(examples)
    return bool(min(np.bincount(suspicious, minlength=2)) >= folds)


def held_out(examples: Examples, folds: int, seed: int) -> Iterator[Mask]:
    """The rows held out in each fold; every labelled row once, unlabelled clusters never.

    Folds are stratified by whether a cluster has a labelled abuser.

    Raises:
        TrainingError: fewer clusters of a kind than folds.
    """
    clusters, suspicious = _labelled_clusters(examples)
    if not is_divisible(examples, folds):
        raise TrainingError(
            f"the labelled accounts form too few separate clusters for {folds} folds:"
            " label accounts that share no device, phone or mailbox"
        )
    divided = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for _, tested in divided.split(clusters, suspicious):
        yield np.isin(examples.clusters, clusters[tested])


def _labelled_clusters(examples: Examples) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    labelled = examples.labelled
    clusters, position = np.unique(examples.clusters[labelled], return_inverse=True)
    suspicious = np.zeros(len(clusters), dtype=np.intp)
    np.maximum.at(suspicious, position, examples.labels[labelled].astype(np.intp))
    return clusters, suspicious
