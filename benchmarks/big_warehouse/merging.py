"""A warehouse whose parts nobody has merged, and one whose parts all are."""

from connectors.settings import Settings
from warehouse.client import writer
from warehouse.rows import Table

_LARGEST_MERGE = (
    "max_bytes_to_merge_at_max_space_in_pool",
    "max_bytes_to_merge_at_min_space_in_pool",
)


def hold_merges(settings: Settings) -> None:
    """From now on every insert stays a part of its own, which is worse than life ever is."""
    changes = ", ".join(f"{name} = 1" for name in _LARGEST_MERGE)
    with writer(settings) as client:
        for table in Table:
            client.command(f"ALTER TABLE {table} MODIFY SETTING {changes}")


def merge_all(settings: Settings) -> None:
    """Merge again as ever, and every table into one part; takes half a minute at full size."""
    with writer(settings) as client:
        for table in Table:
            client.command(f"ALTER TABLE {table} RESET SETTING {', '.join(_LARGEST_MERGE)}")
            client.command(f"OPTIMIZE TABLE {table} FINAL")
