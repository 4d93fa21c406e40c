"""What the source topics have to be told so that the stores hold what PostgreSQL holds. Pure.

Envelopes in Debezium's form, with a version at which the row is known to have been so
(:func:`connectors.source.moment.settled_position`): whatever the shop changed before is in it, and
whatever it changes afterwards has a later version and wins, in whichever order both arrive.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import orjson

from connectors.debezium.standing import KEY_COLUMNS
from connectors.topics import Topic
from stream_processors.reconcile.rows import SourceRow, table_name


@dataclass(frozen=True, slots=True)
class SourceMessage:
    """A message of a source topic; ``value`` is None for a tombstone."""

    topic: Topic
    key: bytes
    value: bytes | None


def messages(
    table: Topic,
    row_id: str,
    row: SourceRow | None,
    owners: Collection[str],
    version: int,
    now_us: int,
) -> Iterator[SourceMessage]:
    """What makes every store hold a row as it is, or nothing where there is none; idempotent.

    Args:
        table, row_id: which row.
        row: as it is in PostgreSQL, None if it is not there.
        owners: the accounts with which stores hold it, or may hold it.
        version: the log's position at which this was so.
        now_us: microseconds since 1970 UTC.
    """
    key = row_id.encode()
    if row is not None:
        for before in _taken_from(table, row, owners) or [None]:
            operation = "r" if before is None else "u"
            yield SourceMessage(
                table, key, _envelope(table, operation, before, row.columns, version, now_us)
            )
        return
    for before in _gone(table, row_id, owners):
        yield SourceMessage(table, key, _envelope(table, "d", before, None, version, now_us))
    yield SourceMessage(table, key, None)


def _taken_from(
    table: Topic, row: SourceRow, owners: Collection[str]
) -> list[Mapping[str, object] | None]:
    """The row as the accounts had it that hold it wrongly: Redis keeps redemptions with them."""
    if table is not Topic.PROMO_USAGES:
        return []
    others = sorted(set(owners) - {row.key.owner})
    return [{**row.columns, "user_id": owner} for owner in others]


def _gone(table: Topic, row_id: str, owners: Collection[str]) -> list[Mapping[str, object]]:
    column = KEY_COLUMNS[table]
    if table is not Topic.PROMO_USAGES:
        return [{column: row_id}]
    return [{column: int(row_id), "user_id": owner} for owner in sorted(owners)]


def _envelope(
    table: Topic,
    operation: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    version: int,
    now_us: int,
) -> bytes:
    source = {
        "connector": "reconcile",
        "schema": "public",
        "table": table_name(table),
        "snapshot": "false",
        "lsn": version,
        "ts_us": now_us,
        "ts_ms": now_us // 1_000,
    }
    return orjson.dumps({"op": operation, "before": before, "after": after, "source": source})
