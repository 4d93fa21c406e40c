"""Does the source look as the pipeline needs it? What differs, by name, with its remedy. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.debezium.slot import SLOT
from connectors.pipeline_health import Problem
from connectors.source.contract import (
    HEARTBEATS,
    OPERATIONS,
    PUBLICATION,
    TABLES,
    TYPES,
    UNUSED,
    ColumnType,
    TableContract,
)
from connectors.source.state import Column, Publication, Slot, SourceState, Table

DEBEZIUM = "Debezium"
"""What the application names of its sessions begin with."""

_NEW_SNAPSHOT = "`make resnapshot`"

UNPUBLISHED_BEATS = f"publication without {HEARTBEATS}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What differs.

    Attributes:
        problem: what is said.
        loses_rows: while it lasts rows change without an event, or without what an event must
            say: that stays to be mended afterwards.
        is_passing: it may be so for a moment (a restart) and is said at the second look only.
    """

    problem: Problem
    loses_rows: bool = False
    is_passing: bool = False


def findings(state: SourceState, cdc_user: str) -> list[Finding]:
    """Everything that differs from what the pipeline needs, the gravest first."""
    return [
        *_of_server(state, cdc_user),
        *_of_publication(state.publication),
        *(found for name in TABLES for found in _of_table(name, state.tables.get(name))),
        *_of_partitions(state),
        *_of_heartbeats(state.tables),
        *_of_rights(state, cdc_user),
        *_of_slot(state.slot, cdc_user),
    ]


def _finding(name: str, what: str, remedy: str, *, loses: bool = False) -> Finding:
    return Finding(Problem(name, what, remedy), loses)


def _sql(statement: str) -> str:
    return f"as the tables' owner: {statement};"


def _of_server(state: SourceState, cdc_user: str) -> Iterator[Finding]:
    if state.wal_level != "logical":
        yield _finding(
            "wal_level",
            f"PostgreSQL's wal_level is {state.wal_level}, so nothing can be read from its log",
            "as a superuser: ALTER SYSTEM SET wal_level = logical; then restart PostgreSQL",
        )
    if not state.debezium_may_replicate:
        yield _finding(
            "replication right",
            f"role {cdc_user} may not replicate, so Debezium cannot connect again",
            f"as a superuser: ALTER ROLE {cdc_user} REPLICATION;",
        )


def _of_publication(found: Publication | None) -> Iterator[Finding]:
    ours = [*TABLES, HEARTBEATS]
    if found is None:
        yield _finding(
            "publication",
            f"publication {PUBLICATION} does not exist, so no row leaves PostgreSQL",
            _sql(f"CREATE PUBLICATION {PUBLICATION} FOR TABLE {', '.join(ours)}")
            + " the reader then goes on by itself",
        )  # what is lost is known once the log is read: mending.sql
        return
    missing = [operation for operation in OPERATIONS if operation not in found.operations]
    if missing:
        yield _finding(
            "publication operations",
            f"publication {PUBLICATION} does not publish {', '.join(missing)}",
            _sql(
                f"ALTER PUBLICATION {PUBLICATION}"
                " SET (publish = 'insert, update, delete, truncate')"
            ),
            loses=True,
        )
    if not found.for_all_tables:
        yield from _of_published(found, ours)


def _of_published(found: Publication, ours: list[str]) -> Iterator[Finding]:
    for name in ours:
        there = found.tables.get(name)
        add = f"ALTER PUBLICATION {PUBLICATION} ADD TABLE {name}"
        if there is None:
            yield _finding(
                UNPUBLISHED_BEATS if name == HEARTBEATS else f"publication without {name}",
                f"publication {PUBLICATION} has not got table {name}: its changes send no event",
                _sql(add),
                loses=name != HEARTBEATS,
            )
        elif there.is_filtered or there.has_column_list:
            what = "a row filter" if there.is_filtered else "a column list"
            yield _finding(
                f"publication of {name}",
                f"publication {PUBLICATION} has {what} for table {name}",
                _sql(f"ALTER PUBLICATION {PUBLICATION} DROP TABLE {name}; {add}"),
                loses=True,
            )


