"""How far the accounts that were scored last differ from those the running model learned from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from connectors.errors import BundleError, DependencyDown
from connectors.settings import Settings, required
from ml.bundle import CURRENT, linked_version, load
from ml.drift import LEAST_ACCOUNTS, Reference, feature_indices, stability_index
from ml.features.catalog import NAMES
from ml.policy import ALERTED
from stream_processors.monitor.samples import Sample, own
from warehouse.client import clickhouse_answers, reader
from warehouse.queries import query

ACCOUNTS = 2_000
"""Accounts whose newest scores are looked at."""

_WINDOW = 4 * ACCOUNTS
_PART = "model"


def drift_samples(reference: Reference, scorings: Sequence[Sequence[Any]]) -> list[Sample]:
    """What is measured of some accounts' newest scores; nothing where there are too few.

    Args:
        reference: of the bundle that made all of these scores.
        scorings: ``(features as JSON, score, level)`` of each account.
    """
    if len(scorings) < LEAST_ACCOUNTS:
        return []
    vectors = np.array([_vector(orjson.loads(features)) for features, _, _ in scorings])
    scores = np.array([score for _, score, _ in scorings], dtype=np.float64)
    alerted = sum(level in ALERTED for _, _, level in scorings) / len(scorings)
    indices = feature_indices(reference, vectors)
    return [
        *(own(_PART, "promo_drift_psi", index, feature=n) for n, index in indices.items()),
        own(_PART, "promo_score_psi", stability_index(reference.score, scores)),
        own(_PART, "promo_alert_rate", alerted),
        own(_PART, "promo_alert_rate_trained", reference.alert_rate),
    ]


class DriftWatch:
    """Looks at the newest scores of the running model; connects when first asked.

    Raises:
        SettingsError: the password is not set.
    """

    def __init__(self, settings: Settings) -> None:
        # Asked for only once there is a model: what is missing shall be said at the start.
        required(settings.clickhouse_api_password, "clickhouse_api_password")
        self._settings = settings
        self._client: Client | None = None
        self._known: tuple[str, Reference | None] | None = None

    def look(self) -> list[Sample]:
        """One measurement; blocks for a fraction of a second.

        Nothing while there is no model, or one without a reference, or too few accounts have
        been scored by it, or ClickHouse does not answer: its own probe tells that.
        """
        version = linked_version(self._settings.models_dir, CURRENT)
        reference = None if version is None else self._reference(version)
        if version is None or reference is None:
            return []
        try:
            return drift_samples(reference, self._newest(version))
        except (DependencyDown, ClickHouseError):
            self._client = None
            return []

    def _newest(self, version: str) -> Sequence[Sequence[Any]]:
        with clickhouse_answers():
            if self._client is None:
                self._client = reader(self._settings)
            asked = {"version": version, "window": _WINDOW, "accounts": ACCOUNTS}
            return self._client.query(query("newest_scorings"), parameters=asked).result_rows

    def _reference(self, version: str) -> Reference | None:
        if self._known is None or self._known[0] != version:
            try:
                self._known = version, load(self._settings.models_dir, version).reference
            except BundleError:
                # Whoever scores refuses it, and says so.
                return None
        return self._known[1]


def _vector(features: dict[str, float | None]) -> list[float]:
    values = [features.get(name) for name in NAMES]
    return [float("nan") if value is None else value for value in values]
