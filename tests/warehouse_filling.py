"""Putting rows into a stack's warehouse, as the workers do."""

import asyncio
from collections.abc import Iterable

from connectors.settings import Settings
from warehouse.client import writer
from warehouse.rows import Row, Table
from warehouse.writer import Writer


def insert(settings: Settings, rows: Iterable[Row]) -> None:
    """Insert rows; returns when they can be read."""

    async def run() -> None:
        made = Writer(settings)
        await made.insert(rows)
        await made.close()

    asyncio.run(run())


def empty(settings: Settings, *tables: Table) -> None:
    """Remove all rows of some tables."""
    with writer(settings) as client:
        for table in tables:
            client.command(f"TRUNCATE TABLE {table.value}")
