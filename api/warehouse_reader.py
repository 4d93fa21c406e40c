"""Questions to ClickHouse that a person at a dashboard waits for.

While ClickHouse is away, or hangs, every question ends in :class:`DependencyDown` within
seconds, and whoever asks right after it is refused at once.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any

import orjson
from clickhouse_connect.driver import AsyncClient

from api.answer_table import FORMAT, AnswerTable, read_answer
from connectors.errors import DependencyDown
from connectors.settings import Settings, required
from warehouse.client import Patience, async_reader, clickhouse_answers
from warehouse.queries import query

MOST_AT_ONCE = 8
"""Questions under way at once; more wait for their turn."""

PATIENCE = Patience(connect_s=2, answer_s=10)
_SILENCE_S, _PING_S = 2.0, 2.0
_REFUSED_FOR_S = 1.0
_SETTINGS: Mapping[str, object] = MappingProxyType(
    {
        # Before we stop waiting: what nobody waits for need not go on.
        "max_execution_time": PATIENCE.answer_s - 1,
        "date_time_output_format": "iso",
        "output_format_json_quote_64bit_integers": 0,
        # Else weeks and months end in 2149.
        "enable_extended_results_for_datetime_functions": 1,
    }
)

Row = dict[str, Any]
"""A row of an answer: JSON values by column; times are ISO 8601 in UTC."""


class WarehouseReader:
    """Asks the queries of :mod:`warehouse.queries` as the read-only user.

    It connects at the first question, again after a failure, and keeps its connections.

    Raises:
        SettingsError: the password is not set.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        # Asked for with the first question only: what is missing shall be said at the start.
        required(settings.clickhouse_api_password, "clickhouse_api_password")
        self._settings, self._clock = settings, clock
        self._client: AsyncClient | None = None
        self._connecting = asyncio.Lock()
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._failed_at = float("-inf")

    async def rows(self, name: str, **parameters: object) -> list[Row]:
        """The answer to one query, in its order.

        Args:
            name: of the query.
            parameters: bound to its placeholders.

        Raises:
            DependencyDown: ClickHouse does not answer, or not in time.
        """
        text = await self._text(query(name), parameters, "JSONEachRow", _SETTINGS)
        return [orjson.loads(line) for line in text.splitlines()]

    async def table(self, sql: str, parameters: Mapping[str, object], most: int) -> AnswerTable:
        """The answer to a question that is not in :mod:`warehouse.queries`, of ``most`` rows.

        Args:
            sql: of our own making; what others chose is bound to its placeholders.
            parameters: all of its placeholders, and no others.
            most: rows; one more is asked for, to tell whether there are more.

        Raises:
            DependencyDown: as :meth:`rows`.
        """
        settings = {**_SETTINGS, "limit": most + 1}
        return read_answer(await self._text(sql, parameters, FORMAT, settings), most)

    async def close(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            await self._client.close()

    async def _connected(self) -> AsyncClient:
        async with self._connecting:
            self._must_not_have_failed()  # while we waited for somebody else who tried
            if self._client is None:
                try:
                    async with asyncio.timeout(PATIENCE.connect_s):
                        self._client = await async_reader(self._settings, PATIENCE)
                except (TimeoutError, DependencyDown):
                    self._failed_at = self._clock()
                    raise
            return self._client

    async def _text(
        self,
        sql: str,
        parameters: Mapping[str, object],
        written: str,
        settings: Mapping[str, object],
    ) -> bytes:
        self._must_not_have_failed()
        try:
            async with asyncio.timeout(PATIENCE.answer_s), self._places:
                client = await self._connected()
                asked = client.raw_query(sql, dict(parameters), dict(settings), fmt=written)
                return await self._answer(client, asked)
        except TimeoutError as error:
            raise DependencyDown("ClickHouse: no answer in time") from error

    async def _answer(self, client: AsyncClient, asked: Coroutine[Any, Any, bytes]) -> bytes:
        asking = asyncio.create_task(asked)
        try:
            await asyncio.wait({asking}, timeout=_SILENCE_S)
            # It may be thinking, or be stopped: who thinks still answers a ping.
            if not asking.done() and not await client.ping(_PING_S):
                self._failed_at = self._clock()
                raise DependencyDown("ClickHouse: it hangs")
            with clickhouse_answers():
                return await asking
        finally:
            asking.cancel()

    def _must_not_have_failed(self) -> None:
        if self._clock() < self._failed_at + _REFUSED_FOR_S:
            raise DependencyDown("ClickHouse: it did not answer a moment ago")
