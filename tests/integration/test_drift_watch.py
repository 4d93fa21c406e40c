"""The monitor's measurement of drift on a real warehouse."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import orjson
import pytest

from connectors.moments import iso
from ml.bundle import publish
from ml.drift import LITTLE, MUCH, Reference, distribution
from ml.features.catalog import NAMES
from stream_processors.monitor.drift import ACCOUNTS, DriftWatch
from tests.integration.gateway_process import GatewayProcess
from tests.unit.ml.bundles import bundle
from warehouse.client import writer
from warehouse.migrate import migrate
from warehouse.rows import Row, Table
from warehouse.writer import Writer

RUNNING = "20261123T081500-000001"
AGES = np.random.default_rng(3).normal(40, 10, 5_000)


@pytest.fixture
def warehouse(own_gateway: GatewayProcess) -> GatewayProcess:
    migrate(own_gateway.settings)
    ages, constant = distribution(AGES), distribution(np.full(5_000, 0.1))
    features = {name: ages if name == "age_years" else constant for name in NAMES}
    published = replace(bundle(RUNNING), reference=Reference(features, constant, 0.0))
    publish(published, own_gateway.settings.models_dir)
    return own_gateway


def scored(
    accounts: Sequence[int], revision: int, years_older: float = 0, model: str = RUNNING
) -> list[Row]:
    """Scores of accounts by number; the revision grows with the number."""
    return [
        Row(
            Table.RISK_SCORES,
            {
                "user_id": f"u{n}",
                "event_id": f"00000000-0000-0000-{revision % 10_000:04}-{n:012}",
                "revision": revision + n,
                "score": 0.1,
                "level": "low",
                "action": "allow",
                "reasons": "[]",
                "reason_codes": [],
                "model_version": model,
                "features": orjson.dumps(
                    {
                        name: float(AGES[n]) + years_older if name == "age_years" else 0.1
                        for name in NAMES
                    }
                ).decode(),
                "trigger": "registration",
                "event_time": iso(revision),
                "scored_at": iso(revision),
            },
        )
        for n in accounts
    ]


def insert(gateway: GatewayProcess, rows: list[Row]) -> None:
    async def write() -> None:
        to = Writer(gateway.settings)
        await to.insert(rows)
        await to.close()

    asyncio.run(write())


def drift_of_age(watch: DriftWatch) -> float | None:
    found = [s.value for s in watch.look() if ("feature", "age_years") in s.labels]
    return found[0] if found else None


def test_only_the_newest_scores_of_the_running_model_count_each_account_once(
    warehouse: GatewayProcess,
) -> None:
    watch = DriftWatch(warehouse.settings)
    assert watch.look() == []

    insert(warehouse, scored(range(100), 1_000))
    insert(warehouse, scored(range(100), 1_000))
    assert watch.look() == [], "one hundred accounts are too few, however often they came"

    insert(warehouse, scored(range(ACCOUNTS), 10_000))
    insert(warehouse, scored(range(ACCOUNTS), 50_000, years_older=30, model="another"))
    usual = drift_of_age(watch)
    assert usual is not None
    assert usual < LITTLE

    insert(warehouse, scored(range(ACCOUNTS), 90_000, years_older=30))
    moved = drift_of_age(watch)
    assert moved is not None
    assert moved > MUCH


def test_a_warehouse_that_was_away_is_asked_again(warehouse: GatewayProcess) -> None:
    insert(warehouse, scored(range(500), 10_000))
    watch = DriftWatch(warehouse.settings)
    assert drift_of_age(watch) is not None

    warehouse.stop()
    assert watch.look() == []
    warehouse.start()
    assert drift_of_age(watch) is not None


def test_a_million_scorings_are_asked_within_two_seconds(
    warehouse: GatewayProcess,
) -> None:
    with writer(warehouse.settings) as client:
        client.command(
            "INSERT INTO risk_scores (user_id, event_id, revision, score, level, action, reasons,"
            " reason_codes, model_version, features, trigger, event_time, scored_at)"
            " SELECT toString(number % 300000), generateUUIDv4(), number, 0.1, 'low', 'allow',"
            f" '[]', [], '{RUNNING}', '{{}}', 'registration', now(), now() FROM numbers(1000000)"
        )
    watch = DriftWatch(warehouse.settings)
    watch.look()
    started = time.monotonic()
    samples = watch.look()

    assert time.monotonic() - started < 2
    assert [s.value for s in samples if s.metric == "promo_alert_rate"] == [0.0]
