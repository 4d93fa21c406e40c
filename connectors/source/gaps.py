"""When rows may have changed without an event: what the watch remembers, until it is mended."""

from datetime import datetime

from connectors.debezium.slot import SLOT
from connectors.pipeline_health import Problem
from connectors.source.session import Connection
from connectors.source.state import Slot, SourceState

MENDED_BY = (
    "`make reconcile` compares, and with APPLY=1 sends what is missing; or `make resnapshot`"
)

_OPEN = (
    "INSERT INTO source_gaps (cause) VALUES ($1) ON CONFLICT (cause) DO UPDATE SET last_at = now()"
)
_GAPS = "SELECT cause, began_at FROM source_gaps ORDER BY began_at"
_CLOSE = "DELETE FROM source_gaps WHERE last_at <= $1"
_MARKS = "SELECT mark, seen FROM source_marks"
_MARK = (
    "INSERT INTO source_marks (mark, seen) VALUES ($1, $2)"
    " ON CONFLICT (mark) DO UPDATE SET seen = excluded.seen, at = now()"
)
PUBLICATION_MARK = "publication"
EDITION_MARK = "edition of the publication"
SLOT_MARK = "replication slot"
_NEW_SLOT = f"replication slot {SLOT} was dropped and made again"
_FORGET_MARK = "DELETE FROM source_marks WHERE mark = $1"
_FORGET_GAP = "DELETE FROM source_gaps WHERE cause = $1"


def open_gap(connection: Connection, cause: str) -> None:
    """Remember that rows may change unseen, since now or since it was opened."""
    connection.execute(_OPEN, (cause,))


def gaps(connection: Connection) -> list[tuple[str, datetime]]:
    """The causes of what is still to be compared, and since when, oldest first."""
    return [(str(cause), began_at) for cause, began_at in connection.execute(_GAPS).fetchall()]


def close_gaps(connection: Connection, compared_since: datetime) -> None:
    """Forget gaps whose cause was over before all rows began to be compared, by PostgreSQL's clock.

    Those whose cause lasts, or came back meanwhile, stay.
    """
    connection.execute(_CLOSE, (compared_since,))


def marks(connection: Connection) -> dict[str, str]:
    """What was seen last of what changes without an event."""
    return {str(mark): str(seen) for mark, seen in connection.execute(_MARKS).fetchall()}


def keep_mark(connection: Connection, mark: str, seen: str) -> None:
    """Remember it."""
    connection.execute(_MARK, (mark, seen))


def compare_slot(
    connection: Connection, slot: Slot, state: SourceState, known: dict[str, str]
) -> None:
    """Open a gap if this slot is not the one that was seen last; mark it if nobody has.

    Debezium makes a missing slot again and says nothing of the rows between the two. So it does on
    a standby that was promoted, whose slot can also be behind or ahead of what was told.
    """
    since, timeline = state.statistics_since, state.timeline or ""
    _, since_seen, timeline_seen = known.get(SLOT_MARK, f"|{since}|{timeline}").split("|")
    if timeline != timeline_seen:
        open_gap(connection, "another server was promoted")
    if slot.marked_at is None:
        if SLOT_MARK in known and since == since_seen:  # else they were lost with the server's
            open_gap(connection, _NEW_SLOT)
        connection.execute("SELECT mark_slot()")
    # Until the next look tells when it was marked, what is remembered is that it was.
    mark = f"{slot.marked_at or ''}|{since}|{timeline}"
    if known.get(SLOT_MARK) != mark:
        keep_mark(connection, SLOT_MARK, mark)


def accept_slot(connection: Connection) -> None:
    """Take the slot as it is: what it begins behind was read from the tables."""
    connection.execute(_FORGET_MARK, (SLOT_MARK,))
    connection.execute(_FORGET_GAP, (_NEW_SLOT,))


def replaced_tables(state: SourceState, known: dict[str, str]) -> dict[str, str]:
    """Tables whose file is another one than was known: truncated, rewritten or made again. Pure."""
    return {
        name: table.file
        for name, table in state.tables.items()
        if known.get(f"file of {name}", table.file) != table.file
    }


def problem_of(cause: str, began_at: datetime) -> Problem:
    """What is said of an open gap. Pure."""
    return Problem(
        f"rows not compared: {cause}",
        f"rows that changed since {began_at:%Y-%m-%d %H:%M} UTC may not have arrived ({cause})",
        MENDED_BY,
        is_present=False,
    )
