"""Rules and contact points have the shape that Grafana's API has, as the SDK's models know it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.alerting import ContactPoint
from grafana_foundation_sdk.models.alerting import Rule as Modelled

from grafana.alerts import all_rules
from grafana.alerts.rule import Rule, Surroundings, in_api
from grafana.build import boards, panel_ids
from grafana.contact import NAME, Contact, receivers


def read_and_written(model: Any, document: Mapping[str, Any]) -> Any:
    """A document as the SDK reads it and writes it again: what it does not know is gone."""
    copied = json.loads(json.dumps(document))
    return json.loads(JSONEncoder().encode(model.from_json(copied)))


def api_rule(rule: Rule) -> dict[str, Any]:
    around = Surroundings(panel_ids(boards()), "docs/runbook.md", NAME)
    return in_api(rule, around, "promo-sentinel")


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: str(rule.uid))
def test_a_rule_is_one_of_grafanas(rule: Rule) -> None:
    again = read_and_written(Modelled, api_rule(rule))
    # What Grafana groups by where nothing is said.
    assert again["notification_settings"].pop("group_by") == ["alertname", "grafana_folder"]

    assert again == api_rule(rule)


@pytest.mark.parametrize("name", ["execErrorState", "notificationSettings", "folderUid"])
def test_a_misspelt_field_would_be_found(name: str) -> None:
    rule = {**api_rule(all_rules()[0]), name: "x"}

    assert name not in read_and_written(Modelled, rule)


def test_a_contact_point_is_one_of_grafanas() -> None:
    contact = Contact("https://hooks.shop.example/T000", "desk@shop.example")
    for receiver in receivers(contact):
        point = {"name": NAME, **receiver}

        assert read_and_written(ContactPoint, point) == point
