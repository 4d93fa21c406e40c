"""The generated dashboards fit Grafana's own types, and the SDK's models."""

import copy
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import OF_INTERVALS
from tests.integration.grafana_schema import VERSIONS, complaints
from tests.unit.grafana.documents import dashboards

needs_node = pytest.mark.skipif(
    shutil.which("npm") is None, reason="Node is not installed: Grafana's types are not checked"
)


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the document's first panel of a type: ``type/field/…``."""

    def change(document: dict[str, Any]) -> None:
        kind, *steps, last = path.split("/")
        place = next(panel for panel in document["panels"] if panel["type"] == kind)
        for step in steps:
            place = place[step]
        place[last] = value

    return change


SLIPS = {
    "an option that a stat does not have": _set("stat/options/colour", "red"),
    "a word that an option does not know": _set("stat/options/textMode", "loud"),
    "a setting that a chart does not have": _set(
        "timeseries/fieldConfig/defaults/custom/drawstyle", "bars"
    ),
    "a number where a word belongs": _set("stat/fieldConfig/defaults/unit", 7),
    "a field that a panel does not have": _set("stat/titel", "Score"),
    "a threshold without a colour": _set(
        "stat/fieldConfig/defaults/thresholds/steps", [{"value": None}]
    ),
}


@needs_node
@pytest.mark.parametrize("version", VERSIONS)
def test_dashboards_fit_the_types_of_grafana(version: str, tmp_path: Path) -> None:
    assert complaints(version, dashboards(), tmp_path) == []


@needs_node
@pytest.mark.parametrize("version", VERSIONS)
def test_every_slip_is_found(version: str, tmp_path: Path) -> None:
    wrong = {}
    for number, change in enumerate(SLIPS.values()):
        document: dict[str, Any] = copy.deepcopy(dict(dashboards()["user"]))
        change(document)
        wrong[f"slip{number}"] = document

    found = {line.split(".ts")[0] for line in complaints(version, wrong, tmp_path)}

    assert found == set(wrong)


def read_and_written(document: Mapping[str, Any]) -> Any:
    """A dashboard as the SDK reads it and writes it again."""
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(copy.deepcopy(dict(document)))))
    for variable in again["templating"].get("list", ()):
        for field in OF_INTERVALS:
            variable.pop(field, None)
    return again


@pytest.mark.parametrize("uid", dashboards())
def test_a_dashboard_read_by_the_sdk_and_written_again_is_the_same(uid: str) -> None:
    assert read_and_written(dashboards()[uid]) == dashboards()[uid]


@pytest.mark.parametrize(
    "change",
    [
        _set("stat/titel", "Score"),
        _set("stat/fieldConfig/defaults/untis", "s"),
        _set("stat/gridPos/height", 4),
    ],
)
def test_a_field_that_the_sdk_does_not_know_is_found(
    change: Callable[[dict[str, Any]], None],
) -> None:
    document: dict[str, Any] = copy.deepcopy(dict(dashboards()["user"]))
    change(document)

    assert read_and_written(document) != document
