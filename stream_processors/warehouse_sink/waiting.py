"""How long rows were on their way into ClickHouse. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from connectors.columns import microseconds
from warehouse.rows import Row, Table


def waited_s(rows: Iterable[Row], now_us: int) -> Mapping[Table, Sequence[float]]:
    """Seconds from each row's beginning until now, by table; never less than 0.

    A source row begins with its commit in PostgreSQL. A score or an alert does not say which
    commit caused it and begins with the scoring: ``promo_commit_to_score_seconds`` has measured
    what lies before. Rows of other tables come now and then only and are left out.

    Args:
        rows: as they were inserted.
        now_us: when ClickHouse had acknowledged them, microseconds since 1970 UTC.
    """
    waits: dict[Table, list[float]] = defaultdict(list)
    for row in rows:
        since_us = _since_us(row)
        if since_us is not None:
            waits[row.table].append(max(0, now_us - since_us) / 1e6)
    return waits


def _since_us(row: Row) -> int | None:
    match row.table:
        case Table.USERS | Table.PROMO_CODES | Table.PROMO_USAGES:
            return microseconds(datetime.fromisoformat(row.values["committed_at"]))
        case Table.RISK_SCORES | Table.ABUSE_ALERTS:
            return int(row.values["revision"])
        case _:
            return None
