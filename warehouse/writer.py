"""Rows into ClickHouse, in one insert a table."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import orjson
from clickhouse_connect.driver import AsyncClient

from connectors.settings import Settings
from warehouse.client import async_writer, clickhouse_answers
from warehouse.rows import Row, Table

_SETTINGS = {
    "date_time_input_format": "best_effort",
    "input_format_skip_unknown_fields": 0,
    "async_insert": 0,
}


class Writer:
    """Inserts blocks of rows; connects at the first use and again after a failure.

    Every table replaces rows of equal identity, so a repeated insert changes no answer.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: AsyncClient | None = None

    async def insert(self, rows: Iterable[Row]) -> dict[Table, int]:
        """Insert rows; returns how many for each table.

        Raises:
            DependencyDown: ClickHouse does not answer; any part may have been inserted.
        """
        blocks: dict[Table, list[bytes]] = defaultdict(list)
        for row in rows:
            blocks[row.table].append(orjson.dumps(row.values))
        with clickhouse_answers():
            client = await self._connected()
            for table, lines in blocks.items():
                await client.raw_insert(
                    table.value, insert_block=b"\n".join(lines), settings=_SETTINGS,
                    fmt="JSONEachRow",
                )  # fmt: skip
        return {table: len(lines) for table, lines in blocks.items()}

    async def forget_scores(self, user_ids: Sequence[str]) -> None:
        """Delete all scores of erased accounts.

        Raises:
            DependencyDown: ClickHouse does not answer.
        """
        if not user_ids:
            return
        with clickhouse_answers():
            client = await self._connected()
            await client.command(
                "DELETE FROM risk_scores WHERE user_id IN {users:Array(String)}",
                parameters={"users": list(user_ids)},
            )

    async def close(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> AsyncClient:
        if self._client is None:
            self._client = await async_writer(self._settings)
        return self._client
