"""Who looks at dashboards waits for others who do; the API's callers do not."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr

from api.access.key_file import Keys
from api.access.keys import KeyRing
from api.access.limits import Limits
from api.access.session import Sessions
from api.answer_table import AnswerTable
from api.dashboards import AT_ONCE, MOST_ROWS, Asked, Dashboards
from api.warehouse_reader import MOST_AT_ONCE, WarehouseReader
from connectors.settings import Settings


class Asking:
    """A warehouse that notes how many ask at once."""

    def __init__(self) -> None:
        self.now, self.most, self.rows = 0, 0, 0

    async def table(self, sql: str, parameters: Mapping[str, object], most: int) -> AnswerTable:
        self.now, self.rows = self.now + 1, most
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        return AnswerTable((), (), False)


def dashboards(tmp_path: Path, warehouse: Asking) -> Dashboards:
    settings = Settings(hash_key=SecretStr("of this test alone"), value_currency="CZK")
    keys = Keys(tmp_path / "keys.json", KeyRing())
    limits = cast("Limits", None)
    sessions = Sessions(keys, "of this test alone")
    return Dashboards.of(settings, sessions, limits, cast("WarehouseReader", warehouse))


async def test_pages_wait_for_each_other_and_leave_places_to_callers(tmp_path: Path) -> None:
    warehouse = Asking()
    pages = dashboards(tmp_path, warehouse)
    board = pages.boards["promo-overview"]
    asked = Asked("now-1d", "now", ())

    answers = await asyncio.gather(
        *(pages.answer(board, panel, asked) for panel in board.panels for _ in range(5))
    )

    assert len(answers) == 5 * len(board.panels)
    assert warehouse.most == AT_ONCE <= MOST_AT_ONCE // 2
    assert warehouse.rows == MOST_ROWS


async def test_a_browser_is_told_the_currency_and_the_other_dashboards(tmp_path: Path) -> None:
    pages = dashboards(tmp_path, Asking())

    told: dict[str, Any] = pages.shown(pages.boards["promo-overview"])

    assert told["currency"] == "CZK"
    assert [board["uid"] for board in told["boards"]] == list(pages.boards)
    assert "target" not in told["panels"][0]
    assert "query" not in told["variables"][0]
