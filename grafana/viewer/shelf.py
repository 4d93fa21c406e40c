"""All generated dashboards, in the order of the page's tabs."""

from collections.abc import Mapping
from importlib import resources

import orjson

from grafana.viewer.board import Board, read_board

ORDER = ("promo-overview", "abuse-desk", "user", "pipeline-health")
"""Those that are not named here come last."""


def every_board() -> Mapping[str, Board]:
    """By uid.

    Raises:
        DashboardError: one of them holds something that the page cannot show.
    """
    folder = resources.files("grafana") / "generated" / "dashboards"
    found = [read_board(orjson.loads(file.read_bytes())) for file in folder.iterdir()]
    ranks = {uid: rank for rank, uid in enumerate(ORDER)}
    ordered = sorted(found, key=lambda board: (ranks.get(board.uid, len(ranks)), board.uid))
    return {board.uid: board for board in ordered}
