"""Everything that a drained stack has stored, to be compared with what it has later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from connectors.lag import Ends, Offsets
from connectors.settings import Settings
from connectors.topics import Topic
from tests.truth import (
    connect,
    risks_in_clickhouse,
    risks_in_redis,
    risks_in_topic,
    standing_alerts,
)
from warehouse.client import reader
from warehouse.rows import Table

_TABLES = ("users", "promo_codes", "promo_usages")


@dataclass(frozen=True)
class Stored:
    """What is where.

    ``rows`` are PostgreSQL's tables: count and digest; ``log_position`` its LSN in bytes.
    ``warehouse`` has ClickHouse's tables read with FINAL: count and digest of the rows of up to
    ``until``, and ``parts`` their rows as they lie there, older versions included.
    """

    rows: Mapping[str, tuple[int, str]]
    log_position: int
    ends: Mapping[Topic, list[Ends]]
    in_redis: Mapping[str, Any]
    in_topic: Mapping[str, Any]
    in_clickhouse: Mapping[str, Any]
    alerts: frozenset[str]
    warehouse: Mapping[str, tuple[int, int]]
    parts: Mapping[str, int]
    until: str


_HELD = [table for table in Table if table is not Table.HEARTBEATS]


def stored_in(settings: Settings, until: str | None = None) -> Stored:
    """All of it, of a drained stack; metrics of the pipeline are looked at up to ``until``."""
    with connect(settings) as shop:
        rows = {table: _rows(shop, table) for table in _TABLES}
        position = shop.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    client = reader(settings)
    until = until or str(client.query("SELECT toString(now64(3, 'UTC'))").result_rows[0][0])
    return Stored(
        rows=rows,
        log_position=int(position[0]) if position else 0,
        # Heartbeats are nobody's rows, and go on.
        ends=Offsets(settings).all_ends([t for t in Topic if t is not Topic.HEARTBEATS]),
        in_redis=risks_in_redis(settings),
        in_topic=risks_in_topic(settings),
        in_clickhouse=risks_in_clickhouse(settings),
        alerts=standing_alerts(settings),
        warehouse={table: _final(client, table, until) for table in _HELD},
        parts={table: _as_it_lies(client, table, until) for table in _HELD},
        until=until,
    )


def assert_as_before(before: Stored, now: Stored) -> None:
    """Assert that nothing is lost, nothing is changed and nothing is there twice."""
    assert now.rows == before.rows
    assert now.log_position >= before.log_position
    assert now.ends == before.ends
    assert now.in_redis == before.in_redis
    assert now.in_topic == before.in_topic
    assert now.in_clickhouse == before.in_clickhouse
    assert now.alerts == before.alerts
    assert now.warehouse == before.warehouse
    # Merges take older versions away at any time; nothing may be added.
    grown = {t: (before.parts[t], n) for t, n in now.parts.items() if n > before.parts[t]}
    assert not grown
    assert all(now.parts[table] >= count for table, (count, _) in now.warehouse.items())


def _rows(shop: Any, table: str) -> tuple[int, str]:
    statement = sql.SQL("SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t")
    count, digest = shop.execute(statement.format(sql.Identifier(table))).fetchone()
    return count, digest


def _final(client: Any, table: str, until: str) -> tuple[int, int]:
    asked = f"SELECT count(), sum(cityHash64(*)) FROM {table} FINAL WHERE {_when(table, until)}"
    count, digest = client.query(asked).result_rows[0]
    return count, digest


def _as_it_lies(client: Any, table: str, until: str) -> int:
    asked = f"SELECT count() FROM {table} WHERE {_when(table, until)}"
    return int(client.query(asked).result_rows[0][0])


def _when(table: str, until: str) -> str:
    # The monitor adds to its table all the time.
    return f"sampled_at <= '{until}'" if table == Table.PIPELINE_METRICS else "true"
