"""Rows into PostgreSQL: many in one transaction, each inserted only if it is not there."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import errors
from psycopg.rows import TupleRow

from connectors.errors import LoadError
from connectors.loading.rows import Row
from connectors.loading.tables import Table
from connectors.refusals import postgres_down
from connectors.settings import Settings
from connectors.source.session import Connection, open_session

HERE = Path(__file__).parent / "sql"
LOCK_WAIT_S = 15
# "promo" in ASCII: any number will do, as long as all loaders use the same.
_LOCK = 0x70726F6D6F
_REFUSALS = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded)


class Fate(Enum):
    """What became of a row."""

    ACCEPTED = auto()
    DUPLICATE = auto()
    CONFLICTING = auto()
    REFUSED = auto()


class Outcome(NamedTuple):
    """What became of a row; ``detail`` has PostgreSQL's words where it refused it."""

    row: Row
    fate: Fate
    detail: str = ""


class _Statements(NamedTuple):
    insert: bytes
    is_the_same: bytes


def _read(singular: str) -> _Statements:
    return _Statements(
        (HERE / f"insert_{singular}.sql").read_bytes(),
        (HERE / f"is_{singular}_the_same.sql").read_bytes(),
    )


_STATEMENTS: Mapping[Table, _Statements] = {
    Table.PROMO_CODES: _read("promo_code"),
    Table.USERS: _read("user"),
    Table.PROMO_USAGES: _read("promo_usage"),
}


def connect(settings: Settings) -> Connection:
    """A connection as the application's role, holding the lock that only one loader has.

    Raises:
        SettingsError: the role's password is not set.
        DependencyDown: PostgreSQL does not answer.
        LoadError: another loader is at work and did not end within ``LOCK_WAIT_S``.
    """
    connection = open_session(settings, "promo-load")
    try:
        # The server forgets the lock with the session, so a killed loader leaves none behind.
        connection.execute("SELECT set_config('lock_timeout', $1, false)", (f"{LOCK_WAIT_S}s",))
        connection.execute("SELECT pg_advisory_lock($1)", (_LOCK,))
    except errors.LockNotAvailable as error:
        raise LoadError("another loader is at work: wait until it has ended") from error
    except psycopg.OperationalError as error:
        raise postgres_down(error) from error
    return connection


def write(connection: Connection, rows: Sequence[Row]) -> list[Outcome]:
    """Insert rows in the given order in one transaction; idempotent.

    A row whose key is there already is a duplicate if all its columns are equal to those that
    are there, and conflicting otherwise. If PostgreSQL refuses a row, the others of the batch
    are inserted one by one, still in order.

    Raises:
        DependencyDown: PostgreSQL went away; nothing of an unfinished transaction stays.
    """
    try:
        try:
            return _write_together(connection, rows)
        except _REFUSALS:
            return [_write_alone(connection, row) for row in rows]
    except psycopg.OperationalError as error:
        raise postgres_down(error) from error


def current_lsn(connection: Connection) -> str:
    """Where the write-ahead log ends now, as PostgreSQL writes it (``16/B374D848``)."""
    return str(_only(connection.execute("SELECT pg_current_wal_lsn()::text")))


def _write_together(connection: Connection, rows: Sequence[Row]) -> list[Outcome]:
    with connection.pipeline(), connection.transaction():
        inserts = [
            connection.execute(_STATEMENTS[row.table].insert, row.values, prepare=True)
            for row in rows
        ]
    there = [row for row, insert in zip(rows, inserts, strict=True) if not insert.rowcount]
    same = iter(_compare(connection, there))
    return [
        Outcome(row, Fate.ACCEPTED if insert.rowcount else next(same))
        for row, insert in zip(rows, inserts, strict=True)
    ]


def _compare(connection: Connection, rows: Sequence[Row]) -> list[Fate]:
    if not rows:
        return []
    # PostgreSQL compares, because it may hold values that Python's types cannot (infinity).
    with connection.pipeline():
        answers = [
            connection.execute(_STATEMENTS[row.table].is_the_same, row.values, prepare=True)
            for row in rows
        ]
    return [Fate.DUPLICATE if _only(answer) else Fate.CONFLICTING for answer in answers]


def _write_alone(connection: Connection, row: Row) -> Outcome:
    try:
        return _write_together(connection, [row])[0]
    except _REFUSALS as error:
        return Outcome(row, Fate.REFUSED, error.diag.message_primary or type(error).__name__)


def _only(cursor: psycopg.Cursor[TupleRow]) -> object:
    found = cursor.fetchone()
    return None if found is None else found[0]
