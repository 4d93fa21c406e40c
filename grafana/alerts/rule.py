"""What an alert rule is, and how Grafana writes it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from grafana.panels.target import DATASOURCE_TYPE, DATASOURCE_UID, PLUGIN_VERSION
from grafana.queries import query

GROUP = "promo-sentinel"
"""Rules of a group are evaluated together, every :data:`EVERY`."""

EVERY = "10s"

_EXPRESSION = "__expr__"
_QUESTION, _CONDITION = "A", "B"
_TABLE = 1
# Grafana writes both into a model that lacks them; so what is read back equals what was sent.
_GRAFANAS_OWN = {"intervalMs": 1000, "maxDataPoints": 43200}


class Severity(StrEnum):
    """How soon somebody must look."""

    PAGE = "critical"
    TODAY = "warning"


class Missing(StrEnum):
    """What a rule says when its question has no answer, or cannot be asked."""

    FIRES = "Alerting"
    IS_WELL = "OK"
    AS_BEFORE = "KeepLast"


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel, by its dashboard's uid and its title."""

    dashboard: str
    title: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires for each row of its question's answer whose number is above a bound.

    Attributes:
        uid: stable; also its heading in docs/runbook.md; at most 40 characters.
        title: what is wrong, in a few words.
        question: of :mod:`grafana.queries`; one number, before it a text column if an alert of
            each text is wanted. It has no macros: Grafana's rules have no dashboard.
        above: the bound.
        wait: for how long it must hold, as Prometheus writes durations.
        severity: how soon somebody must look.
        summary: what is wrong; ``.Labels`` and ``.Values.A.Value`` may be named in ``{{ }}``.
        first: what to do first.
        no_data: with an empty answer.
        on_error: while ClickHouse does not answer.
        shown: the panel that tells more.
    """

    uid: str
    title: str
    question: str
    above: float
    wait: str
    severity: Severity
    summary: str
    first: str
    no_data: Missing
    on_error: Missing
    shown: Shown


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules need to know of the Grafana they go to.

    Attributes:
        panels: ids of panels.
        runbook: address of docs/runbook.md.
        receiver: the contact point's name; empty leaves it to Grafana's own policy.
    """

    panels: Mapping[Shown, int]
    runbook: str
    receiver: str = ""


def in_file(rule: Rule, around: Surroundings) -> dict[str, Any]:
    """The rule in a file that Grafana provisions."""
    placed = {"dashboardUid": rule.shown.dashboard, "panelId": around.panels[rule.shown]}
    return {**_common(rule, around), **placed}


def in_api(rule: Rule, around: Surroundings, folder_uid: str) -> dict[str, Any]:
    """The rule as Grafana's provisioning API takes and returns it."""
    return {**_common(rule, around), "folderUID": folder_uid, "ruleGroup": GROUP, "orgID": 1}


def _common(rule: Rule, around: Surroundings) -> dict[str, Any]:
    found = {
        "uid": rule.uid,
        "title": rule.title,
        "condition": _CONDITION,
        "data": _data(rule),
        "noDataState": rule.no_data.value,
        "execErrState": rule.on_error.value,
        "for": rule.wait,
        "isPaused": False,
        "labels": {"product": GROUP, "severity": rule.severity.value},
        "annotations": _annotations(rule, around),
    }
    if around.receiver:
        found["notification_settings"] = {"receiver": around.receiver}
    return found


def _annotations(rule: Rule, around: Surroundings) -> dict[str, str]:
    return {
        "summary": rule.summary,
        "description": rule.first,
        "runbook_url": f"{around.runbook}#{rule.uid}",
        # Grafana's way to the panel.
        "__dashboardUid__": rule.shown.dashboard,
        "__panelId__": str(around.panels[rule.shown]),
    }


def _data(rule: Rule) -> Sequence[Mapping[str, Any]]:
    asked = {
        "refId": _QUESTION,
        "datasource": {"type": DATASOURCE_TYPE, "uid": DATASOURCE_UID},
        "pluginVersion": PLUGIN_VERSION,
        "editorType": "sql",
        "queryType": "table",
        "format": _TABLE,
        "rawSql": query(rule.question),
        **_GRAFANAS_OWN,
    }
    judged = {
        "refId": _CONDITION,
        "datasource": {"type": _EXPRESSION, "uid": _EXPRESSION},
        "type": "threshold",
        "expression": _QUESTION,
        "conditions": [{"type": "query", "evaluator": {"type": "gt", "params": [rule.above]}}],
        **_GRAFANAS_OWN,
    }
    return [_query(DATASOURCE_UID, asked, 600), _query(_EXPRESSION, judged, 0)]


def _query(source: str, model: Mapping[str, Any], since_s: int) -> dict[str, Any]:
    return {
        "refId": model["refId"],
        "datasourceUid": source,
        "relativeTimeRange": {"from": since_s, "to": 0},
        "model": model,
    }
