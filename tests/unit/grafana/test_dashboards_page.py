"""What docs/dashboards.md tells of the panels is true of those that are there."""

import re

import pytest

from grafana.viewer.board import Board
from grafana.viewer.shelf import every_board
from infra.native.layout import REPOSITORY

PAGE = (REPOSITORY / "docs/dashboards.md").read_text()


@pytest.mark.parametrize("board", every_board().values(), ids=every_board())
def test_the_page_tells_of_every_panel_in_its_order(board: Board) -> None:
    (section,) = re.findall(rf"^## {board.title}$(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)

    told = re.findall(r"^\| (?!panel |---)([^|]+?) \|", section, re.MULTILINE)

    assert told == [panel.title for panel in board.panels]


def test_every_screenshot_is_there() -> None:
    shown = re.findall(r"!\[[^]]*\]\(([^)]+)\)", PAGE)

    assert len(shown) == len(every_board())
    for image in shown:
        assert (REPOSITORY / "docs" / image).is_file()
