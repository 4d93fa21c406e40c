"""Rows into ClickHouse, in one insert a table; and out of it."""

from collections import defaultdict
from collections.abc import Iterable

import orjson
from clickhouse_connect.driver import AsyncClient

from connectors.settings import Settings, required
from warehouse.client import async_writer, clickhouse_answers
from warehouse.mutations import mutation
from warehouse.queries import query
from warehouse.removals import Removals, portions
from warehouse.rows import Row, Table

_SETTINGS = {
    "date_time_input_format": "best_effort",
    "input_format_skip_unknown_fields": 0,
    "async_insert": 0,
}

_ASKED_ABOUT, _ASKED_BYTES = 2_000, 64 * 1024
"""Accounts in one question; ClickHouse takes 128 KiB in a field of a form."""

_ACCEPTED = {"mutations_sync": 0}


class Writer:
    """Inserts blocks of rows; connects at the first use and again after a failure.

    Every table replaces rows of equal identity, so a repeated insert changes no answer.

    Raises:
        SettingsError: the password is not set.
    """

    def __init__(self, settings: Settings) -> None:
        # Asked for with the first batch only: what is missing shall be said at the start.
        required(settings.clickhouse_password, "clickhouse_password")
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

    async def remove(self, removals: Removals) -> None:
        """Have what was erased removed; what is inserted afterwards is not touched by it.

        Returns when ClickHouse has accepted all of it, which it keeps over a crash. Until it has
        rewritten a part, its files have the old rows, and answers do not.

        Raises:
            DependencyDown: ClickHouse does not answer; to repeat it is harmless.
        """
        for name, parameters in removals.statements():
            with clickhouse_answers():
                client = await self._connected()
                # A command's parameters travel in the address, however long they are.
                await client.raw_query(mutation(name), dict(parameters), settings=_ACCEPTED)

    async def known(self, users: Iterable[str]) -> dict[str, bool]:
        """Which of these accounts are known, and whether each one stands erased.

        Raises:
            DependencyDown: ClickHouse does not answer.
        """
        found: dict[str, bool] = {}
        for portion in portions(users, _ASKED_ABOUT, _ASKED_BYTES):
            with clickhouse_answers():
                client = await self._connected()
                answer = await client.query(query("known_accounts"), {"users": portion})
            found |= {str(user): bool(is_erased) for user, is_erased in answer.result_rows}
        return found

    async def withdrawn(self, users: Iterable[str]) -> dict[int, int]:
        """The redemptions that these accounts once had and have no more, by their last version.

        Raises:
            DependencyDown: ClickHouse does not answer.
        """
        found: dict[int, int] = {}
        for portion in portions(users, _ASKED_ABOUT, _ASKED_BYTES):
            with clickhouse_answers():
                client = await self._connected()
                answer = await client.query(query("withdrawn_redemptions"), {"users": portion})
            found |= {int(usage_id): int(version) for usage_id, version in answer.result_rows}
        return found

    async def close(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> AsyncClient:
        if self._client is None:
            self._client = await async_writer(self._settings)
        return self._client