def _of_table(name: str, found: Table | None) -> Iterator[Finding]:
    contract = TABLES[name]
    if found is None:
        yield _finding(
            f"table {name}",
            f"table public.{name} does not exist",
            "`make up` makes it, empty; then restore its rows",
            loses=True,
        )
        return
    if found.key != (contract.key,):
        yield _finding(
            f"primary key of {name}",
            f"the primary key of {name} is not {contract.key}",
            _sql(f"ALTER TABLE {name} ADD PRIMARY KEY ({contract.key})")
            + " drop the other one before",
            loses=True,
        )
    if found.replica_identity != "f":
        yield _finding(
            f"replica identity of {name}",
            f"table {name} has no REPLICA IDENTITY FULL: events lack old and long values",
            _sql(f"ALTER TABLE {name} REPLICA IDENTITY FULL"),
            loses=True,
        )
    if found.hides_rows:
        yield _finding(
            f"row security of {name}",
            f"row level security hides rows of table {name} from us: no snapshot, no comparison",
            _sql(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")
            + " or, as a superuser, ALTER ROLE … BYPASSRLS for each of our roles",
        )
    if not found.refuses_truncate:
        yield _finding(
            f"guard of {name}",
            f"table {name} does not refuse TRUNCATE, which sends no event",
            f"`make up`, or {_sql(f'ALTER TABLE {name} ENABLE ALWAYS TRIGGER no_truncate')}",
        )
    yield from _of_columns(name, contract, found)


def _of_partitions(state: SourceState) -> Iterator[Finding]:
    if state.publication is None or state.publication.via_root:
        return
    for name in (name for name in TABLES if name in state.tables):
        if state.tables[name].is_partitioned:
            yield _finding(
                f"partitions of {name}",
                f"table {name} is partitioned: its rows are published as other tables'",
                _sql(f"ALTER PUBLICATION {PUBLICATION} SET (publish_via_partition_root = true)"),
                loses=True,
            )


def _of_columns(name: str, contract: TableContract, found: Table) -> Iterator[Finding]:
    missing = [column for column in contract.columns if column not in found.columns]
    for column in missing:
        kind = contract.columns[column]
        yield _finding(
            f"column {name}.{column}",
            f"table {name} has no column {column}" + _without(column, ": its rows are set aside"),
            _sql(_restore(name, column, kind, contract, found, alone=len(missing) == 1)),
            loses=column not in UNUSED,
        )
    for column, kind in contract.columns.items():
        there = found.columns.get(column)
        if there is None:
            continue
        if there.is_generated:
            yield _finding(
                f"column {name}.{column}",
                f"column {name}.{column} is generated, and PostgreSQL sends no generated column"
                + _without(column, ": rows are set aside"),
                _sql(f"ALTER TABLE {name} ALTER COLUMN {column} DROP EXPRESSION"),
                loses=column not in UNUSED,
            )
        elif not _fits(there, kind):
            yield _finding(
                f"column {name}.{column}",
                f"column {name}.{column} is {there.type_name}, not {kind}",
                _sql(
                    f"ALTER TABLE {name} ALTER COLUMN {column} TYPE {kind} USING {column}::{kind}"
                ),
                loses=True,
            )


def _without(column: str, what_happens: str) -> str:
    return ", of which nothing is made" if column in UNUSED else what_happens


def _restore(
    name: str, column: str, kind: ColumnType, contract: TableContract, found: Table, *, alone: bool
) -> str:
    """Give a column its name back where one other column alone can be it; else add it."""
    candidates = [
        other
        for other, there in found.columns.items()
        if other not in contract.columns and _fits(there, kind) and not there.is_generated
    ]
    if alone and len(candidates) == 1:
        return f"ALTER TABLE {name} RENAME COLUMN {candidates[0]} TO {column}"
    return f"ALTER TABLE {name} ADD COLUMN {column} {kind}"


def _fits(column: Column, kind: ColumnType) -> bool:
    return column.type_name in TYPES[kind] or (kind is ColumnType.TEXT and column.is_text)


def _of_heartbeats(tables: Mapping[str, Table]) -> Iterator[Finding]:
    if HEARTBEATS not in tables:
        yield _finding(
            f"table {HEARTBEATS}",
            f"table public.{HEARTBEATS} does not exist, so nobody sees whether rows arrive",
            "`make up` makes it; elsewhere `python -m connectors.source.apply`",
        )


def _of_rights(state: SourceState, cdc_user: str) -> Iterator[Finding]:
    for name, table in state.tables.items():
        if not table.debezium_may_read:
            yield _finding(
                f"right to read {name}",
                f"role {cdc_user} may not read table {name}: a snapshot would fail",
                _sql(f"GRANT SELECT ON {name} TO {cdc_user}"),
            )


def _of_slot(found: Slot | None, cdc_user: str) -> Iterator[Finding]:
    if found is None:
        problem = Problem(
            "slot",
            f"replication slot {SLOT} does not exist: nothing keeps the log for Debezium",
            _NEW_SNAPSHOT,
        )
        yield Finding(problem, loses_rows=True, is_passing=True)
    elif found.plugin != "pgoutput" or not found.is_of_this_database:
        yield _finding(
            "slot",
            f"slot {SLOT} is not a logical one of plugin pgoutput in this database",
            f"drop it, then {_NEW_SNAPSHOT}",
            loses=True,
        )
    elif found.wal_status == "lost":
        yield _finding(
            "slot",
            f"slot {SLOT} is lost: PostgreSQL has cut off log that Debezium had not read",
            _NEW_SNAPSHOT,
            loses=True,
        )
    elif not found.is_active:
        problem = Problem(
            "slot reader",
            f"nobody reads slot {SLOT}",
            "Debezium reads the tables first (a snapshot), or cannot read at all:"
            " `make status`, `make restart PART=connect`",
        )
        yield Finding(problem, is_passing=True)
    elif not _is_ours(found, cdc_user):
        who = f"{found.application or 'an unnamed application'} as role {found.reader}"
        yield _finding(
            "slot reader",
            f"somebody else reads slot {SLOT}: {who}. What it confirms never comes here",
            "end it: as a superuser: SELECT pg_terminate_backend(active_pid) FROM"
            f" pg_replication_slots WHERE slot_name = '{SLOT}'; give it a slot of its own",
            loses=True,
        )


def _is_ours(slot: Slot, cdc_user: str) -> bool:
    return slot.reader == cdc_user and (slot.application or "").startswith(DEBEZIUM)
