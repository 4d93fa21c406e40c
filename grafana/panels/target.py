"""What a panel asks: one of :mod:`grafana.queries`, of the provisioned ClickHouse."""

from dataclasses import dataclass

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from grafana.queries import query

DATASOURCE_TYPE, DATASOURCE_UID = "grafana-clickhouse-datasource", "clickhouse"
PLUGIN_VERSION = "4.20.0"
"""A target without it is taken for one of an old plugin, and rewritten."""

_TABLE, _TIME_SERIES = 1, 0


def datasource() -> DataSourceRef:
    """The one that is provisioned."""
    return DataSourceRef(type_val=DATASOURCE_TYPE, uid=DATASOURCE_UID)


@dataclass(frozen=True, slots=True)
class ClickHouseQuery(Dataquery):
    """A target of the ClickHouse plugin, which the SDK does not know.

    Attributes:
        sql: with Grafana's macros.
        over_time: whether the first column is ``time`` and the others are series.
    """

    sql: str
    over_time: bool

    def to_json(self) -> dict[str, object]:
        """As the plugin saves it."""
        return {
            "refId": "A",
            "datasource": datasource(),
            "pluginVersion": PLUGIN_VERSION,
            "editorType": "sql",
            "queryType": "timeseries" if self.over_time else "table",
            "format": _TIME_SERIES if self.over_time else _TABLE,
            "rawSql": self.sql,
        }


@dataclass(frozen=True, slots=True)
class Asked(Builder[Dataquery]):
    """A panel's target: the question named ``name``."""

    name: str
    over_time: bool = False

    def build(self) -> Dataquery:
        """Read the question's SQL."""
        return ClickHouseQuery(query(self.name), self.over_time)
