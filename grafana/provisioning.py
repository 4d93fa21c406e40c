"""The files that a Grafana reads at its start: datasource, dashboards, alerts. Pure.

Grafana puts environment variables in place of ``$NAME`` in these files, so no other ``$`` may
occur; a variable that is not set is an empty text there. Secrets are named, never written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from grafana.alerts import all_rules
from grafana.alerts.rule import EVERY, GROUP, Shown, Surroundings, in_file
from grafana.contact import Contact, receivers
from grafana.panels.target import DATASOURCE_TYPE, DATASOURCE_UID
from warehouse.gateway.limits import READER

FOLDER, FOLDER_UID = "Promo Sentinel", "promo-sentinel"

PASSWORD_FILE = "/run/secrets/promo_clickhouse_reader_password"
"""Where containers find the read-only user's password."""

_BY_ENVIRONMENT = Contact("$PROMO_GRAFANA_WEBHOOK_URL", "$PROMO_GRAFANA_ALERT_EMAILS")


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What differs between the Grafanas that read these files.

    Attributes:
        runbook: address of docs/runbook.md.
        webhook, emails: whether alerts go there; to whom, Grafana's environment tells.
    """

    runbook: str = "docs/runbook.md"
    webhook: bool = False
    emails: bool = False


def files(chosen: Provisioned, panels: Mapping[Shown, int]) -> Mapping[str, str]:
    """Text of every file, by its path in Grafana's provisioning folder."""
    contact = Contact(
        _BY_ENVIRONMENT.webhook if chosen.webhook else "",
        _BY_ENVIRONMENT.emails if chosen.emails else "",
    )
    around = Surroundings(panels, chosen.runbook, contact.receiver)
    found = {
        "datasources/promo-sentinel.yaml": _yaml({"datasources": [_datasource()]}),
        "dashboards/promo-sentinel.yaml": _yaml({"providers": [_provider()]}),
        "alerting/rules.yaml": _yaml({"groups": [_group(around)]}),
    }
    if contact.receiver:
        point = {"orgId": 1, "name": contact.receiver, "receivers": receivers(contact)}
        found["alerting/contact-points.yaml"] = _yaml({"contactPoints": [point]})
    return found


def datasource_of(host: str, port: str | int, user: str, database: str) -> dict[str, Any]:
    """ClickHouse as Grafana's datasource, without its password."""
    return {
        "name": "ClickHouse (Promo Sentinel)",
        "uid": DATASOURCE_UID,
        "type": DATASOURCE_TYPE,
        "access": "proxy",
        "jsonData": {
            "host": host,
            "port": port,
            "protocol": "http",
            "username": user,
            "defaultDatabase": database,
            # Longer than it may take: ClickHouse would refuse every question.
            "queryTimeout": str(READER.settings["max_execution_time"]),
        },
    }


def _datasource() -> dict[str, Any]:
    named = datasource_of(
        "$PROMO_CLICKHOUSE_HOST",
        "$PROMO_CLICKHOUSE_PORT",
        "$PROMO_CLICKHOUSE_READER_USER",
        "$PROMO_CLICKHOUSE_DATABASE",
    )
    password = f"$__file{{{PASSWORD_FILE}}}"
    return {**named, "orgId": 1, "editable": False, "secureJsonData": {"password": password}}


def _provider() -> dict[str, Any]:
    return {
        "name": FOLDER,
        "orgId": 1,
        # By title only: the alerts' folder is found by its title too, and it is the same one.
        "folder": FOLDER,
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": "$PROMO_GRAFANA_DASHBOARDS_DIR", "foldersFromFilesStructure": False},
    }


def _group(around: Surroundings) -> dict[str, Any]:
    rules = [in_file(rule, around) for rule in all_rules()]
    return {"orgId": 1, "name": GROUP, "folder": FOLDER, "interval": EVERY, "rules": rules}


class _Readable(yaml.SafeDumper):  # type: ignore[misc]
    """Writes texts of many lines as such, and everything where it belongs, without references."""

    def ignore_aliases(self, data: Any) -> bool:
        """See :class:`yaml.SafeDumper`."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _text)


def _yaml(content: Mapping[str, Sequence[Any]]) -> str:
    whole = {"apiVersion": 1, **content}
    return str(yaml.dump(whole, Dumper=_Readable, sort_keys=False, allow_unicode=True, width=100))
