"""A model bundle: everything that scoring needs of a trained model, in one folder.

::

    models/<version>/model.txt     LightGBM's native text model
    models/<version>/bundle.json   the rest of :class:`Bundle`
    models/current                 a link to the running version, replaced atomically
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from connectors.errors import BundleError
from ml.features.catalog import NAMES
from ml.features.feature import Common, Fact
from ml.lean_lightgbm import lightgbm
from ml.policy import Thresholds

CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What ``make train`` publishes.

    Attributes:
        version: unique and sortable, e.g. ``20261123T081500-1f3a9c``.
        features: names of the vector's columns, in order.
        common: frozen shares of what is common in the shop.
        thresholds: probabilities at which the levels begin.
        metrics: what the evaluation measured, for people.
        training_digest: digest of the training data.
        libraries: versions that the model was made with.
        model: LightGBM's native text.
    """

    version: str
    features: tuple[str, ...]
    common: Common
    thresholds: Thresholds
    metrics: Mapping[str, Any]
    training_digest: str
    libraries: Mapping[str, str]
    model: str


class Model:
    """A loaded bundle: probabilities and their explanations."""

    def __init__(self, bundle: Bundle) -> None:
        """Load the booster.

        Raises:
            BundleError: the bundle was made for other features, or its model is damaged.
        """
        if bundle.features != NAMES:
            differing = sorted(set(bundle.features) ^ set(NAMES)) or ["their order"]
            raise BundleError(
                f"bundle {bundle.version} was made for other features"
                f" ({', '.join(differing)}): run `make train`"
            )
        self.bundle = bundle
        try:
            self._booster = lightgbm.Booster(model_str=bundle.model)
        except lightgbm.basic.LightGBMError as error:
            raise BundleError(
                f"the model of bundle {bundle.version} is damaged: {error}"
            ) from error

    def probabilities(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of abuse for each row, shape ``(n,)``, of vectors ``(n, features)``."""
        return np.asarray(self._booster.predict(vectors, num_threads=1), dtype=np.float64)

    def contributions(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each feature's share of one vector's log-odds (SHAP values), shape ``(features,)``.

        About 1.4 ms: meant for what is alerted, not for every score.
        """
        rows = self._booster.predict(vector.reshape(1, -1), pred_contrib=True, num_threads=1)
        return np.asarray(rows, dtype=np.float64)[0, :-1]


def publish(bundle: Bundle, models_dir: Path) -> Path:
    """Write a bundle and make it current; a reader sees the old one or the new one, whole.

    Returns:
        The bundle's folder.
    """
    models_dir.mkdir(parents=True, exist_ok=True)
    folder = models_dir / bundle.version
    with tempfile.TemporaryDirectory(dir=models_dir, prefix=".new-") as scratch:
        staged = Path(scratch) / "bundle"
        staged.mkdir(mode=0o755)
        _write(staged / "model.txt", bundle.model.encode())
        _write(staged / "bundle.json", orjson.dumps(_described(bundle), option=orjson.OPT_INDENT_2))
        staged.rename(folder)
    _point(models_dir / CURRENT, bundle.version)
    return folder


def current_version(models_dir: Path) -> str | None:
    """The running version's name, None before the first training. Microseconds: one readlink."""
    try:
        return os.readlink(models_dir / CURRENT)
    except FileNotFoundError:
        return None


def load(models_dir: Path, version: str) -> Bundle:
    """Read one bundle.

    Raises:
        BundleError: it is missing or damaged.
    """
    folder = models_dir / version
    try:
        described = orjson.loads((folder / "bundle.json").read_bytes())
        return Bundle(
            version=described["version"],
            features=tuple(described["features"]),
            common=Common({Fact(fact): shares for fact, shares in described["common"].items()}),
            thresholds=Thresholds(**described["thresholds"]),
            metrics=described["metrics"],
            training_digest=described["training_digest"],
            libraries=described["libraries"],
            model=(folder / "model.txt").read_text(),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"bundle {folder} is missing or damaged: {error}") from error


def _described(bundle: Bundle) -> dict[str, Any]:
    return {
        "version": bundle.version,
        "features": list(bundle.features),
        "common": {fact.value: dict(shares) for fact, shares in bundle.common.shares.items()},
        "thresholds": {
            "medium": bundle.thresholds.medium,
            "high": bundle.thresholds.high,
            "critical": bundle.thresholds.critical,
        },
        "metrics": dict(bundle.metrics),
        "training_digest": bundle.training_digest,
        "libraries": dict(bundle.libraries),
    }


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _point(link: Path, version: str) -> None:
    fresh = link.with_name(f".{link.name}-{version}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(version)
    fresh.replace(link)
