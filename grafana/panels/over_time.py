"""How something goes over time: stacked bars of counts, or lines of measurements."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.builders.common import (
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.models.common import (
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from grafana.panels.palette import fixed
from grafana.panels.target import Asked, datasource
from grafana.panels.units import DECIMALS, Unit

HEIGHT = 9


def bars(
    title: str,
    about: str,
    question: str,
    unit: Unit = Unit.COUNT,
    *,
    colours: Mapping[str, str],
    width: int = 12,
    height: int = HEIGHT,
) -> timeseries.Panel:
    """Counts in each stretch of time, one upon the other; a stretch without any has no bar.

    Args:
        title, about: what it is, and what it tells.
        question: columns ``time`` and one number a series, or ``time``, name and number.
        unit: of the numbers.
        colours: of the series, by name, from the bottom up.
        width, height: of 24, and in rows.
    """
    panel = (
        _panel(title, about, question, unit, colours, width, height)
        .draw_style(GraphDrawStyle.BARS)
        .fill_opacity(80)
        .line_width(0)
        .stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
    )
    return panel.min(0)


def lines(
    title: str,
    about: str,
    question: str,
    unit: Unit,
    *,
    colours: Mapping[str, str] | None = None,
    width: int = 12,
    height: int = HEIGHT,
) -> timeseries.Panel:
    """Measurements; as :func:`bars`, but side by side."""
    return (
        _panel(title, about, question, unit, colours or {}, width, height)
        .draw_style(GraphDrawStyle.LINE)
        .fill_opacity(10)
        .line_width(2)
        .show_points(VisibilityMode.AUTO)
        .min(0)
    )


def _panel(
    title: str,
    about: str,
    question: str,
    unit: Unit,
    colours: Mapping[str, str],
    width: int,
    height: int,
) -> timeseries.Panel:
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(datasource())
        .with_target(Asked(question, over_time=True))
        .unit(unit)
        .no_value("none")
        .span(width)
        .height(height)
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .legend(
            VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
    )
    if unit in DECIMALS:
        panel.decimals(DECIMALS[unit])
    for name, colour in colours.items():
        properties = [
            DynamicConfigValue("color", fixed(colour)),
            DynamicConfigValue("displayName", name.replace("_", " ")),
        ]
        panel.override_by_name(name, properties)
    return panel
