"""What the engine says of the cluster's tables: it parses them, and knows their sharding keys.

No cluster is at hand: what servers do with these statements is not checked.
"""

from collections.abc import Callable, Iterator

import pytest
from clickhouse_connect.driver import Client

from connectors.settings import Settings
from warehouse.client import writer
from warehouse.cluster import SHARDING, Cluster, mutations, sharding_key, statements


@pytest.fixture(scope="module")
def client(partial_stack: Callable[..., Settings]) -> Iterator[Client]:
    """The migrated warehouse."""
    made = writer(partial_stack("migrations"))
    yield made
    made.close()


@pytest.mark.parametrize("is_sharded", [True, False])
def test_the_engines_parser_takes_every_statement(client: Client, is_sharded: bool) -> None:
    cluster = Cluster("promo", is_sharded)
    for statement in (*statements(cluster), *mutations(cluster)):
        (formatted,) = client.query(
            "SELECT formatQuery({statement:String})", {"statement": statement}
        ).result_rows[0]
        assert "ON CLUSTER promo" in str(formatted)


@pytest.mark.parametrize("table", sorted(SHARDING))
def test_a_sharding_key_is_a_number_made_of_the_rows_identity(client: Client, table: str) -> None:
    kind = client.query(
        f"SELECT toTypeName({sharding_key(table)}) FROM {table} LIMIT 0 UNION ALL"
        f" SELECT toTypeName(any({sharding_key(table)})) FROM {table}"
    ).result_rows
    assert kind == [("UInt64",)]
    (identity,) = client.query(
        "SELECT sorting_key FROM system.tables"
        " WHERE database = currentDatabase() AND name = {table:String}",
        {"table": table},
    ).result_rows[0]
    assert set(SHARDING[table]) <= set(str(identity).split(", "))
