"""Grafana's rules as Grafana evaluates them: from the generated file, against a live ClickHouse."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from connectors.errors import DependencyDown
from connectors.settings import Settings
from infra.native.layout import REPOSITORY
from warehouse.client import clickhouse_answers, reader

RULES_FILE = REPOSITORY / "grafana/generated/provisioning/alerting/rules.yaml"
_NOW = re.compile(r"\bnow\(\)|\bnow64\(3\)")


@dataclass(frozen=True, slots=True)
class Alerts:
    """The rules' answers about one stack.

    Every answer may be asked for a later moment, with what is known now: an alert that needs two
    minutes of silence, or ends ten minutes after its cause, is seen without waiting for them. For
    how long a condition must hold before somebody is called (``for``) is Grafana's own.
    """

    settings: Settings

    def firing(self, uid: str, later_s: int = 0) -> set[str]:
        """The labels for which a rule's condition holds; a rule without labels has an empty one.

        Raises:
            DependencyDown: ClickHouse does not answer, and the rule goes on as it was.
        """
        rule = rules()[uid]
        asked, judged = (query["model"] for query in rule["data"])
        (condition,) = judged["conditions"]
        (bound,) = condition["evaluator"]["params"]
        statement = _NOW.sub(rf"(\g<0> + INTERVAL {later_s} SECOND)", asked["rawSql"])
        try:
            with clickhouse_answers(), reader(self.settings) as client:
                rows = client.query(statement).result_rows
        except (DependencyDown, ClickHouseError):
            if rule["execErrState"] != "Alerting":
                raise
            return {""}
        if not rows:
            return {""} if rule["noDataState"] == "Alerting" else set()
        return {"" if len(row) == 1 else str(row[0]) for row in rows if row[-1] > bound}


@cache
def rules() -> Mapping[str, Mapping[str, Any]]:
    """Every rule of the generated file, by its uid."""
    groups = yaml.safe_load(RULES_FILE.read_text())["groups"]
    return {rule["uid"]: rule for group in groups for rule in group["rules"]}
