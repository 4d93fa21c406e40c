"""Numbered SQL migrations of the warehouse. ``python -m warehouse.migrate`` applies them.

A migration is a file ``NNNN_name.sql``, numbered from 0001 without gaps. Its statements end
with a ``;`` at the end of a line and name tables without a database. ClickHouse has no
transactions: a migration that fails in the middle runs again from its first statement, so
each statement must be safe to repeat (``IF NOT EXISTS``, ``IF EXISTS``).
"""

import hashlib
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from connectors.command import explain, run_command
from connectors.errors import MigrationError, PromoError
from connectors.settings import Settings, load_settings
from warehouse.client import clickhouse_answers, make_database, writer

MIGRATIONS = Path(__file__).parent / "migrations"

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_STATEMENT_END = re.compile(r";[ \t]*(?:\n|\Z)")
_COMMENT_LINE = re.compile(r"^\s*--.*$", re.MULTILINE)
LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    name String,
    checksum String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree ORDER BY name
"""
"""Which migrations a warehouse has seen."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration file: its name, its statements, and a digest of its text."""

    name: str
    statements: tuple[str, ...]
    checksum: str


def migrate(settings: Settings, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that the warehouse has not seen, in order; makes a missing database.

    Returns:
        The names of the files that were applied; empty when all were there already.

    Raises:
        MigrationError: an applied file was edited or is gone, names are not in order, or a
            statement failed (those before it stay).
        DependencyDown: ClickHouse does not answer.
    """
    migrations = read_migrations(folder)
    make_database(settings)
    client = writer(settings)
    try:
        with clickhouse_answers():
            client.command(LEDGER)
            rows = client.query("SELECT name, checksum FROM schema_migrations FINAL").result_rows
            applied = {str(name): str(checksum) for name, checksum in rows}
            pending = unapplied(migrations, applied)
            for migration in pending:
                _apply(client, migration)
    finally:
        client.close()
    return [migration.name for migration in pending]


def read_migrations(folder: Path) -> list[Migration]:
    """The folder's migrations in order.

    Raises:
        MigrationError: a name is not ``NNNN_name.sql``, or a number is missing or double.
    """
    migrations = []
    for number, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        found = _NAME.fullmatch(path.name)
        if found is None or int(found[1]) != number:
            raise MigrationError(f"{path}: expected a name like {number:04}_what_it_does.sql here")
        text = path.read_text()
        checksum = hashlib.sha256(text.encode()).hexdigest()
        migrations.append(Migration(path.name, statements_of(text), checksum))
    return migrations


def statements_of(text: str) -> tuple[str, ...]:
    """The statements of a file; pieces that are nothing but comments are left out."""
    pieces = (piece.strip() for piece in _STATEMENT_END.split(text))
    return tuple(piece for piece in pieces if _COMMENT_LINE.sub("", piece).strip())


def unapplied(migrations: Sequence[Migration], applied: Mapping[str, str]) -> list[Migration]:
    """What is still to be applied, given the names and checksums of what was.

    Raises:
        MigrationError: what was applied is no longer what the files say.
    """
    known = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in applied.items():
        if name not in known:
            raise MigrationError(f"{name} was applied to this warehouse, but the file is gone")
        if known[name] != checksum:
            raise MigrationError(
                f"{name} was edited after it was applied: put it back as it was, and write the"
                " change as a new migration"
            )
    return [migration for migration in migrations if migration.name not in applied]


def _apply(client: Client, migration: Migration) -> None:
    for number, statement in enumerate(migration.statements, start=1):
        try:
            with clickhouse_answers():
                client.command(statement)
        except DatabaseError as error:
            raise MigrationError(f"{migration.name}, statement {number}: {error}") from error
    columns = ["name", "checksum"]
    client.insert("schema_migrations", [[migration.name, migration.checksum]], column_names=columns)


def main() -> None:
    """Apply what is pending, and say what that was."""
    started = time.monotonic()
    try:
        applied = migrate(load_settings())
    except PromoError as error:
        sys.exit(f"migrate: {explain(error)}")
    for name in applied:
        print(f"migrate: applied {name}")
    print(f"migrate: {len(applied)} applied ({time.monotonic() - started:.1f} s)")


if __name__ == "__main__":
    run_command(main)
