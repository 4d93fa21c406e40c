"""From when until when a dashboard looks by default: at all of the shop's events, if it asks so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from connectors.columns import EPOCH
from connectors.errors import DependencyDown, SettingsError
from connectors.settings import Settings
from grafana.queries import query
from warehouse.client import clickhouse_answers, grafanas_reader
from warehouse.period import LAST

VARIABLE = "first_event"
"""A dashboard with this variable shows the whole history."""

NOW = "now"
_HISTORY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class History:
    """A dashboard's default range: from the first event until now, or the last one dated later.

    ``until`` is as Grafana writes it: :data:`NOW` or ISO 8601.
    """

    since: datetime
    until: str = NOW


def history(settings: Settings) -> History:
    """When the shop's registrations and redemptions were; from now on, if there are none.

    Raises:
        DependencyDown, SettingsError, ClickHouseError: ClickHouse cannot be asked.
    """
    with clickhouse_answers(), grafanas_reader(settings) as client:
        first_ms = client.query(query("promo_first_event")).result_rows[0][0]
        last = client.query(query("promo_last_event")).result_rows[0][0]
    return History(_moment(first_ms), last if last == NOW else _text(_moment(int(last))))


def known_history(settings: Settings) -> tuple[History | None, str]:
    """The range, or None and why the ranges stay as they are."""
    try:
        found = history(settings)
    except (DependencyDown, SettingsError, ClickHouseError) as error:
        return None, f"ClickHouse cannot be asked for the first event: {error}"
    if found.since > datetime.now(UTC) - _HISTORY and found.until == NOW:
        return None, "there is no history yet"
    return found, ""


def ranging_over(document: Mapping[str, Any], whole: History) -> dict[str, Any]:
    """A dashboard whose range is the whole history, if it has the variable. Pure."""
    listed = document["templating"].get("list", ())
    if not any(variable["name"] == VARIABLE for variable in listed):
        return dict(document)
    time = {**document["time"], "from": _text(whole.since), "to": whole.until}
    return {**document, "time": time}


def _moment(ms: int) -> datetime:
    # The millisecond behind the last event may be that behind the calendar's end.
    return EPOCH + min(timedelta(milliseconds=ms), LAST - EPOCH)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
