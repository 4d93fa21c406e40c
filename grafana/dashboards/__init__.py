"""The dashboards, one a file, each for somebody: see docs/dashboards.md."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.dashboards import abuse_desk, pipeline_health, promo_overview, user


def all_dashboards() -> Sequence[Dashboard]:
    """Every dashboard, in the order in which they are offered."""
    return (
        promo_overview.dashboard(),
        abuse_desk.dashboard(),
        pipeline_health.dashboard(),
        user.dashboard(),
    )
