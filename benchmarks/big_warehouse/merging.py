"""A warehouse whose parts nobody has merged, and one whose parts all are."""

from functools import partial

from clickhouse_connect.driver import Client

from connectors.settings import Settings
from tests.reading import eventually
from warehouse.client import writer
from warehouse.rows import Table

_HELD = {
    "max_bytes_to_merge_at_max_space_in_pool": 1,
    "max_bytes_to_merge_at_min_space_in_pool": 1,
}
_AT_ONCE = {"max_parts_to_merge_at_once": 20}
"""Merging hundreds of wide parts in one go takes more memory than the gateway may use."""
_PATIENCE_S = 600.0
_PARTS = """
SELECT count() FROM system.parts
WHERE active AND database = currentDatabase() AND table = {table:String}
"""


def hold_merges(settings: Settings) -> None:
    """From now on every insert stays a part of its own, which is worse than life ever is."""
    with writer(settings) as client:
        for table in Table:
            _set(client, table, {**_HELD, **_AT_ONCE})


def merge_all(settings: Settings) -> None:
    """Merge again as ever, and every table into one part; takes a minute at full size.

    Raises:
        TimeoutError: merges do not get on.
    """
    with writer(settings) as client:
        for table in Table:
            client.command(f"ALTER TABLE {table} RESET SETTING {', '.join(_HELD)}")
        for table in Table:
            eventually(partial(_is_nearly_merged, client, table), f"{table} is merged", _PATIENCE_S)
            client.command(f"ALTER TABLE {table} RESET SETTING {', '.join(_AT_ONCE)}")
            client.command(f"OPTIMIZE TABLE {table} FINAL")


def _set(client: Client, table: Table, values: dict[str, int]) -> None:
    changes = ", ".join(f"{name} = {value}" for name, value in values.items())
    client.command(f"ALTER TABLE {table} MODIFY SETTING {changes}")


def _is_nearly_merged(client: Client, table: Table) -> bool:
    (parts,) = client.query(_PARTS, {"table": table.value}).result_rows[0]
    return int(parts) <= _AT_ONCE["max_parts_to_merge_at_once"]
