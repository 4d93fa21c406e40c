"""Pushing dashboards, datasource and alerts: to a stand-in, and to a real Grafana if there is one.

Set ``PROMO_GRAFANA_URL`` and ``PROMO_GRAFANA_TOKEN`` for the latter; it keeps what is pushed.
"""

import copy
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.columns import microseconds
from connectors.errors import GrafanaError, SettingsError
from connectors.settings import Settings
from grafana.__main__ import main
from grafana.alerts import all_rules
from grafana.build import boards
from grafana.push.report import Done, Outcome
from grafana.push.run import Wish, push
from tests.conftest import free_ports
from tests.integration.gateway_process import GatewayProcess
from tests.integration.grafana_stand_in import ADMIN, PLUGIN, VIEWER, Grafana, running
from tests.unit.connectors.envelopes import profiled
from tests.unit.ml.builders import redeemed, registered
from tests.warehouse_filling import insert
from warehouse.migrate import migrate
from warehouse.rows import source_row

REAL_URL, REAL_TOKEN = os.environ.get("PROMO_GRAFANA_URL"), os.environ.get("PROMO_GRAFANA_TOKEN")
needs_grafana = pytest.mark.skipif(
    not (REAL_URL and REAL_TOKEN),
    reason="no real Grafana: PROMO_GRAFANA_URL and PROMO_GRAFANA_TOKEN are not set",
)
PASSWORD = "the reader's password"
WEBHOOK = "https://hooks.shop.example/T000"


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    """An empty Grafana."""
    with running(Grafana()) as server:
        yield server


def settings_of(token: str = ADMIN, **more: Any) -> Settings:
    """Settings under which no ClickHouse answers."""
    chosen: dict[str, Any] = {
        "grafana_token": SecretStr(token),
        "clickhouse_port": free_ports(1)[0],
        "clickhouse_reader_password": SecretStr(PASSWORD),
        "grafana_webhook_url": SecretStr(WEBHOOK),
        "grafana_alert_emails": "desk@shop.example, ops@shop.example",
        **more,
    }
    return Settings(_env_file=None, **chosen)


def pushed(
    grafana: Grafana, settings: Settings | None = None, lines: list[str] | None = None, **more: Any
) -> Sequence[Done]:
    said: list[str] = [] if lines is None else lines
    return push(Wish(grafana.url, **more), settings or settings_of(), said.append)


def outcomes(done: Sequence[Done]) -> set[Outcome]:
    return {one.outcome for one in done}


def failed(done: Sequence[Done]) -> dict[str, str]:
    return {one.name: one.reason for one in done if one.outcome is Outcome.FAILED}


def test_a_push_creates_everything(grafana: Grafana) -> None:
    done = pushed(grafana)

    assert outcomes(done) == {Outcome.CREATED}
    assert set(grafana.folders) == {"promo-sentinel"}
    assert set(grafana.dashboards) == set(boards())
    assert set(grafana.rules) == {rule.uid for rule in all_rules()}
    assert set(grafana.points) == {"promo-sentinel-webhook", "promo-sentinel-email"}
    assert len(done) == len(boards()) + len(all_rules()) + 4


def test_the_datasource_is_the_read_only_users(grafana: Grafana) -> None:
    settings = settings_of()
    pushed(grafana, settings)

    source = grafana.datasources["clickhouse"]
    assert source["type"] == PLUGIN
    assert source["jsonData"] == {
        "host": "127.0.0.1",
        "port": settings.clickhouse_port,
        "protocol": "http",
        "username": "promo_reader",
        "defaultDatabase": "promo",
        "queryTimeout": "30",
    }
    assert grafana.passwords == [PASSWORD]


def test_grafana_may_find_clickhouse_elsewhere(grafana: Grafana) -> None:
    pushed(grafana, datasource_host="clickhouse.internal:8123")

    data = grafana.datasources["clickhouse"]["jsonData"]
    assert (data["host"], data["port"]) == ("clickhouse.internal", 8123)


def test_alerts_go_to_those_who_are_named_and_stay_editable(grafana: Grafana) -> None:
    pushed(grafana)

    settings = {uid: point["settings"] for uid, point in grafana.points.items()}
    assert settings["promo-sentinel-webhook"]["url"] == WEBHOOK
    emails = settings["promo-sentinel-email"]["addresses"]
    assert emails == "desk@shop.example,ops@shop.example"
    for rule in grafana.rules.values():
        assert rule["notification_settings"] == {"receiver": "Promo Sentinel"}
        assert rule["folderUID"] == "promo-sentinel"
    assert not any(
        "provenance" in held for held in (*grafana.rules.values(), *grafana.points.values())
    )


