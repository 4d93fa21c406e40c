"""PostgreSQL's rows, as a role that may do nothing but read them."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

import psycopg
from psycopg import RawServerCursor

from connectors.errors import DependencyDown, SettingsError
from connectors.profile import Hasher
from connectors.settings import Settings
from connectors.source.session import SourceRole, open_session
from connectors.topics import Topic
from stream_processors.reconcile.rows import TABLES, Key, SourceRow, source_row_of, table_name
from stream_processors.reconcile.sql import sql
from stream_processors.reconcile.walk import Among

_AT_ONCE = 2_000


class PostgresRows:
    """See :class:`stream_processors.reconcile.walk.Source`; a session for walks, one for look-ups.

    Walks read by server-side cursors, :data:`_AT_ONCE` rows at a time. All methods raise
    :class:`DependencyDown` while PostgreSQL is away.
    """

    def __init__(self, settings: Settings, hashed: Hasher) -> None:
        """Connects.

        Raises:
            SettingsError: the role's password is not set.
            DependencyDown: PostgreSQL does not answer.
        """
        self._walking = open_session(settings, "promo-reconcile", SourceRole.RECONCILER)
        self.session = open_session(settings, "promo-reconcile", SourceRole.RECONCILER)
        self._hashed = hashed

    def every(self) -> Iterator[tuple[Topic, SourceRow]]:
        """All rows of all tables, each table at one moment."""
        for table in TABLES:
            names: list[str] = []
            for values in self._stream(sql(table_name(table)), (None,), names):
                yield table, self._row(table, names, values)

    def keys(self, table: Topic, among: Among) -> Iterator[Key]:
        """The keys of a table's rows."""
        for found in self._stream(_keys(table), (None, None), []):
            key = self._key(table, *found)
            if among(key.owner):
                yield key

    def page(self, table: Topic, after: str | None, most: int) -> list[Key]:
        """The next keys behind one, in order."""
        with postgres_answers():
            found = self.session.execute(_keys(table), (after, most), prepare=False).fetchall()
        return [self._key(table, *key) for key in found]

    def find(self, table: Topic, ids: Collection[str]) -> Mapping[str, SourceRow]:
        """The rows with these primary keys, as far as there are any."""
        if not ids:
            return {}
        with postgres_answers():
            cursor = self.session.execute(sql(table_name(table)), (list(ids),), prepare=False)
            names = [column.name for column in cursor.description or ()]
            rows = [self._row(table, names, values) for values in cursor]
        return {row.key.id: row for row in rows}

    def now(self) -> datetime:
        """The moment by PostgreSQL's clock."""
        with postgres_answers():
            row = self.session.execute("SELECT now()").fetchone()
        assert row is not None
        return cast(datetime, row[0])

    def close(self) -> None:
        """End both sessions."""
        self._walking.close()
        self.session.close()

    def _key(self, table: Topic, row_id: str, owner: str) -> Key:
        canonical = self._hashed.conventions.canonical_code
        return Key(row_id, canonical(owner) if table is Topic.PROMO_CODES else owner)

    def _row(self, table: Topic, names: list[str], values: tuple[object, ...]) -> SourceRow:
        seen, *_ = values
        columns = dict(zip(names[1:], values[1:], strict=True))
        return source_row_of(table, str(seen), columns, self._hashed)

    def _stream(
        self, statement: bytes, parameters: tuple[object, ...], names: list[str]
    ) -> Iterator[tuple[Any, ...]]:
        """Rows as a server-side cursor hands them out; ``names`` is filled with the columns'."""
        with postgres_answers(), self._walking.transaction():
            self._walking.execute("SET TRANSACTION READ ONLY")
            with RawServerCursor(self._walking, "reconcile") as cursor:
                cursor.itersize = _AT_ONCE
                cursor.execute(statement, parameters)
                names += [column.name for column in cursor.description or ()]
                yield from cursor


@contextmanager
def postgres_answers() -> Iterator[None]:
    """Turn "it is not there" into :class:`DependencyDown`, a right that lacks into what to do."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise SettingsError(
            f"PostgreSQL: {str(error).strip()}: `make up`, or `python -m connectors.source.apply`"
            " as a superuser, lets the reconciler's role read the tables"
        ) from error
    except psycopg.OperationalError as error:
        raise DependencyDown(f"PostgreSQL: {error}") from error


def _keys(table: Topic) -> bytes:
    return sql(f"keys_of_{table_name(table)}")
