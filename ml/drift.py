"""How far what is scored now differs from what a model was trained on. Pure.

The population stability index of one number (Siddiqi, Credit Risk Scorecards, 2006):
the sum over bins of ``(now - then) ln(now / then)``, with each bin's share of the accounts
now and at the training. Its usual reading: below 0.1 nothing to see, from 0.25 on the
population is another one, and the model should be trained again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.features.catalog import CATALOG, NAMES
from ml.features.feature import Available

Numbers = NDArray[np.float64]

LITTLE, MUCH = 0.1, 0.25
"""The usual boundaries of an index."""

LEAST_ACCOUNTS = 200
"""Accounts below which an index is noise: with ten bins it is then about 0.05 by chance alone."""

_REDEMPTIONS = NAMES.index("redemptions")
_BINS = 10
_HEAVY = 0.05
_UNSEEN = 0.5
"""Accounts that every bin is credited with, so that an empty one does not make the index
infinite."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How one number was spread at the training.

    Attributes:
        edges: where each bin but the first begins, growing.
        shares: of the bins below, between and above the edges, and, last, of what is unknown
            (NaN); above 0, together 1.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a bundle remembers of the accounts that it was trained on, none of them singly.

    Attributes:
        features: each feature's distribution; features that wait for a first redemption
            among accounts that have redeemed only.
        score: the published score's distribution.
        alert_rate: share of accounts at a level that raises an alert.
    """

    features: Mapping[str, Distribution]
    score: Distribution
    alert_rate: float


def distribution(values: Numbers) -> Distribution:
    """Ten bins of equal shares, as far as there are so many values; heavy values stand alone."""
    known = values[~np.isnan(values)]
    edges: set[float] = set()
    if len(known):
        for edge in np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1), method="lower")):
            edges.add(float(edge))
            if np.mean(known == edge) >= _HEAVY:
                # Otherwise a count that was always 0 and now grows would stay in its bin.
                edges.add(float(np.nextafter(edge, np.inf)))
    growing = tuple(sorted(edges))
    return Distribution(growing, tuple(_shares(values, growing).tolist()))


def stability_index(then: Distribution, values: Numbers) -> float:
    """The population stability index of values now, 0 or above."""
    before, now = np.array(then.shares), _shares(values, then.edges)
    return float(np.sum((now - before) * np.log(now / before)))


def feature_indices(reference: Reference, vectors: Numbers) -> dict[str, float]:
    """Each feature's index over vectors ``(n, features)`` of accounts scored now.

    Features with fewer than :data:`LEAST_ACCOUNTS` comparable accounts are left out.
    """
    found = {}
    for number, name in enumerate(NAMES):
        values = vectors[comparable(name, vectors[:, _REDEMPTIONS]), number]
        if name in reference.features and len(values) >= LEAST_ACCOUNTS:
            found[name] = stability_index(reference.features[name], values)
    return found


def comparable(name: str, redemptions: Numbers) -> NDArray[np.bool_]:
    """The rows in which a feature can have a value: a fresh account's silence is no drift.

    Args:
        name: of a feature.
        redemptions: the feature of that name of each row.
    """
    if CATALOG[NAMES.index(name)].available is Available.REDEMPTION:
        return redemptions > 0
    return np.ones(len(redemptions), dtype=bool)


def _shares(values: Numbers, edges: Sequence[float]) -> Numbers:
    known = values[~np.isnan(values)]
    bins = np.searchsorted(np.array(edges), known, side="right")
    counts = np.bincount(bins, minlength=len(edges) + 1).astype(np.float64)
    counts = np.append(counts, len(values) - len(known)) + _UNSEEN
    return np.asarray(counts / counts.sum(), dtype=np.float64)
