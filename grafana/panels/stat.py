"""One number that is read from across the room."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders import stat
from grafana_foundation_sdk.builders.common import ReduceDataOptions
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
)

from grafana.panels.palette import PLAIN, named, steps
from grafana.panels.target import Asked, datasource
from grafana.panels.units import DECIMALS, Unit

HEIGHT = 4


def number(
    title: str,
    about: str,
    question: str,
    unit: Unit,
    *,
    width: int = 4,
    when: ThresholdsConfig | None = None,
    colours: Mapping[str, str] | None = None,
) -> stat.Panel:
    """The only value of the question's only row; money without cents.

    Args:
        title, about: what it is, and what it tells.
        question: of :mod:`grafana.queries`; one row, one number or text; no row is "no data".
        unit: of the number.
        width: of 24.
        when: colours from which values on; by default it is never alarming.
        colours: of texts.
    """
    panel = (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(datasource())
        .with_target(Asked(question))
        .unit(unit)
        .no_value("none")
        .span(width)
        .height(HEIGHT)
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.VALUE)
        .text_mode(BigValueTextMode.VALUE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("/.*/"))
        .thresholds(when or steps(PLAIN))
    )
    if colours is not None:
        panel.mappings([named(colours)])
    digits = 0 if unit is Unit.MONEY else DECIMALS.get(unit)
    return panel if digits is None else panel.decimals(digits)
