"""What the monitor says of the accounts that were scored last."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
from prometheus_client import generate_latest
from pydantic import SecretStr

from connectors.settings import Settings
from ml.bundle import publish
from ml.drift import LEAST_ACCOUNTS, LITTLE, MUCH, Reference, distribution
from ml.features.catalog import NAMES
from stream_processors.monitor.drift import DriftWatch, drift_samples
from stream_processors.monitor.exposition import Exposition, Kind
from stream_processors.monitor.samples import Sample, own
from tests.unit.ml.bundles import bundle

AGE = NAMES.index("age_years")
DICE = np.random.default_rng(8)
AGES = DICE.normal(40, 10, 5_000)
REFERENCE = Reference(
    features={
        name: distribution(AGES if name == "age_years" else np.zeros(5_000)) for name in NAMES
    },
    score=distribution(DICE.beta(1, 9, 5_000)),
    alert_rate=0.02,
)


def scorings(count: int, years_older: float = 0.0) -> list[tuple[str, float, str]]:
    """Rows as ClickHouse answers; every tenth is alerted."""
    return [
        (
            orjson.dumps(
                {
                    name: float(AGES[n]) + years_older if name == "age_years" else 0.0
                    for name in NAMES
                    if name != "phone_verified"
                }
                | {"phone_verified": None}
            ).decode(),
            float(DICE.beta(1, 9)),
            "high" if n % 10 == 0 else "low",
        )
        for n in range(count)
    ]


def by_name(samples: Sequence[Sample]) -> dict[tuple[str, str], float]:
    return {
        (sample.metric, dict(sample.labels).get("feature", "")): sample.value for sample in samples
    }


def test_accounts_like_those_at_the_training_do_not_drift() -> None:
    found = by_name(drift_samples(REFERENCE, scorings(2_000)))

    assert found["promo_drift_psi", "age_years"] < LITTLE
    assert found["promo_score_psi", ""] < LITTLE
    assert found["promo_alert_rate", ""] == pytest.approx(0.1)
    assert found["promo_alert_rate_trained", ""] == pytest.approx(0.02)


def test_the_feature_that_changed_is_named() -> None:
    found = by_name(drift_samples(REFERENCE, scorings(2_000, years_older=20)))

    assert found["promo_drift_psi", "age_years"] > MUCH
    assert found["promo_drift_psi", "signup_hour"] < LITTLE


def test_too_few_accounts_say_nothing() -> None:
    assert drift_samples(REFERENCE, scorings(LEAST_ACCOUNTS - 1)) == []
    assert drift_samples(REFERENCE, scorings(LEAST_ACCOUNTS)) != []


@pytest.mark.parametrize("reference", [None, REFERENCE])
def test_without_a_reference_or_a_warehouse_there_is_no_sample(
    tmp_path: Path, reference: Reference | None
) -> None:
    settings = Settings(
        _env_file=None,
        state_dir=tmp_path,
        clickhouse_port=1,
        clickhouse_api_password=SecretStr("any"),
    )
    watch = DriftWatch(settings)
    assert watch.look() == []

    publish(replace(bundle(), reference=reference), settings.models_dir)
    assert watch.look() == []


def test_drift_stays_shown_between_the_rounds_of_the_parts() -> None:
    exposition = Exposition()
    drift = own("model", "promo_drift_psi", 0.3, feature="age_years")
    exposition.show([drift, own("model", "promo_score_psi", 0.1)], Kind.DRIFT)
    exposition.show([own("redis", "promo_part_up", 1.0)])
    shown = generate_latest(exposition.registry).decode()

    assert 'promo_drift_psi{feature="age_years"} 0.3' in shown
    assert "promo_score_psi 0.1" in shown
    assert 'promo_part_up{part="redis"} 1.0' in shown
    exposition.show([], Kind.DRIFT)
    assert "age_years" not in generate_latest(exposition.registry).decode()
