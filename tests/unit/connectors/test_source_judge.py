"""What differs at the source is named with the command that mends it."""

from dataclasses import replace

import pytest

from connectors.source.contract import HEARTBEATS, TABLES, TYPES
from connectors.source.judge import findings
from connectors.source.state import Column, Publication, Published, Slot, SourceState, Table

CDC = "promo_cdc"


def table(name: str) -> Table:
    """A table as the contract wants it."""
    contract = TABLES[name]
    columns = {c: Column(min(TYPES[kind]), False, False) for c, kind in contract.columns.items()}
    return Table("f", "1/1", True, (contract.key,), columns, True)


def well() -> SourceState:
    """A source of which nothing is to be said."""
    names = [*TABLES, HEARTBEATS]
    published = {name: Published(False, False) for name in names}
    operations = frozenset({"insert", "update", "delete"})
    beats = Table("d", "2/2", False, ("beat_key",), {}, True)
    return SourceState(
        "logical",
        "00000001",
        "2026-01-01",
        Publication("1", "1", False, operations, published),
        {**{name: table(name) for name in TABLES}, HEARTBEATS: beats},
        Slot("pgoutput", True, "reserved", True, CDC, "Debezium Streaming"),
        True,
    )


def with_users(state: SourceState, **changed: object) -> SourceState:
    users = replace(state.tables["users"], **changed)  # type: ignore[arg-type]
    return replace(state, tables={**state.tables, "users": users})


def with_column(name: str, column: Column | None, **more: Column) -> SourceState:
    columns = {**well().tables["users"].columns, **more}
    if column is None:
        del columns[name]
    else:
        columns[name] = column
    return with_users(well(), columns=columns)


def said(state: SourceState) -> list[str]:
    return [str(finding.problem) for finding in findings(state, CDC)]


def test_nothing_is_said_of_a_source_that_is_as_it_must_be() -> None:
    assert said(well()) == []


def without(name: str) -> SourceState:
    publication = well().publication
    assert publication is not None
    tables = {n: p for n, p in publication.tables.items() if n != name}
    return replace(well(), publication=replace(publication, tables=tables))


def filtered(name: str) -> SourceState:
    publication = well().publication
    assert publication is not None
    return published(tables={**publication.tables, name: Published(True, False)})


def published(**changed: object) -> SourceState:
    publication = well().publication
    assert publication is not None
    return replace(well(), publication=replace(publication, **changed))  # type: ignore[arg-type]


def read(**changed: object) -> SourceState:
    slot = well().slot
    assert slot is not None
    return replace(well(), slot=replace(slot, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "named", "remedy"),
    [
        (replace(well(), publication=None), "publication promo does not exist", "CREATE"),
        (without("promo_usages"), "has not got table promo_usages", "ADD TABLE promo_usages"),
        (published(operations=frozenset({"insert", "update"})), "publish delete", "SET (publish"),
        (filtered("users"), "a row filter for table users",
         "DROP TABLE users; ALTER PUBLICATION promo ADD TABLE users"),
        (with_users(well(), replica_identity="d"), "users has no REPLICA IDENTITY FULL",
         "ALTER TABLE users REPLICA IDENTITY FULL"),
        (with_users(well(), refuses_truncate=False), "users does not refuse TRUNCATE",
         "ENABLE ALWAYS TRIGGER no_truncate"),
        (with_users(well(), key=("email",)), "primary key of users is not user_id",
         "ADD PRIMARY KEY (user_id)"),
        (with_users(well(), debezium_may_read=False), "promo_cdc may not read table users",
         "GRANT SELECT ON users TO promo_cdc"),
        (with_column("device_id", None), "no column device_id", "ADD COLUMN device_id text"),
        (with_column("device_id", None, device=Column("text", True, False)),
         "users has no column device_id", "RENAME COLUMN device TO device_id"),
        (with_column("dob", Column("text", True, False)), "dob is text, not date", "TYPE date"),
        (with_column("is_email_verified", Column("bool", False, True)),
         "users.is_email_verified is generated", "DROP EXPRESSION"),
        (replace(well(), slot=None), "slot promo does not exist", "make resnapshot"),
        (read(wal_status="lost"), "slot promo is lost", "make resnapshot"),
        (read(plugin="test_decoding"), "not a logical one of plugin pgoutput", "make resnapshot"),
        (read(is_active=False, reader=None, application=None), "nobody reads slot", "connect"),
        (read(application="pg_recvlogical"), "somebody else reads slot promo: pg_recvlogical",
         "pg_terminate_backend"),
        (replace(well(), wal_level="replica"), "wal_level is replica", "wal_level = logical"),
        (replace(well(), debezium_may_replicate=False), "may not replicate", "REPLICATION"),
    ],
)  # fmt: skip
def test_what_differs_is_named_with_its_remedy(state: SourceState, named: str, remedy: str) -> None:
    (only,) = said(state)

    assert named in only
    assert remedy in only


def test_a_publication_of_all_tables_has_ours() -> None:
    assert said(published(for_all_tables=True, tables={})) == []


def test_an_enumeration_of_the_shops_own_is_text() -> None:
    assert said(with_column("gender", Column("sex", True, False))) == []


def test_a_column_more_is_the_shops_own_business() -> None:
    assert (
        said(with_column("dob", Column("date", False, False), more=Column("x", False, True))) == []
    )


def test_a_partitioned_tables_rows_are_to_be_published_as_its_own() -> None:
    (told,) = said(with_users(well(), is_partitioned=True))
    assert told.startswith("table users is partitioned: its rows are published as other tables'")
    assert "SET (publish_via_partition_root = true);" in told

    publication = well().publication
    assert publication is not None
    as_root = replace(well(), publication=replace(publication, via_root=True))
    assert said(with_users(as_root, is_partitioned=True)) == []
