"""The warehouse's tables on a ClickHouse cluster. ``python -m warehouse.cluster --cluster NAME``.

Prints the migrations as a cluster needs them, made of their text, so there is one schema. Nothing
is sent anywhere. Two layouts:

- *replicated* (``--replicated-only``): the same names, each table with a copy on every replica of
  one shard. Statements of the writer, the mutations too, stay as they are.
- *sharded*: each table is ``<name>_local`` on its shard, and ``<name>`` is a ``Distributed`` table
  over all shards, so questions and inserts stay as they are; mutations go to the local tables.

The engine's parser takes every statement (a test asks it); no cluster has run them.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.command import explain, run_command
from connectors.errors import MigrationError, PromoError
from warehouse.migrate import LEDGER, MIGRATIONS, read_migrations
from warehouse.mutations import every_mutation

SHARDING: Mapping[str, tuple[str, ...]] = {
    "users": ("user_id",),
    "promo_codes": ("promo_code",),
    "promo_usages": ("usage_id",),
    "risk_scores": ("user_id",),
    "abuse_alerts": ("user_id",),
    "labels": ("user_id",),
    "link_decisions": ("user_id",),
    "identifier_decisions": ("kind", "hash", "authority"),
    "audit_log": ("audit_id",),
    "dead_letters": ("topic", "partition", "offset"),
    "heartbeats": ("partition",),
    "pipeline_metrics": ("part", "metric", "labels"),
    "schema_migrations": ("name",),
}
"""Columns whose hash chooses a row's shard. They are part of the row's identity (the sorting key),
so every version of a row lies on one shard, where FINAL finds them all. A redemption goes by its
own number, not by its account: an update may give it to another account."""

_PATH = "/clickhouse/tables/{shard}/{database}/{table}"
_COMMENTS = re.compile(r"^\s*--.*\n?", re.MULTILINE)
_CREATE_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")
_ALTER_TABLE = re.compile(r"ALTER TABLE (\w+)")
_CREATE_VIEW = re.compile(r"CREATE OR REPLACE VIEW (\w+)")
_ENGINE = re.compile(r"ENGINE = ReplacingMergeTree(?:\(([^)]*)\))?")
_OF_COLUMNS = re.compile(r"\s+(?:ADD|DROP|MODIFY|RENAME) COLUMN\b")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the statements are for.

    Attributes:
        name: of the cluster in the servers' configuration (``remote_servers``).
        is_sharded: several shards, each with its share of the rows; else replicas alone.
    """

    name: str
    is_sharded: bool = True

    def local(self, table: str) -> str:
        """The name of the table that holds rows."""
        return f"{table}_local" if self.is_sharded else table


def clustered(statement: str, cluster: Cluster) -> list[str]:
    """What a statement of a migration, or a mutation, becomes on a cluster. Pure.

    Raises:
        MigrationError: it is of a kind that this module does not know, or of a table whose
            sharding key is not in :data:`SHARDING`.
    """
    bare = _COMMENTS.sub("", statement).strip()
    if found := _CREATE_TABLE.match(bare):
        return _table(bare, _known(found[1]), cluster)
    if found := _ALTER_TABLE.match(bare):
        return _alter(bare, _known(found[1]), cluster)
    if found := _CREATE_VIEW.match(bare):
        return [f"CREATE OR REPLACE VIEW {found[1]} {_on(cluster)}{bare[found.end() :]}"]
    raise MigrationError(f"warehouse/cluster.py does not know statements like: {bare[:60]}")


def statements(cluster: Cluster) -> Iterator[str]:
    """The ledger and every migration, in order."""
    for statement in (LEDGER, *(s for m in read_migrations(MIGRATIONS) for s in m.statements)):
        yield from clustered(statement, cluster)


def mutations(cluster: Cluster) -> Iterator[str]:
    """The mutations of erasures, as the warehouse worker has to send them to this cluster."""
    for text in every_mutation().values():
        yield from clustered(text, cluster)


def sharding_key(table: str) -> str:
    """The expression by which a ``Distributed`` table chooses a row's shard."""
    return f"cityHash64({', '.join(SHARDING[table])})"


def _table(bare: str, table: str, cluster: Cluster) -> list[str]:
    local = cluster.local(table)
    bare = bare.replace(
        f"CREATE TABLE IF NOT EXISTS {table}",
        f"CREATE TABLE IF NOT EXISTS {local} {_on(cluster)}",
        1,
    )
    made, changed = _ENGINE.subn(_replicated, bare)
    if changed != 1:
        raise MigrationError(f"the engine of {table} is not a ReplacingMergeTree")
    if not cluster.is_sharded:
        return [made]
    return [made, _distributed(table, cluster)]


def _replicated(engine: re.Match[str]) -> str:
    arguments = ", ".join(filter(None, (f"'{_PATH}'", "'{replica}'", engine[1])))
    return f"ENGINE = ReplicatedReplacingMergeTree({arguments})"


def _distributed(table: str, cluster: Cluster) -> str:
    local = cluster.local(table)
    return (
        f"CREATE TABLE IF NOT EXISTS {table} {_on(cluster)} AS {local}\n"
        f"ENGINE = Distributed('{cluster.name}', currentDatabase(), '{local}',"
        f" {sharding_key(table)})"
    )


def _alter(bare: str, table: str, cluster: Cluster) -> list[str]:
    """Rows, indexes and settings are the local table's; columns are the distributed one's too."""
    rest = bare.removeprefix(f"ALTER TABLE {table}")
    altered = [f"ALTER TABLE {cluster.local(table)} {_on(cluster)}{rest}"]
    if cluster.is_sharded and _OF_COLUMNS.match(rest):
        altered.append(f"ALTER TABLE {table} {_on(cluster)}{rest}")
    return altered


def _on(cluster: Cluster) -> str:
    return f"ON CLUSTER '{cluster.name}'"


def _known(table: str) -> str:
    if table not in SHARDING:
        raise MigrationError(f"say in warehouse/cluster.py by which columns {table} is sharded")
    return table


def main() -> None:
    """Print the statements, each with a semicolon."""
    parser = argparse.ArgumentParser(prog="python -m warehouse.cluster", description=__doc__)
    parser.add_argument("--cluster", required=True, help="its name in remote_servers")
    parser.add_argument("--replicated-only", action="store_true", help="one shard, same names")
    parser.add_argument("--mutations", action="store_true", help="those of erasures instead")
    asked = parser.parse_args()
    if not re.fullmatch(r"\w+", asked.cluster):
        parser.error("a cluster's name has letters, digits and underscores")
    cluster = Cluster(asked.cluster, is_sharded=not asked.replicated_only)
    try:
        for statement in (mutations if asked.mutations else statements)(cluster):
            print(f"{statement};\n")
    except PromoError as error:
        sys.exit(f"cluster: {explain(error)}")


if __name__ == "__main__":
    run_command(main)
