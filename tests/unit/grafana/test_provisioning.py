"""The files that Grafana provisions itself from: what it would refuse, or expand by accident."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from connectors.settings import Settings
from grafana.alerts import all_rules
from grafana.build import documents
from grafana.panels.target import DATASOURCE_TYPE, DATASOURCE_UID
from grafana.provisioning import FOLDER, PASSWORD_FILE, Provisioned
from infra.native.layout import REPOSITORY
from tests.pages import page_at
from tests.unit.grafana.documents import dashboards

TOLD = Provisioned(runbook="https://shop.example/runbook", webhook=True, emails=True)
UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
EXPANDED = re.compile(r"\$(PROMO_[A-Z_]+)|\$__file\{([^}]+)\}")


def provisioned(chosen: Provisioned = TOLD) -> Mapping[str, Any]:
    """The content of every provisioned file by its path."""
    return {
        name.removeprefix("provisioning/"): yaml.safe_load(text)
        for name, text in documents(chosen).items()
        if name.startswith("provisioning/")
    }


def rules(chosen: Provisioned = TOLD) -> list[Mapping[str, Any]]:
    (group,) = provisioned(chosen)["alerting/rules.yaml"]["groups"]
    found: list[Mapping[str, Any]] = group["rules"]
    return found


def test_every_file_is_of_grafanas_format() -> None:
    keys = {
        "datasources/promo-sentinel.yaml": "datasources",
        "dashboards/promo-sentinel.yaml": "providers",
        "alerting/rules.yaml": "groups",
        "alerting/contact-points.yaml": "contactPoints",
    }

    assert {name: set(content) for name, content in provisioned().items()} == {
        name: {"apiVersion", key} for name, key in keys.items()
    }
    assert all(content["apiVersion"] == 1 for content in provisioned().values())


def words(text: str) -> set[str]:
    return set(text.split())


KNOWN = {
    "datasources": words(
        "name type access orgId uid isDefault editable jsonData secureJsonData version"
    ),
    "providers": words(
        "name orgId folder folderUid type disableDeletion allowUiUpdates updateIntervalSeconds"
        " options"
    ),
    "groups": words("orgId name folder interval rules"),
    "rules": words(
        "uid title condition data dashboardUid panelId noDataState execErrState for annotations"
        " labels isPaused notification_settings"
    ),
    "data": words("refId relativeTimeRange datasourceUid model"),
    "contactPoints": words("orgId name receivers"),
    "receivers": words("uid type settings disableResolveMessage"),
}
"""The keys that Grafana's readers of these files know; others they pass over in silence."""


def test_no_key_is_one_that_grafana_would_pass_over() -> None:
    def check(content: Mapping[str, Any]) -> Iterator[str]:
        for key, known in KNOWN.items():
            for listed in content.get(key, ()):
                yield from (f"{key}: {name}" for name in listed.keys() - known)
                yield from check(listed)

    assert [slip for content in provisioned().values() for slip in check(content)] == []


def test_only_known_variables_are_expanded_and_no_secret_is_written() -> None:
    named = {f"PROMO_{name.upper()}" for name in Settings.model_fields}
    for name, text in documents(TOLD).items():
        if name.startswith("provisioning/"):
            for variable, file in EXPANDED.findall(text):
                assert variable in named | {"PROMO_GRAFANA_DASHBOARDS_DIR", ""}, name
                assert file in (PASSWORD_FILE, ""), name
            assert "$" not in EXPANDED.sub("", text), name


def test_grafana_expands_nothing_in_alert_rules() -> None:
    assert "$" not in documents(TOLD)["provisioning/alerting/rules.yaml"]


def test_the_datasource_is_the_one_that_dashboards_ask() -> None:
    (source,) = provisioned()["datasources/promo-sentinel.yaml"]["datasources"]

    assert (source["type"], source["uid"]) == (DATASOURCE_TYPE, DATASOURCE_UID)
    assert source["jsonData"]["protocol"] == "http"
    assert source["jsonData"]["username"] == "$PROMO_CLICKHOUSE_READER_USER"


def test_dashboards_and_alerts_share_a_folder() -> None:
    (provider,) = provisioned()["dashboards/promo-sentinel.yaml"]["providers"]
    (group,) = provisioned()["alerting/rules.yaml"]["groups"]

    assert provider["folder"] == group["folder"] == FOLDER
    # With a uid of its own it would be a second folder of the same title.
    assert "folderUid" not in provider


def test_uids_are_short_and_unique() -> None:
    points = provisioned()["alerting/contact-points.yaml"]["contactPoints"]
    ways = [receiver["uid"] for point in points for receiver in point["receivers"]]
    uids = [*(rule["uid"] for rule in rules()), *ways, *dashboards()]

    assert len(set(uids)) == len(uids)
    assert all(UID.fullmatch(uid) for uid in uids)
    titles = [rule["title"] for rule in rules()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["uid"]))
def test_a_rule_is_complete(rule: Mapping[str, Any]) -> None:
    asked, judged = rule["data"]

    assert rule["condition"] == judged["refId"]
    assert judged["model"]["expression"] == asked["refId"]
    assert asked["datasourceUid"] == DATASOURCE_UID
    assert asked["model"]["format"] == 1
    assert re.fullmatch(r"\d+[sm]", rule["for"])
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["noDataState"] in {"Alerting", "OK"}
    assert rule["execErrState"] in {"Alerting", "KeepLast"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"]
    assert rule["annotations"]["runbook_url"] == f"{TOLD.runbook}#{rule['uid']}"
    assert rule["notification_settings"] == {"receiver": "Promo Sentinel"}


def test_one_illness_of_clickhouse_is_one_alert() -> None:
    on_errors = [rule["execErrState"] for rule in rules()]

    assert on_errors.count("Alerting") == 1


def test_rules_ask_without_macros_of_dashboards() -> None:
    for rule in rules():
        sql = rule["data"][0]["model"]["rawSql"]

        assert "$" not in sql
        assert "{" not in sql
        assert "now()" in sql or "now64" in sql


def test_a_rule_leads_to_the_panel_that_tells_more() -> None:
    for rule, described in zip(rules(), all_rules(), strict=True):
        panels = dashboards()[rule["dashboardUid"]]["panels"]
        (panel,) = [panel for panel in panels if panel["id"] == rule["panelId"]]

        assert panel["title"] == described.shown.title
        assert rule["annotations"]["__dashboardUid__"] == rule["dashboardUid"]
        assert rule["annotations"]["__panelId__"] == str(rule["panelId"])


def test_every_rule_is_told_of_in_the_documentation() -> None:
    told = (REPOSITORY / "docs/dashboards.md").read_text()

    assert all(f"| `{rule.uid}` |" in told for rule in all_rules())


def test_every_rule_leads_to_its_section_of_the_runbook() -> None:
    page = page_at("docs/runbook.md")

    for rule in all_rules():
        assert f"\n## {rule.uid}\n" in page.text
        assert rule.uid in page.anchors


def test_whom_nobody_named_is_not_told() -> None:
    assert "alerting/contact-points.yaml" not in provisioned(Provisioned())
    assert not any("notification_settings" in rule for rule in rules(Provisioned()))


def test_one_way_alone_is_a_contact_point() -> None:
    for chosen, kind in (
        (Provisioned(webhook=True), "webhook"),
        (Provisioned(emails=True), "email"),
    ):
        (point,) = provisioned(chosen)["alerting/contact-points.yaml"]["contactPoints"]

        assert [receiver["type"] for receiver in point["receivers"]] == [kind]
