"""What all dashboards have: an address, links to each other, UTC, live refresh."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DashboardLinkType

Panel = Builder[models.Panel]
Variable = Builder[models.VariableModel]

TAG = "promo-sentinel"
REFRESH = "5s"
"""What Grafana allows at least; the built-in page asks again as soon as that costs little."""


def frame(uid: str, title: str, about: str, since: str) -> Dashboard:
    """A dashboard without panels yet.

    Args:
        uid: its address.
        title, about: what it is called, and whom it tells what.
        since: the default range's begin, as ``now-30d``; it ends now.
    """
    others = (
        DashboardLink("Dashboards")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .icon("dashboard")
    )
    return (
        Dashboard(title)
        .uid(uid)
        .description(about)
        .tags([TAG])
        .timezone("utc")
        .time(since, "now")
        .refresh(REFRESH)
        .editable()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(others)
    )
