"""The demo on the Noaat data: what its summary and a REST look-up say is exactly true."""

import csv
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.drain import wait_drained
from connectors.load import load
from connectors.loading.summary import LoadSummary
from connectors.loading.told import told
from connectors.loading.values import Reason
from connectors.settings import Settings
from connectors.telling import tell
from ml.bundle import Bundle
from ml.training.train import train
from stream_processors.rescore_all import rescore_all
from tests.conftest import running_stack, stack_settings
from tests.truth import (
    assert_exact,
    risks_in_redis,
    rows_in_clickhouse,
    rows_in_postgres,
)
from warehouse.client import reader
from warehouse.queries import query

NOAAT = Settings().noaat_dir.absolute()
pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        not NOAAT.is_dir(),
        reason=f"the Noaat data is not at {NOAAT}: PROMO_NOAAT_DIR names its folder",
    ),
]
ODD_PHONE = "model.phone_shape_share"
FAST = "model.seconds_to_first_redemption"


class Demo:
    """A stack on which the demo was run, and what its steps reported."""

    def __init__(self, settings: Settings, loaded: LoadSummary, bundle: Bundle) -> None:
        self.settings = settings
        self.loaded = loaded
        self.bundle = bundle
        self.risks = risks_in_redis(settings)

    def risk_by_rest(self, user_id: str) -> dict[str, Any]:
        key = self.settings.api_key_file.read_text().strip()
        response = httpx.get(
            f"http://127.0.0.1:{self.settings.api_port}/v1/users/{user_id}/risk",
            headers={"X-API-Key": key},
        )
        response.raise_for_status()
        return dict(response.json())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_stack(stack_settings(tmp_path_factory.mktemp("noaat"))) as settings:
        loaded = load(settings, NOAAT)
        tell(settings, told(loaded, NOAAT, time.time_ns() // 1_000))
        wait_drained(settings, loaded.lsn)
        bundle = train(settings)
        rescore_all(settings)
        yield Demo(settings, loaded, bundle)


@pytest.fixture(scope="module")
def users() -> list[dict[str, str]]:
    with (NOAAT / "users.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_line_of_the_files_is_accounted_for(demo: Demo) -> None:
    for counts in demo.loaded.files:
        with (NOAAT / counts.table.file).open(newline="") as file:
            lines = sum(1 for _ in csv.DictReader(file))
        rejected = sum(counts.rejected.values())
        assert counts.accepted + counts.duplicates + rejected == lines


def test_rows_are_the_same_in_postgres_the_loader_and_clickhouse(demo: Demo) -> None:
    accepted = {Path(counts.table.file).stem: counts.accepted for counts in demo.loaded.files}
    assert rows_in_postgres(demo.settings) == accepted
    assert rows_in_clickhouse(demo.settings) == accepted


def test_the_audit_log_has_the_counts_of_the_load_and_the_codes_in_conflict(demo: Demo) -> None:
    found = reader(demo.settings).query(
        "SELECT subject, actor, detail FROM audit_log FINAL WHERE action = 'load'"
    )
    ((subject, actor, detail),) = found.result_rows
    assert (subject, actor) == (NOAAT.name, "operator")
    told_of = orjson.loads(detail)
    assert told_of["codes_in_conflict"] == 51
    assert told_of["files"]["promo_codes.csv"]["rejected"] == {Reason.CONFLICT: 53}
    assert {name: counts["accepted"] for name, counts in told_of["files"].items()} == {
        counts.table.file: counts.accepted for counts in demo.loaded.files
    }


def test_every_alert_and_every_stored_row_is_timed(demo: Demo) -> None:
    scoring = samples(demo.settings.scoring_metrics_port(0))
    assert scoring["promo_commit_to_alert_seconds_count"] == scoring["promo_alerts_total"] > 0
    stored = rows_in_clickhouse(demo.settings)
    timed = samples(demo.settings.metrics_port, by="table")
    for table, rows in stored.items():
        assert timed[f"promo_commit_to_stored_seconds_count {table}"] >= rows
    assert timed["promo_commit_to_stored_seconds_count abuse_alerts"] > 0


def samples(port: int, by: str | None = None) -> Counter[str]:
    """What a worker shows, summed over all labels but one."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = f"{sample.name} {sample.labels.get(by)}" if by else sample.name
            found[name] += sample.value  # type: ignore[assignment]
    return found


def test_every_account_has_one_latest_risk_the_same_in_all_places(demo: Demo) -> None:
    assert_exact(demo.settings)
    assert {risk["model_version"] for risk in demo.risks.values()} == {demo.bundle.version}


def test_redemptions_without_an_account_are_stored_unscored_and_reported(demo: Demo) -> None:
    stored = reader(demo.settings).query(query("what_is_stored"))
    counts = dict(zip(stored.column_names, stored.result_rows[0], strict=True))
    assert counts["redemptions_without_account"] == 899
    assert counts["scored_accounts"] == counts["registrations"] == len(demo.risks)


def test_a_known_abuser_is_high_by_rest_with_reasons_that_name_the_facts(
    demo: Demo, users: list[dict[str, str]]
) -> None:
    abusers = {u["user_id"] for u in users if u["is_abuser"] == "TRUE"}
    odd_phone = next(u for u in users if u["user_id"] in abusers and "x" in u["phone"])
    risk = demo.risk_by_rest(odd_phone["user_id"])
    assert risk["level"] in ("high", "critical")
    assert ODD_PHONE in [reason["code"] for reason in risk["reasons"]]

    fast = [
        u
        for u in abusers
        if (demo.risks[u]["features"]["seconds_to_first_redemption"] or 1e9) < 900
    ]
    assert len(fast) == 41
    risk = demo.risk_by_rest(fast[0])
    assert risk["level"] in ("high", "critical")
    codes = [reason["code"] for reason in risk["reasons"]]
    assert FAST in codes
    assert "rule.fast_redemption" in codes


def test_a_clean_account_is_low_by_rest(demo: Demo, users: list[dict[str, str]]) -> None:
    clean = next(u for u in users if u["is_abuser"] == "FALSE")
    risk = demo.risk_by_rest(clean["user_id"])
    assert (risk["level"], risk["action"]) == ("low", "allow")
    assert risk["score"] < 0.1


def test_alerts_find_abusers_and_few_others(demo: Demo, users: list[dict[str, str]]) -> None:
    abusers = {u["user_id"] for u in users if u["is_abuser"] == "TRUE"}
    alerted = {u for u, risk in demo.risks.items() if risk["level"] in ("high", "critical")}
    assert len(alerted & abusers) >= 130
    assert len(alerted - abusers) <= 0.1 * len(alerted)
