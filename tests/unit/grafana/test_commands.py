"""``python -m grafana``: writing files by settings."""

from pathlib import Path

import pytest
import yaml

from grafana.__main__ import main
from grafana.build import documents

WEBHOOK = "https://hooks.shop.example/T000"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("WEBHOOK_URL", "ALERT_EMAILS"):
        monkeypatch.delenv(f"PROMO_GRAFANA_{name}", raising=False)


def test_without_settings_the_files_are_the_generated_ones(tmp_path: Path) -> None:
    assert main(["provisioning", "--into", "out"]) == 0

    found = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_text()
        for path in (tmp_path / "out").rglob("*.*")
    }
    assert found == documents()


def test_files_follow_the_settings_and_hold_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMO_GRAFANA_WEBHOOK_URL", WEBHOOK)
    monkeypatch.setenv("PROMO_VALUE_CURRENCY", "EUR")
    monkeypatch.setenv("PROMO_RUNBOOK_URL", "https://wiki.shop.example/promo")

    main(["provisioning", "--into", "out"])

    texts = {path.name: path.read_text() for path in (tmp_path / "out").rglob("*.*")}
    points = yaml.safe_load(texts["contact-points.yaml"])["contactPoints"]
    assert points[0]["receivers"][0]["settings"]["url"] == "$PROMO_GRAFANA_WEBHOOK_URL"
    assert WEBHOOK not in "".join(texts.values())
    assert "https://wiki.shop.example/promo#promo-part-down" in texts["rules.yaml"]
    assert "currencyEUR" in texts["promo-overview.json"]


def test_a_command_that_there_is_not_ends_with_usage() -> None:
    with pytest.raises(SystemExit):
        main(["pull"])
