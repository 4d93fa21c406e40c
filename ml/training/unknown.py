"""Which facts a history tells too little about to learn from their absence. Deterministic."""

import numpy as np

from ml.features.catalog import NAMES
from ml.features.feature import Common
from ml.neutral import Neutral, Numbers, applicable, unknown
from ml.training.examples import Examples, Mask

LEAST_ACCOUNTS = 30
"""Labelled accounts that lack a fact below which lacking it means nothing yet. Of so many a share
of abusers is known to within about a tenth (the rule of three: Hanley & Lippman-Hand, 1983)."""

LEAST_SHARE = 0.001
"""And their share: LightGBM decides by a sample of 200,000 rows whether a column lacks values."""


def fit_neutral(examples: Examples, rows: Mask, common: Common) -> Neutral:
    """Neutral values of the features that hardly any labelled account of the chosen rows lacks.

    A neutral value is the lower median of all accounts', so one that somebody has: the most
    common one of a fact of two values, common for a share.

    Args:
        examples: all rows.
        rows: those of the training accounts, all rows of each.
        common: what is common among them.
    """
    once = rows & examples.newest
    vectors, taught = examples.vectors(common)[once], examples.labelled[once]
    lacking = unknown(vectors)[taught].sum(axis=0)
    enough = np.maximum(LEAST_ACCOUNTS, LEAST_SHARE * applicable(vectors)[taught].sum(axis=0))
    usual = {name: _usual(vectors[:, number]) for number, name in enumerate(NAMES)}
    return Neutral(
        {
            name: usual[name]
            for number, name in enumerate(NAMES)
            if lacking[number] < enough[number] and not np.isnan(usual[name])
        }
    )


def _usual(values: Numbers) -> float:
    """The lower median of what is known, NaN if nothing is."""
    known = values[~np.isnan(values)]
    return float(np.quantile(known, 0.5, method="lower")) if len(known) else float("nan")