def test_a_second_push_of_the_same_settings_writes_nothing(grafana: Grafana) -> None:
    settings = settings_of()
    pushed(grafana, settings)
    grafana.writes.clear()

    assert outcomes(pushed(grafana, settings)) == {Outcome.UNCHANGED}
    assert grafana.writes == []


def test_a_dry_run_asks_and_writes_nothing(grafana: Grafana) -> None:
    lines: list[str] = []

    done = pushed(grafana, lines=lines, dry_run=True)

    assert outcomes(done) == {Outcome.CREATED}
    assert grafana.writes == []
    assert any("would be created" in line for line in lines)


def test_what_was_changed_by_hand_is_set_back(grafana: Grafana) -> None:
    settings = settings_of()
    pushed(grafana, settings)
    board = grafana.dashboards["abuse-desk"]["dashboard"]
    board["panels"][0]["title"] = "Mine"
    grafana.dashboards["user"]["dashboard"]["panels"].pop()
    grafana.dashboards["promo-overview"]["meta"]["folderUid"] = "elsewhere"
    grafana.rules["promo-part-down"]["for"] = "1h"
    grafana.points["promo-sentinel-email"]["settings"]["addresses"] = "nobody@shop.example"
    grafana.datasources["clickhouse"]["jsonData"]["username"] = "promo"

    done = pushed(grafana, settings)

    changed = {one.name for one in done if one.outcome is Outcome.CHANGED}
    assert changed == {
        "abuse-desk", "user", "promo-overview", "promo-part-down", "promo-sentinel-email",
        "clickhouse",
    }  # fmt: skip
    assert grafana.dashboards["abuse-desk"]["dashboard"]["version"] == 2
    assert outcomes(pushed(grafana, settings)) == {Outcome.UNCHANGED}


def test_what_grafana_adds_itself_is_no_difference(grafana: Grafana) -> None:
    settings = settings_of()
    pushed(grafana, settings)
    for held in grafana.dashboards.values():
        held["dashboard"]["schemaVersion"] = 42
        held["dashboard"]["preload"] = False
        held["dashboard"]["panels"][0]["pluginVersion"] = "13.1.0"
    grafana.points["promo-sentinel-webhook"]["settings"]["url"] = "[REDACTED]"

    assert outcomes(pushed(grafana, settings)) == {Outcome.UNCHANGED}


@pytest.mark.parametrize(
    ("still", "ways"),
    [
        ({}, set()),
        ({"grafana_alert_emails": "desk@shop.example"}, {"promo-sentinel-email"}),
    ],
)
def test_who_is_named_no_more_is_told_no_more(
    grafana: Grafana, still: dict[str, Any], ways: set[str]
) -> None:
    pushed(grafana)
    grafana.points["mine"] = {"uid": "mine", "name": "Promo Sentinel", "type": "slack"}
    grafana.points["other"] = {"uid": "other", "name": "Others", "type": "email"}
    fewer = settings_of(**{"grafana_webhook_url": None, "grafana_alert_emails": "", **still})

    done = pushed(grafana, fewer)

    assert set(grafana.points) == ways | {"mine", "other"}
    removed = {one.name for one in done if one.outcome is Outcome.REMOVED}
    assert removed == {"promo-sentinel-webhook", "promo-sentinel-email"} - ways
    named = [rule["notification_settings"] for rule in grafana.rules.values()]
    assert all(bool(one) == bool(ways) for one in named)


def test_an_admins_own_datasource_stays_as_it_is(grafana: Grafana) -> None:
    done = pushed(grafana, datasource=False, alerts=False)

    assert grafana.datasources == {}
    assert grafana.rules == {}
    assert {one.kind for one in done} == {"folder", "dashboard"}


def test_money_has_the_shops_currency(grafana: Grafana) -> None:
    pushed(grafana, settings_of(value_currency="EUR"))

    held = json.dumps(grafana.dashboards)
    assert "currencyEUR" in held
    assert "currencyUSD" not in held


