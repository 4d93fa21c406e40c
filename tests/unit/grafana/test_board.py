"""Every dashboard that is generated is one that the page can show."""

import re
from typing import Any

import pytest

from connectors.errors import DashboardError
from grafana.viewer.board import UNITS, Board, PanelKind, VariableKind, read_board
from grafana.viewer.shelf import ORDER, every_board
from infra.native.layout import REPOSITORY

STATIC = REPOSITORY / "grafana/viewer/static"
BOARDS = every_board()


def test_every_generated_dashboard_is_read_and_none_is_forgotten() -> None:
    files = (REPOSITORY / "grafana/generated/dashboards").glob("*.json")

    assert set(BOARDS) == {file.stem for file in files}
    assert list(BOARDS)[: len(BOARDS)] == [uid for uid in ORDER if uid in BOARDS]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_every_panel_has_a_question_a_description_and_a_place(board: Board) -> None:
    assert len({panel.id for panel in board.panels}) == len(board.panels)
    for panel in board.panels:
        assert panel.description
        assert panel.kind is PanelKind.TEXT or (panel.target and panel.target.sql)
        assert 0 <= panel.grid.x < panel.grid.x + panel.grid.w <= 24


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_no_two_panels_overlap(board: Board) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in board.panels:
        grid = panel.grid
        for place in ((x, y) for x in range(grid.x, grid.x + grid.w)
                      for y in range(grid.y, grid.y + grid.h)):  # fmt: skip
            assert taken.setdefault(place, panel.title) == panel.title


def test_variables_say_what_holds_where_nothing_is_chosen() -> None:
    board = BOARDS["promo-overview"]
    code, per, first = (board.variable(name) for name in ("code", "per", "first_event"))

    assert code is not None
    assert (code.kind, code.multi, code.default) == (VariableKind.QUERY, True, ("__all",))
    assert per is not None
    assert (per.kind, per.options[0], per.default) == (VariableKind.CUSTOM, "auto", ("auto",))
    assert first is not None
    assert (first.hidden, first.default) == (True, ())


def test_the_page_writes_every_unit_that_a_dashboard_may_have() -> None:
    cases = set(re.findall(r"case '([^']+)'", (STATIC / "units.js").read_text()))

    assert cases == UNITS


def test_the_page_draws_every_kind_of_panel() -> None:
    draws = re.search(r"const DRAWS = \{([^}]+)\}", (STATIC / "panel.js").read_text())

    assert draws is not None
    assert set(re.findall(r"(\w+):", draws[1])) == {kind.value for kind in PanelKind}


def a_board(**of_the_panel: Any) -> dict[str, Any]:
    panel = {
        "id": 1, "type": "stat", "title": "Redemptions",
        "gridPos": {"x": 0, "y": 0, "w": 4, "h": 4},
        "targets": [{"rawSql": "SELECT 1", "queryType": "table"}], **of_the_panel,
    }  # fmt: skip
    return {"uid": "b", "title": "B", "time": {"from": "now-1h", "to": "now"}, "panels": [panel]}


@pytest.mark.parametrize(
    ("of_the_panel", "told"),
    [
        ({"type": "piechart"}, "piechart"),
        ({"targets": []}, "0 questions"),
        ({"transformations": [{}]}, "transformations"),
        ({"repeat": "code"}, "repeat"),
        ({"fieldConfig": {"defaults": {"unit": "parsec"}}}, "parsec"),
        ({"fieldConfig": {"defaults": {"displayMode": "x"}}}, "displayMode"),
        ({"fieldConfig": {"defaults": {"mappings": [{"type": "regex"}]}}}, "values and ranges"),
        (
            {"fieldConfig": {"overrides": [{"matcher": {"id": "byType"}, "properties": []}]}},
            "by their name",
        ),
    ],
)
def test_what_the_page_cannot_draw_is_named(of_the_panel: dict[str, Any], told: str) -> None:
    assert read_board(a_board()).panels

    with pytest.raises(DashboardError, match=f"dashboard b: panel Redemptions: .*{told}"):
        read_board(a_board(**of_the_panel))


def test_the_page_loads_nothing_from_elsewhere_and_has_no_inline_script_or_style() -> None:
    for file in STATIC.iterdir():
        text = re.sub(r"http://www\.w3\.org/(2000/svg|1999/xlink)", "", file.read_text())
        assert "http:" not in text
        assert "https:" not in text
        assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\b", text)
        if file.suffix == ".html":
            assert not re.search(r"<script(?! [^>]*src=)|<style|\bstyle=|\bon\w+=", text)
