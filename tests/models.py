"""A small model for tests of the stream: that it speaks matters, not what it says."""

from pathlib import Path

import lightgbm
import numpy as np

from ml.bundle import Bundle, publish
from ml.features.catalog import NAMES
from ml.features.feature import Common, Fact
from ml.neutral import Neutral
from ml.policy import Thresholds


def publish_small_model(
    models_dir: Path, version: str = "test-1", seed: int = 7, share: float = 0.5
) -> Bundle:
    """Train on random vectors and publish; features of every family take part.

    ``share`` is how common the usual values of all facts are said to be.
    """
    random = np.random.default_rng(seed)
    vectors = random.uniform(0, 30, size=(2_000, len(NAMES)))
    vectors[random.uniform(size=vectors.shape) < 0.2] = np.nan
    weights = random.normal(size=len(NAMES))
    labels = (np.nan_to_num(vectors) @ weights > 60).astype(float)
    data = lightgbm.Dataset(vectors, labels, params={"verbose": -1})
    booster = lightgbm.train(
        {"objective": "binary", "num_leaves": 15, "seed": seed, "verbose": -1, "num_threads": 1},
        data,
        num_boost_round=40,
    )
    bundle = Bundle(
        version=version,
        features=NAMES,
        common=Common({fact: dict.fromkeys(("title", "a.org", "1:911"), share) for fact in Fact}),
        thresholds=Thresholds(0.3, 0.6, 0.8),
        metrics={},
        training_digest="test",
        libraries={"lightgbm": lightgbm.__version__},
        model=booster.model_to_string(),
        neutral=Neutral({}),
    )
    publish(bundle, models_dir)
    return bundle
