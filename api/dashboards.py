"""The dashboards' page behind its routes: who may look, what is asked, which files there are."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from fastapi import Depends
from starlette.requests import Request

from api.access.limits import Limits
from api.access.session import Sessions
from api.answer_table import AnswerTable
from api.observe import DASHBOARDS
from api.page_files import PageFiles
from api.warehouse_reader import WarehouseReader
from connectors.settings import Settings
from grafana.viewer.board import Board, Panel, Variable
from grafana.viewer.choices import choices
from grafana.viewer.macros import resolve
from grafana.viewer.period import Span, span
from grafana.viewer.shelf import every_board

MOST_ROWS = 5_000
MOST_OPTIONS = 10_000
AT_ONCE = 4
"""Questions of all pages under way at once, of the :data:`~api.warehouse_reader.MOST_AT_ONCE`
that the API may ask: open pages wait for each other, and never keep an API's caller waiting."""

_UNSEEN = {"target": True, "query": True}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of a dashboard: its period, and names and values of variables."""

    begin: str
    end: str
    given: Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Dashboards:
    """Everything that the page's routes need."""

    boards: Mapping[str, Board]
    files: PageFiles
    sessions: Sessions
    limits: Limits
    warehouse: WarehouseReader
    currency: str
    is_tls: bool
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @classmethod
    def of(
        cls, settings: Settings, sessions: Sessions, limits: Limits, warehouse: WarehouseReader
    ) -> Self:
        """Read dashboards and files; nothing is connected.

        Raises:
            DashboardError: a dashboard cannot be shown.
        """
        return cls(
            every_board(),
            PageFiles.read(f"{DASHBOARDS}/static"),
            sessions,
            limits,
            warehouse,
            settings.value_currency,
            settings.api_tls_certificate is not None,
        )

    def shown(self, board: Board) -> dict[str, Any]:
        """What a browser needs of a dashboard: everything but its SQL."""
        titles = [{"uid": each.uid, "title": each.title} for each in self.boards.values()]
        document = asdict(board, dict_factory=_without_sql)
        return {**document, "currency": self.currency, "boards": titles}

    async def answer(self, board: Board, panel: Panel, asked: Asked) -> dict[str, Any]:
        """A panel's columns and rows, the period in milliseconds, and how long it took.

        Raises:
            UnfitChoice: the dashboard cannot be asked for this.
            DependencyDown: ClickHouse does not answer, or not in time.
        """
        assert panel.target is not None, "a text asks nothing"
        period = span(asked.begin, asked.end, datetime.now(UTC))
        started = time.perf_counter()
        found = await self._ask(board, panel.target.sql, period, asked, MOST_ROWS)
        took_ms = round((time.perf_counter() - started) * 1000, 1)
        ends = {"from_ms": period.from_ms, "to_ms": period.to_ms}
        return {"columns": found.columns, "rows": found.rows, "cut": found.cut, **ends,
                "took_ms": took_ms}  # fmt: skip

    async def options(self, board: Board, variable: Variable, asked: Asked) -> dict[str, Any]:
        """A variable's values with their texts; raises as :meth:`answer`."""
        if not variable.query:
            return {"options": [{"value": v, "text": v} for v in variable.options], "cut": False}
        period = span(asked.begin, asked.end, datetime.now(UTC))
        found = await self._ask(board, variable.query, period, asked, MOST_OPTIONS)
        texts = [[str(cell) for cell in row if cell is not None] for row in found.rows]
        listed = [{"value": row[0], "text": row[-1]} for row in texts if row]
        return {"options": listed, "cut": found.cut}

    async def _ask(
        self, board: Board, sql: str, period: Span, asked: Asked, most: int
    ) -> AnswerTable:
        question = resolve(sql, period, choices(board, asked.given))
        async with self._places:
            return await self.warehouse.table(question.sql, question.parameters, most)


async def _dashboards(request: Request) -> Dashboards:
    found: Dashboards = request.app.state.dashboards
    return found


DashboardsDep = Annotated[Dashboards, Depends(_dashboards)]


def _without_sql(items: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in items if name not in _UNSEEN}
