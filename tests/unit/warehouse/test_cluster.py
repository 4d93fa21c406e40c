"""The warehouse's tables on a cluster, made of the migrations' text."""

import re

import pytest

from connectors.errors import MigrationError
from warehouse.cluster import SHARDING, Cluster, clustered, mutations, statements
from warehouse.migrate import MIGRATIONS, read_migrations
from warehouse.rows import Table

SHARDED = Cluster("promo")
REPLICATED = Cluster("promo", is_sharded=False)
CREATED = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+) ON CLUSTER 'promo'")
SORTED_BY = re.compile(r"ORDER BY \(?([\w, ]+)")


def created(cluster: Cluster) -> dict[str, str]:
    found = {s: CREATED.match(s) for s in statements(cluster)}
    return {match[1]: statement for statement, match in found.items() if match}


def test_every_table_is_there_on_each_shard_and_over_all_of_them() -> None:
    tables = {*Table, "schema_migrations"}
    assert set(created(SHARDED)) == tables | {f"{table}_local" for table in tables}
    assert set(created(REPLICATED)) == tables
    assert set(SHARDING) == tables


def test_tables_that_hold_rows_are_replicated_and_keep_how_they_choose_a_version() -> None:
    users = created(SHARDED)["users_local"]
    assert (
        "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}',"
        " '{replica}', version, is_deleted)\nORDER BY user_id"
    ) in users
    for statement in created(REPLICATED).values():
        assert "ENGINE = ReplicatedReplacingMergeTree(" in statement


@pytest.mark.parametrize("table", sorted(SHARDING))
def test_all_versions_of_a_row_lie_on_one_shard(table: str) -> None:
    sorting = SORTED_BY.search(created(SHARDED)[f"{table}_local"])
    assert sorting is not None
    assert set(SHARDING[table]) <= set(sorting[1].split(", "))
    over_all = created(SHARDED)[table]
    key = f"cityHash64({', '.join(SHARDING[table])})"
    assert f"Distributed('promo', currentDatabase(), '{table}_local', {key})" in over_all


@pytest.mark.parametrize("cluster", [SHARDED, REPLICATED])
def test_no_statement_is_for_one_server_alone(cluster: Cluster) -> None:
    for statement in (*statements(cluster), *mutations(cluster)):
        assert statement.count("ON CLUSTER 'promo'") == 1


def test_every_statement_of_the_migrations_is_there_in_order() -> None:
    migrated = [s for m in read_migrations(MIGRATIONS) for s in m.statements]
    assert len(list(statements(REPLICATED))) == len(migrated) + 1  # and the ledger
    views = [s for s in statements(SHARDED) if " VIEW " in s]
    names = ["code_worth", "standing_accounts", "code_worth", "uncounted_identifiers"]
    assert [view.split()[4] for view in views] == names


def test_columns_are_added_on_shards_and_over_them_but_indexes_on_shards_only() -> None:
    column = "ALTER TABLE users ADD COLUMN IF NOT EXISTS agent Nullable(String)"
    assert [s.split()[2] for s in clustered(column, SHARDED)] == ["users_local", "users"]
    index = "ALTER TABLE users\n    ADD INDEX IF NOT EXISTS i device TYPE minmax GRANULARITY 1"
    assert [s.split()[2] for s in clustered(index, SHARDED)] == ["users_local"]
    assert [s.split()[2] for s in clustered(column, REPLICATED)] == ["users"]


def test_erasures_go_to_the_tables_that_hold_rows() -> None:
    found = list(mutations(SHARDED))
    assert len(found) == 9
    assert all(re.match(r"ALTER TABLE \w+_local ON CLUSTER 'promo'\s", one) for one in found)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE IF NOT EXISTS sessions (id String) ENGINE = ReplacingMergeTree ORDER BY id",
        "CREATE TABLE IF NOT EXISTS users (id String) ENGINE = MergeTree ORDER BY id",
        "RENAME TABLE users TO accounts",
    ],
)
def test_what_it_does_not_know_is_refused(statement: str) -> None:
    with pytest.raises(MigrationError):
        clustered(statement, SHARDED)
