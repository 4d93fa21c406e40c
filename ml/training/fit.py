"""A model from examples: what is common, what is neutral, and LightGBM on top. Deterministic."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ml.features.catalog import CATALOG, COMMON_COLUMNS, NAMES
from ml.features.feature import Common, Fact
from ml.lean_lightgbm import lightgbm
from ml.neutral import Neutral
from ml.training.examples import Examples, Mask, Numbers
from ml.training.unknown import fit_neutral

LEAST_ACCOUNTS = 5
"""Values that fewer accounts have count as never seen: a training account's own rare value
must look to the model as a new account's will, and a bundle must not tell who has one."""

ROUNDS = 120
SEED = 20_261_123
PARAMETERS: Mapping[str, object] = MappingProxyType(
    {
        "objective": "binary",
        "learning_rate": 0.05,
        # Few positives: shallow trees, and leaves of several accounts each.
        "num_leaves": 8,
        "min_data_in_leaf": 8,
        # Otherwise the last two of 41 fast redemptions share a bin with all slow ones.
        "min_data_in_bin": 1,
        "lambda_l2": 1.0,
        "min_gain_to_split": 0.1,
        "seed": SEED,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        "monotone_constraints": [int(feature.leaning) for feature in CATALOG],
    }
)


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned from some accounts."""

    common: Common
    neutral: Neutral
    booster: lightgbm.Booster

    def probabilities(self, examples: Examples, rows: Mask) -> Numbers:
        """The probability of abuse, uncalibrated, at each of the chosen rows."""
        vectors = self.neutral.filled(examples.vectors(self.common)[rows])
        return np.asarray(self.booster.predict(vectors, num_threads=1), dtype=np.float64)


def learn(
    examples: Examples,
    rows: Mask,
    threads: int,
    parameters: Mapping[str, object] = PARAMETERS,
) -> Learned:
    """Learn from the accounts of the chosen rows, and from nothing else.

    Args:
        examples: all rows.
        rows: those of the training accounts; rows without a label only tell what is common
            and what is usual.
        threads: of LightGBM; the outcome does not depend on it.
        parameters: LightGBM's.
    """
    common = fit_common(examples, rows)
    neutral = fit_neutral(examples, rows, common)
    taught = rows & examples.labelled
    data = lightgbm.Dataset(
        neutral.filled(examples.vectors(common)[taught]),
        label=examples.labels[taught],
        weight=examples.weights[taught],
        feature_name=list(NAMES),
        free_raw_data=True,
    )
    booster = lightgbm.train({**parameters, "num_threads": threads}, data, ROUNDS)
    return Learned(common, neutral, booster)


def importances(booster: lightgbm.Booster) -> list[tuple[str, float]]:
    """Each feature's share of the total gain, largest first, those that were used."""
    gains = booster.feature_importance("gain")
    total = float(gains.sum()) or 1.0
    shares = [(name, float(gain) / total) for name, gain in zip(NAMES, gains, strict=True) if gain]
    return sorted(shares, key=lambda share: -share[1])


def fit_common(examples: Examples, rows: Mask) -> Common:
    """What is common among the accounts of the chosen rows, each counted once."""
    once = rows & examples.at_registration
    return Common({fact: _shares(examples, fact, once) for fact in COMMON_COLUMNS})


def _shares(examples: Examples, fact: Fact, rows: Mask) -> dict[str, float]:
    known = examples.facts[fact]
    counts = Counter(known.codes[rows].tolist())
    counts.pop(-1, None)
    total = counts.total()
    return {
        str(known.values[code]): count / total
        for code, count in sorted(counts.items())
        if count >= LEAST_ACCOUNTS
    }
