"""How the source is set up right now, as its catalogs say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.debezium.slot import SLOT
from connectors.source.contract import HEARTBEATS, PUBLICATION, TABLES
from connectors.source.session import Connection

_STATE = (Path(__file__).parent / "source_state.sql").read_bytes()


@dataclass(frozen=True, slots=True)
class Published:
    """A table's place in the publication: whether rows are filtered, columns left out."""

    is_filtered: bool
    has_column_list: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published.

    ``made`` is another one once it is made again, ``edition`` also once its tables or operations
    were changed, if only for a moment; ``operations`` are what it publishes, and ``via_root``
    whether rows of partitions are published as their table's.
    """

    made: str
    edition: str
    for_all_tables: bool
    operations: frozenset[str]
    tables: Mapping[str, Published]
    via_root: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type's name, whether that is some kind of text, whether it is generated."""

    type_name: str
    is_text: bool
    is_generated: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``file`` is another one once it was truncated, rewritten or made again.

    ``hides_rows``: row level security shows Debezium's role only some.
    """

    replica_identity: str
    file: str
    refuses_truncate: bool
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    debezium_may_read: bool
    hides_rows: bool = False
    is_partitioned: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """The replication slot, and who reads it: role and application, None while nobody does.

    ``marked_at`` is since when its statistics count; None since it was made, until it is marked.
    """

    plugin: str | None
    is_of_this_database: bool
    wal_status: str
    is_active: bool
    reader: str | None
    application: str | None
    marked_at: str | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """All of it; ``publication`` and ``slot`` are None where there is none.

    ``statistics_since`` is another time once PostgreSQL has lost its statistics in a crash;
    ``timeline`` is another one once a standby was promoted.
    """

    wal_level: str
    timeline: str | None
    statistics_since: str
    publication: Publication | None
    tables: Mapping[str, Table]
    slot: Slot | None
    debezium_may_replicate: bool


def read_state(connection: Connection, cdc_user: str) -> SourceState:
    """Ask the catalogs; a few milliseconds, as any role.

    Raises:
        psycopg.Error: PostgreSQL does not answer.
    """
    names = [*TABLES, HEARTBEATS]
    row = connection.execute(_STATE, (PUBLICATION, SLOT, cdc_user, names)).fetchone()
    assert row is not None
    found: dict[str, Any] = row[0]
    return SourceState(
        found["wal_level"],
        found["timeline"],
        found["statistics_since"],
        _publication(found["publication"]),
        {name: _table(one) for name, one in found["tables"].items()},
        _slot(found["slot"]),
        found["cdc_replicates"],
    )


def _publication(found: dict[str, Any] | None) -> Publication | None:
    if found is None:
        return None
    return Publication(
        found["made"],
        found["edition"],
        found["all_tables"],
        frozenset(name for name in ("insert", "update", "delete") if found[name]),
        {name: Published(t["filter"], t["columns"]) for name, t in found["tables"].items()},
        found["via_root"],
    )


def _table(found: dict[str, Any]) -> Table:
    columns = {
        name: Column(c["type"], c["is_text"], c["generated"])
        for name, c in found["columns"].items()
    }
    return Table(
        found["identity"],
        found["file"],
        found["guarded"],
        tuple(found["key"]),
        columns,
        found["cdc_reads"],
        found["hides_rows"],
        found["partitioned"],
    )


def _slot(found: dict[str, Any] | None) -> Slot | None:
    if found is None:
        return None
    return Slot(
        found["plugin"],
        found["here"],
        found["wal_status"] or "",
        found["active"],
        found["reader"],
        found["application"],
        found["marked_at"],
    )
