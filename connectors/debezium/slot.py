"""Debezium's replication slot, as PostgreSQL sees it."""

from pathlib import Path

from connectors import source
from connectors.source.session import Connection

SLOT = "promo"
LOST = (
    f"slot {SLOT} is lost: PostgreSQL has cut off log that Debezium had not read"
    " (max_slot_wal_keep_size); `make resnapshot` begins again"
)
_IS_LOST = (Path(source.__file__).parent / "slot_is_lost.sql").read_bytes()


def is_lost(connection: Connection) -> bool:
    """Whether Debezium can read no more; its task tries for half an hour before it fails.

    Raises:
        psycopg.OperationalError: PostgreSQL does not answer.
    """
    row = connection.execute(_IS_LOST, (SLOT,)).fetchone()
    return bool(row and row[0])
