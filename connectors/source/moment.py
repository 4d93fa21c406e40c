"""Positions in PostgreSQL's write-ahead log, which are the versions of rows."""

import time
from typing import Any, LiteralString

from connectors.errors import StackError
from connectors.source.session import Connection

_POLL_S = 0.1
_PADDING_BYTES = 4_000_000
_POSITION = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
_PAD = "SELECT pg_logical_emit_message(false, 'padding', repeat('x', $1))"
_OWN_ID = "SELECT pg_current_xact_id()::text::bigint"
_OLDEST_ID = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


def position(connection: Connection) -> int:
    """Where the log ends now, in bytes."""
    return int(_first_value(connection, _POSITION))


def settled_position(connection: Connection, patience_s: float = 60.0) -> int:
    """A position of the log of which every change before it has been committed, or never will be.

    A change's version is where the log has it, and its transaction may be committed long
    afterwards. So the position is taken first, then an id of a transaction, which is later than
    those of all that have written before that position; and it is waited until none of them runs
    any more. Rows that are read after that hold all changes before the position; those that they
    do not hold yet come behind it.

    Args:
        connection: in autocommit mode.
        patience_s: how long to wait for transactions that are open.

    Raises:
        StackError: one of them stays open; the message says how to find it.
    """
    settled = position(connection)
    own = int(_first_value(connection, _OWN_ID))
    deadline = time.monotonic() + patience_s
    while int(_first_value(connection, _OLDEST_ID)) <= own:
        if time.monotonic() > deadline:
            raise StackError(
                f"a transaction has been open in PostgreSQL for more than {patience_s:.0f} s, and"
                " what it changes is not known before it ends: SELECT pid, application_name,"
                " xact_start FROM pg_stat_activity WHERE backend_xid IS NOT NULL shows it (or"
                " pg_prepared_xacts); run this again when it is over"
            )
        time.sleep(_POLL_S)
    return settled


def move_log_beyond(connection: Connection, version: int) -> int:
    """Write padding until the log's position is behind a version; returns the position."""
    at = position(connection)
    if at <= version:
        behind = version - at
        print(
            f"PostgreSQL's log is {behind:,} bytes behind what is known: it is moved on", flush=True
        )
    while at <= version:
        connection.execute(_PAD, (min(_PADDING_BYTES, version - at + 1),))
        at = position(connection)
    return at


def _first_value(connection: Connection, question: LiteralString) -> Any:
    row = connection.execute(question).fetchone()
    return row[0] if row else None
