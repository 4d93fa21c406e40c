"""A model bundle: everything that scoring needs of a trained model, in one folder.

::

    models/<version>/model.txt     LightGBM's native text model
    models/<version>/bundle.json   the rest of :class:`Bundle`
    models/current                 a link to the running version, replaced atomically
    models/challenger              a link to the version that is tried in shadow, if any
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from connectors.errors import BundleError
from ml.calibration import UNCHANGED, Calibration
from ml.drift import Distribution, Reference
from ml.features.catalog import NAMES
from ml.features.feature import Common, Fact
from ml.neutral import Neutral
from ml.policy import Thresholds

CURRENT = "current"
"""The link to the bundle whose verdicts count."""

CHALLENGER = "challenger"
"""The link to a bundle that is tried in shadow; it need not exist."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What ``make train`` publishes.

    Attributes:
        version: unique and sortable, e.g. ``20261123T081500-1f3a9c``.
        features: names of the vector's columns, in order.
        common: frozen shares of what is common in the shop.
        thresholds: calibrated probabilities at which the levels begin.
        metrics: what the evaluation measured, for people.
        training_digest: digest of the training data.
        libraries: versions that the model was made with.
        model: LightGBM's native text.
        calibration: what makes the model's numbers probabilities.
        reference: what drift is measured against; None if the bundle is older than that.
        trained_until_us: the newest sign-up among its labelled accounts; whoever signed up
            later cannot have taught it. None if the bundle is older than that.
        neutral: what the model is told in place of unknown facts; None if the bundle is older
            than that, which no longer judges.
    """

    version: str
    features: tuple[str, ...]
    common: Common
    thresholds: Thresholds
    metrics: Mapping[str, Any]
    training_digest: str
    libraries: Mapping[str, str]
    model: str
    calibration: Calibration = UNCHANGED
    reference: Reference | None = None
    trained_until_us: int | None = None
    neutral: Neutral | None = None


class Model:
    """A loaded bundle: probabilities and their explanations."""

    def __init__(self, bundle: Bundle) -> None:
        """Load the booster.

        Raises:
            BundleError: the bundle was made for other features, or before unknown facts were
                neutral, or its model is damaged.
        """
        if bundle.features != NAMES:
            differing = sorted(set(bundle.features) ^ set(NAMES)) or ["their order"]
            raise BundleError(
                f"bundle {bundle.version} was made for other features"
                f" ({', '.join(differing)}): run `make train`"
            )
        if bundle.neutral is None:
            raise BundleError(
                f"bundle {bundle.version} was made for other features"
                " (unknown facts are not neutral to it): run `make train`"
            )
        # Here, because most who read bundles do not score, and it takes 50 MB.
        from ml.lean_lightgbm import lightgbm

        self.bundle, self._neutral = bundle, bundle.neutral
        try:
            self._booster = lightgbm.Booster(model_str=bundle.model)
        except lightgbm.basic.LightGBMError as error:
            raise BundleError(
                f"the model of bundle {bundle.version} is damaged: {error}"
            ) from error

    def probabilities(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probability of abuse, shape ``(n,)``, of vectors ``(n, features)``.

        Unknown facts are NaN there; the bundle's neutral values stand for them.
        """
        told = self._neutral.filled(vectors)
        believed = np.asarray(self._booster.predict(told, num_threads=1), dtype=np.float64)
        return self.bundle.calibration.calibrated(believed)

    def contributions(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each feature's share of one vector's log-odds (SHAP values), shape ``(features,)``.

        Before calibration, which moves the log-odds but not the features' part in them. A fact
        for which a neutral value stands has no share: nobody is suspected for what is unknown.
        About 1.4 ms: meant for what is alerted, not for every score.
        """
        vectors = vector.reshape(1, -1)
        told = self._neutral.filled(vectors)
        rows = self._booster.predict(told, pred_contrib=True, num_threads=1)
        shares = np.asarray(rows, dtype=np.float64)[0, :-1]
        shares[self._neutral.stands(vectors)[0]] = 0.0
        return shares


def publish(bundle: Bundle, models_dir: Path) -> Path:
    """Write a bundle and make it current; a reader sees the old one or the new one, whole.

    Returns:
        The bundle's folder.
    """
    folder = write(bundle, models_dir)
    point(models_dir, CURRENT, bundle.version)
    return folder


def write(bundle: Bundle, models_dir: Path) -> Path:
    """Write a bundle, whole or not at all, without giving it a part to play.

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
    return folder


def point(models_dir: Path, link: str, version: str | None) -> None:
    """Make a link point to another version, atomically; None takes the link away."""
    fresh = models_dir / f".{link}-{version}"
    if version is None:
        (models_dir / link).unlink(missing_ok=True)
        return
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(version)
    fresh.replace(models_dir / link)


def current_version(models_dir: Path) -> str | None:
    """The running version's name, None before the first training."""
    return linked_version(models_dir, CURRENT)


def linked_version(models_dir: Path, link: str) -> str | None:
    """The version that a link points to, None if there is no such link. One readlink."""
    try:
        return os.readlink(models_dir / link)
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
            calibration=Calibration(**described.get("calibration", {})),
            reference=_reference(described.get("reference")),
            trained_until_us=described.get("trained_until_us"),
            neutral=_neutral(described.get("neutral")),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"bundle {folder} is missing or damaged: {error}") from error


def _described(bundle: Bundle) -> dict[str, Any]:
    return {
        "version": bundle.version,
        "features": list(bundle.features),
        "common": {fact.value: dict(shares) for fact, shares in bundle.common.shares.items()},
        "thresholds": asdict(bundle.thresholds),
        "calibration": asdict(bundle.calibration),
        "trained_until_us": bundle.trained_until_us,
        "neutral": None if bundle.neutral is None else dict(bundle.neutral.values),
        "metrics": dict(bundle.metrics),
        "training_digest": bundle.training_digest,
        "libraries": dict(bundle.libraries),
        "reference": None if bundle.reference is None else asdict(bundle.reference),
    }


def _reference(described: Mapping[str, Any] | None) -> Reference | None:
    if described is None:
        return None
    features = {name: _distribution(one) for name, one in described["features"].items()}
    return Reference(features, _distribution(described["score"]), float(described["alert_rate"]))


def _neutral(described: Mapping[str, float] | None) -> Neutral | None:
    return None if described is None else Neutral(dict(described))


def _distribution(described: Mapping[str, Any]) -> Distribution:
    return Distribution(tuple(described["edges"]), tuple(described["shares"]))


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
