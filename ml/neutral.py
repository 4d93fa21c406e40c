"""What stands for a fact that is unknown, so that nobody is suspected for it. Pure.

A model has no evidence about what it has never met. LightGBM reads NaN as 0 in a column that had
none at the training, and 0 is the oddest share there is: an account without a phone would be
judged as one whose phone is written like nobody else's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.features.catalog import CATALOG, NAMES
from ml.features.feature import Available

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

_REDEMPTIONS = NAMES.index("redemptions")
_WAITS = np.array([feature.available is Available.REDEMPTION for feature in CATALOG])


@dataclass(frozen=True, slots=True)
class Neutral:
    """What a model is told in place of an unknown fact.

    Attributes:
        values: a usual value by feature. A feature without one keeps its NaN: either enough
            accounts without the fact have taught the model what that means, or none had it.
    """

    values: Mapping[str, float]

    def stands(self, vectors: Numbers) -> Mask:
        """Where a value stands for an unknown fact, shape ``(n, features)``."""
        return unknown(vectors) & ~np.isnan(self._row())

    def filled(self, vectors: Numbers) -> Numbers:
        """Vectors ``(n, features)`` as the model is told them; the given ones stay as they are."""
        return np.where(unknown(vectors), self._row(), vectors)

    def _row(self) -> Numbers:
        return np.array([self.values.get(name, np.nan) for name in NAMES])


def applicable(vectors: Numbers) -> Mask:
    """Where an account can have a value at all: not before a redemption if it is about those."""
    return ~_WAITS | (vectors[:, _REDEMPTIONS] > 0)[:, np.newaxis]


def unknown(vectors: Numbers) -> Mask:
    """Where a fact is unknown, which is not the same as not having happened yet."""
    return np.isnan(vectors) & applicable(vectors)