def test_a_grafana_below_a_path_is_found(grafana: Grafana) -> None:
    done = push(Wish(f"{grafana.url}/grafana"), settings_of(), lambda _: None)

    assert outcomes(done) == {Outcome.CREATED}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "11.5.2"}, "Grafana 11.5.2: the dashboards need 11.6 or newer"),
        ({"plugins": {}}, f"grafana cli plugins install {PLUGIN}"),
        ({"plugins": {PLUGIN: "3.9.1"}}, "3.9.1 is older than 4.0"),
    ],
)
def test_a_grafana_that_is_not_ready_is_told_from_one_that_is(
    grafana: Grafana, change: dict[str, Any], said: str
) -> None:
    for name, value in change.items():
        setattr(grafana, name, value)

    with pytest.raises(GrafanaError) as refused:
        pushed(grafana)

    assert said in str(refused.value)
    assert grafana.writes == []


@pytest.mark.parametrize("version", ["11.6.0", "12.4.11", "13.2.3", "11.6.0+security-01", ""])
def test_newer_versions_and_hidden_ones_are_taken(grafana: Grafana, version: str) -> None:
    grafana.version = version

    assert outcomes(pushed(grafana, dry_run=True)) == {Outcome.CREATED}


def test_a_wrong_token_is_told(grafana: Grafana) -> None:
    with pytest.raises(GrafanaError, match="does not know the token in PROMO_GRAFANA_TOKEN"):
        pushed(grafana, settings_of("glsa_old"))


def test_a_token_that_may_only_read_is_told_which_role_it_needs(grafana: Grafana) -> None:
    reasons = failed(pushed(grafana, settings_of(VIEWER)))

    assert len(reasons) == len(boards()) + len(all_rules()) + 4
    assert all("role Admin" in reason for reason in reasons.values())


def test_a_webhook_that_is_no_address_is_refused_and_not_repeated(grafana: Grafana) -> None:
    with pytest.raises(SettingsError, match="PROMO_GRAFANA_WEBHOOK_URL") as refused:
        pushed(grafana, settings_of(grafana_webhook_url=SecretStr("k3y")))

    assert "k3y" not in str(refused.value)
    assert grafana.writes == []


def test_without_a_token_nothing_is_asked(grafana: Grafana) -> None:
    with pytest.raises(SettingsError, match="PROMO_GRAFANA_TOKEN"):
        pushed(grafana, settings_of(grafana_token=None))


def test_a_server_that_is_no_grafana_is_told(gateway: GatewayProcess) -> None:
    with pytest.raises(GrafanaError, match="is no Grafana"):
        push(Wish(gateway.url), settings_of())


def test_an_address_that_leads_elsewhere_is_not_followed(grafana: Grafana) -> None:
    moved = Grafana(elsewhere=grafana.url)

    with running(moved), pytest.raises(GrafanaError, match="give the address that it leads to"):
        pushed(moved)


def test_a_grafana_that_is_not_there_is_told() -> None:
    with pytest.raises(GrafanaError, match="does not answer"):
        push(Wish(f"http://127.0.0.1:{free_ports(1)[0]}"), settings_of())


