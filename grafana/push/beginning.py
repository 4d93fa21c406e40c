"""Where a dashboard's default range begins: at the shop's first event, if it asks for that."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from connectors.errors import DependencyDown, SettingsError
from connectors.settings import Settings
from grafana.queries import query
from warehouse.client import clickhouse_answers, grafanas_reader

VARIABLE = "first_event"
"""A dashboard with this variable shows the whole history."""

_HISTORY = timedelta(hours=1)


def first_event(settings: Settings) -> datetime:
    """The moment of the shop's first registration or redemption; now, if there is none.

    Raises:
        DependencyDown, SettingsError, ClickHouseError: ClickHouse cannot be asked.
    """
    with clickhouse_answers(), grafanas_reader(settings) as client:
        milliseconds = client.query(query("promo_first_event")).result_rows[0][0]
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def known_first_event(settings: Settings) -> tuple[datetime | None, str]:
    """The first event, or None and why the ranges stay as they are."""
    try:
        found = first_event(settings)
    except (DependencyDown, SettingsError, ClickHouseError) as error:
        return None, f"ClickHouse cannot be asked for the first event: {error}"
    if found > datetime.now(UTC) - _HISTORY:
        return None, "there is no history yet"
    return found, ""


def beginning_at(document: Mapping[str, Any], moment: datetime) -> dict[str, Any]:
    """A dashboard whose range begins at a moment, if it has the variable. Pure."""
    listed = document["templating"].get("list", ())
    if not any(variable["name"] == VARIABLE for variable in listed):
        return dict(document)
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**document, "time": {**document["time"], "from": text}}
