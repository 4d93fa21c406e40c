"""Who or what has most: bars side by side, longest first."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders import barchart
from grafana_foundation_sdk.builders.common import ScaleDistributionConfig, VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    LegendDisplayMode,
    LegendPlacement,
    ScaleDistribution,
    StackingMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from grafana.panels.palette import by_thresholds, fixed
from grafana.panels.target import Asked, datasource
from grafana.panels.units import DECIMALS, Unit

HEIGHT = 11


def ranking(
    title: str,
    about: str,
    question: str,
    unit: Unit,
    *,
    of: str,
    colours: Mapping[str, str],
    link: DashboardLink | None = None,
    stacked: bool = True,
    upright: bool = False,
    logarithmic: bool = False,
    when: ThresholdsConfig | None = None,
    width: int = 12,
    height: int = HEIGHT,
) -> barchart.Panel:
    """Horizontal bars, one a row of the answer, in its order.

    Args:
        title, about: what it is, and what it tells.
        question: a text column and one number column a series.
        unit: of the numbers.
        of: the text column.
        colours: of the number columns, by name.
        link: where a bar leads.
        stacked: one upon the other instead of side by side.
        upright: vertical bars, for what has an order of its own, as a distribution.
        logarithmic: for counts of very different sizes.
        when: colours of the bars from which values on, instead of ``colours``.
        width, height: of 24, and in rows.
    """
    panel = (
        barchart.Panel()
        .title(title)
        .description(about)
        .datasource(datasource())
        .with_target(Asked(question))
        .unit(unit)
        .no_value("none")
        .span(width)
        .height(height)
        .min(0)
        .orientation(VizOrientation.VERTICAL if upright else VizOrientation.HORIZONTAL)
        .x_field(of)
        .x_tick_label_max_length(24)
        .show_value(VisibilityMode.AUTO)
        .stacking(StackingMode.NORMAL if stacked else StackingMode.NONE)
        .fill_opacity(80)
        .legend(
            VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(len(colours) > 1)
        )
    )
    if unit in DECIMALS:
        panel.decimals(DECIMALS[unit])
    for name, colour in colours.items():
        panel.override_by_name(name, [DynamicConfigValue("color", fixed(colour))])
    if logarithmic:
        scale = ScaleDistributionConfig().type(ScaleDistribution.LOG).log(10)
        panel.scale_distribution(scale)
    if when is not None:
        panel.thresholds(when).color_scheme(by_thresholds())
    return panel if link is None else panel.data_links([link])
