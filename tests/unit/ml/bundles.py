"""A small model for tests of the core: a phone number written oddly is suspicious."""

import numpy as np

from ml.bundle import Bundle
from ml.features.catalog import NAMES
from ml.features.feature import COMMON_FROM, Common, Fact
from ml.lean_lightgbm import lightgbm
from ml.neutral import Neutral
from ml.policy import Thresholds

PHONE = NAMES.index("phone_shape_share")


def bundle(version: str = "20261123T081500-000001", features: tuple[str, ...] = NAMES) -> Bundle:
    """A bundle whose model was fitted on two kinds of account."""
    vectors = np.full((400, len(NAMES)), np.nan)
    odd = np.arange(400) < 40
    vectors[:, PHONE] = np.where(odd, 0.0, COMMON_FROM)
    parameters = {"objective": "binary", "verbosity": -1, "num_threads": 1, "deterministic": True}
    data = lightgbm.Dataset(vectors, odd.astype(float), params=parameters)
    booster = lightgbm.train(parameters, data, 60)
    return Bundle(
        version=version,
        features=features,
        common=Common({Fact.PHONE_SHAPE: {"1:911": 0.9}}),
        thresholds=Thresholds(0.1, 0.3, 0.5),
        metrics={"average_precision": 0.5},
        training_digest="d" * 32,
        libraries={"lightgbm": lightgbm.__version__},
        model=booster.model_to_string(),
        neutral=Neutral({NAMES[PHONE]: COMMON_FROM}),
    )
