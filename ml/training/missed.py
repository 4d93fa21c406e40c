"""Which abusers are not found, and whether anything about them could have told. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from ml.features.catalog import NAMES
from ml.features.feature import Common
from ml.training.examples import Examples, Mask, Numbers

RARE = 0.001
"""A value is unusual if at most this share of the honest accounts has one as far out."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Abusers with an unusual value of one feature: how many, and how many of them are found."""

    feature: str
    abusers: int
    found: int


@dataclass(frozen=True, slots=True)
class Missed:
    """The labelled abusers by what is unusual about them.

    Attributes:
        abusers, found: all, and those at a level that raises an alert, out of fold.
        plain, plain_found: those without any unusual value.
        honest_unusual: share of honest accounts with an unusual value, by chance alone.
        kinds: by feature, the most frequent first; an abuser may be of several.
        missed_auc: how well the model ranks missed abusers before honest accounts, as ROC AUC;
            0.5 is by lot; None if none or all are missed.
    """

    abusers: int
    found: int
    plain: int
    plain_found: int
    honest_unusual: float
    kinds: tuple[Kind, ...]
    missed_auc: float | None


def missed_by(examples: Examples, common: Common, probabilities: Numbers, found: Mask) -> Missed:
    """Look at each labelled account's newest row.

    Args:
        examples: all rows.
        common: what is common in the shop.
        probabilities: out of fold, of the labelled accounts' newest rows.
        found: which of the same rows are at a level that raises an alert.
    """
    rows = examples.newest & examples.labelled
    abusers = examples.labels[rows] == 1.0
    unusual = _unusual(examples.vectors(common)[rows], ~abusers)
    odd: Mask = np.asarray(unusual.any(axis=1))
    unseen = abusers & ~found
    auc = None
    if unseen.any() and not abusers.all():
        asked = unseen | ~abusers
        auc = float(roc_auc_score(unseen[asked], probabilities[asked]))
    return Missed(
        abusers=int(abusers.sum()),
        found=int((abusers & found).sum()),
        plain=int((abusers & ~odd).sum()),
        plain_found=int((abusers & ~odd & found).sum()),
        honest_unusual=float(odd[~abusers].mean()),
        kinds=_kinds({name: unusual[:, n] & abusers for n, name in enumerate(NAMES)}, found),
        missed_auc=auc,
    )


def _unusual(vectors: Numbers, honest: Mask) -> Mask:
    """For each value, whether hardly an honest account's is as high, or as low."""
    unusual: Mask = np.zeros(vectors.shape, dtype=bool)
    for number, column in enumerate(vectors.T):
        known = np.sort(column[honest & ~np.isnan(column)])
        if not len(known):
            continue
        as_low = np.searchsorted(known, column, side="right") / len(known)
        as_high = 1 - np.searchsorted(known, column, side="left") / len(known)
        unusual[:, number] = ~np.isnan(column) & (np.minimum(as_low, as_high) <= RARE)
    return unusual


def _kinds(unusual: Mapping[str, Mask], found: Mask) -> tuple[Kind, ...]:
    kinds = [
        Kind(name, int(them.sum()), int((them & found).sum())) for name, them in unusual.items()
    ]
    return tuple(sorted((k for k in kinds if k.abusers), key=lambda k: (-k.abusers, k.feature)))
