"""Fills a migrated warehouse; the rows are a function of sizes, seed and the newest moment."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import resources

from benchmarks.big_warehouse.sizes import Batch, Sizes
from connectors.settings import Settings
from warehouse.client import writer
from warehouse.rows import Table

Report = Callable[[str], None]
SEED = 1
_AT_ONCE = (
    (Table.PROMO_CODES, Table.USERS, Table.PROMO_USAGES),
    (Table.RISK_SCORES, Table.ABUSE_ALERTS, Table.LABELS, Table.LINK_DECISIONS,
     Table.IDENTIFIER_DECISIONS, Table.HEARTBEATS, Table.AUDIT_LOG, Table.DEAD_LETTERS,
     Table.PIPELINE_METRICS),
)  # fmt: skip
"""Tables by the thread that fills them: about as much work for each of two."""


def fill(
    settings: Settings, sizes: Sizes, until: datetime, seed: int = SEED, report: Report = print
) -> None:
    """Insert everything, batch by batch; takes minutes at full size.

    Args:
        settings: of a stack whose empty warehouse is migrated.
        sizes: how much.
        until: the moment of the newest rows, aware.
        seed: of all chance.
        report: is told of each table when it is filled.
    """
    with ThreadPoolExecutor(len(_AT_ONCE), "fill") as pool:
        for done in [
            pool.submit(_fill_tables, settings, sizes, until, seed, tables, report)
            for tables in _AT_ONCE
        ]:
            done.result()


def _fill_tables(
    settings: Settings,
    sizes: Sizes,
    until: datetime,
    seed: int,
    tables: Iterable[Table],
    report: Report,
) -> None:
    common = _parameters(sizes, until, seed)
    with writer(settings) as client:
        for table in tables:
            started, statement = time.monotonic(), _statement(table)
            for batch in sizes.batches_of(table):
                client.command(statement, {**common, **_bounds(batch)})
            report(f"{table} filled ({time.monotonic() - started:.0f} s)")


def _parameters(sizes: Sizes, until: datetime, seed: int) -> dict[str, object]:
    rows = sizes.rows
    return {
        "seed": seed,
        "until": until.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "users": sizes.users,
        "codes": rows[Table.PROMO_CODES],
        "usages": rows[Table.PROMO_USAGES],
        "scorings": rows[Table.RISK_SCORES],
        "samples": rows[Table.PIPELINE_METRICS],
    }


def _bounds(batch: Batch) -> dict[str, object]:
    return {"first": batch.first, "count": batch.count}


def _statement(table: Table) -> str:
    return resources.files(f"{__package__}.sql").joinpath(f"{table}.sql").read_text()