@pytest.mark.parametrize("url", ["grafana.shop.example", "ftp://shop.example", "http://"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(GrafanaError, match="no address of a Grafana"):
        push(Wish(url), settings_of())


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(GrafanaError) as refused:
        push(Wish("http://admin:hunter2@127.0.0.1:3000"), settings_of())

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_a_file_provisions_is_left_and_told(grafana: Grafana, dry_run: bool) -> None:
    settings = settings_of()
    pushed(grafana, settings)
    before = copy.deepcopy(grafana.dashboards["user"])
    for uid in ("user", "promo-dead-letters", "promo-sentinel-email", "clickhouse"):
        grafana.provision(uid)
    grafana.dashboards["user"]["dashboard"]["title"] = "Before"
    grafana.rules["promo-dead-letters"]["for"] = "1h"
    grafana.points["promo-sentinel-email"]["settings"]["addresses"] = "x@shop.example"
    grafana.datasources["clickhouse"]["jsonData"]["host"] = "elsewhere"
    grafana.writes.clear()

    reasons = failed(pushed(grafana, settings, dry_run=dry_run))

    assert set(reasons) == {"user", "promo-dead-letters", "promo-sentinel-email", "clickhouse"}
    assert all("change that file" in reason for reason in reasons.values())
    assert grafana.dashboards["user"]["dashboard"]["version"] == before["dashboard"]["version"]
    assert grafana.writes == []


def test_what_a_file_provisions_as_we_would_is_well(grafana: Grafana) -> None:
    settings = settings_of()
    pushed(grafana, settings)
    for uid in ("user", "promo-dead-letters", "clickhouse"):
        grafana.provision(uid)

    assert outcomes(pushed(grafana, settings)) == {Outcome.UNCHANGED}


def test_a_refusal_of_one_does_not_keep_the_others_back(grafana: Grafana) -> None:
    # Grafana says so only when it is written to, as for one that was never seen by our account.
    grafana.by_file.add("user")

    reasons = failed(pushed(grafana))

    assert set(reasons) == {"user"}
    assert "Cannot save provisioned dashboard" in reasons["user"]
    assert len(grafana.rules) == len(all_rules())


def test_the_range_begins_at_the_shops_first_event(
    grafana: Grafana, own_gateway: GatewayProcess
) -> None:
    migrate(own_gateway.settings)
    insert(own_gateway.settings, [source_row(registered(profiled()))])
    chosen = {"grafana_token": SecretStr(ADMIN)}
    settings = own_gateway.settings.model_copy(update=chosen)

    pushed(grafana, settings)

    began = grafana.dashboards["promo-overview"]["dashboard"]["time"]["from"]
    assert datetime.fromisoformat(began).timestamp() * 1_000 == profiled().created_at_us // 1_000
    assert grafana.dashboards["promo-overview"]["dashboard"]["time"]["to"] == "now"
    # A view of one account or of the last days has a range of its own.
    assert grafana.dashboards["abuse-desk"]["dashboard"]["time"] == boards()["abuse-desk"]["time"]
    assert outcomes(pushed(grafana, settings)) == {Outcome.UNCHANGED}

    for n, year in enumerate((1, 9999)):
        far_us = microseconds(datetime(year, 12, 31, 23, 59, 59, 999_999, UTC))
        row = replace(redeemed("far", usage_id=n), used_at_us=far_us)
        insert(own_gateway.settings, [source_row(row)])
    pushed(grafana, settings)
    time = grafana.dashboards["promo-overview"]["dashboard"]["time"]
    assert time == {"from": "0001-12-31T23:59:59.999Z", "to": "9999-12-31T23:59:59.999Z"}


def test_without_clickhouse_or_history_the_range_stays_and_that_is_told(
    grafana: Grafana, own_gateway: GatewayProcess
) -> None:
    migrate(own_gateway.settings)
    empty = own_gateway.settings.model_copy(update={"grafana_token": SecretStr(ADMIN)})
    for settings, why in ((settings_of(), "ClickHouse"), (empty, "no history yet")):
        lines: list[str] = []

        pushed(grafana, settings, lines)

        held = grafana.dashboards["promo-overview"]["dashboard"]
        assert held["time"] == boards()["promo-overview"]["time"]
        assert any("ranges are kept" in line and why in line for line in lines)


def test_the_command_pushes_by_settings_and_tells_each_object(
    grafana: Grafana,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMO_GRAFANA_URL", grafana.url)
    monkeypatch.setenv("PROMO_GRAFANA_TOKEN", ADMIN)
    monkeypatch.setenv("PROMO_CLICKHOUSE_READER_PASSWORD", PASSWORD)
    monkeypatch.setenv("PROMO_CLICKHOUSE_PORT", str(free_ports(1)[0]))

    codes = [main(["push", "--dry-run"]), main(["push", "--keep-range"]), main(["push"])]

    said = capsys.readouterr()
    assert codes == [0, 0, 0]
    assert f"{len(boards()) + len(all_rules()) + 2} unchanged" in said.out
    assert ADMIN not in said.out + said.err
    assert PASSWORD not in said.out + said.err


def test_the_command_fails_with_a_sentence(
    grafana: Grafana,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("PROMO_GRAFANA_URL", "PROMO_GRAFANA_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    assert main(["push"]) == 1
    assert main(["push", "--url", grafana.url]) == 1

    lines = capsys.readouterr().err.splitlines()
    assert "PROMO_GRAFANA_URL" in lines[0]
    assert "PROMO_GRAFANA_TOKEN" in lines[1]


@needs_grafana
def test_a_real_grafana_takes_everything_and_then_nothing() -> None:
    settings = Settings(_env_file=None, grafana_token=SecretStr(str(REAL_TOKEN)))
    wish = Wish(str(REAL_URL), datasource=False, keep_range=True)

    first = push(wish, settings)
    second = push(wish, settings)

    assert failed(first) == {}
    assert outcomes(second) == {Outcome.UNCHANGED}
