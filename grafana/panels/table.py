"""Rows to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from grafana.panels.palette import named
from grafana.panels.target import Asked, datasource
from grafana.panels.units import DECIMALS, Unit

HEIGHT = 10


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the answer that is more than plain text.

    Attributes:
        name: as the question calls it.
        title: as people read it; by default the name with blanks.
        unit: of its numbers; times need none.
        width: in pixels; None shares what is left.
        colours: of its texts.
        link: where its cells lead.
    """

    name: str
    title: str = ""
    unit: Unit | None = None
    width: int | None = None
    colours: Mapping[str, str] | None = None
    link: DashboardLink | None = None


def rows(
    title: str,
    about: str,
    question: str,
    columns: Sequence[Column],
    *,
    width: int = 24,
    height: int = HEIGHT,
) -> table.Panel:
    """The answer's rows in its order.

    Args:
        title, about: what it is, and what it tells.
        question: of :mod:`grafana.queries`.
        columns: all that it answers with, in order.
        width, height: of 24, and in rows.
    """
    panel = (
        table.Panel()
        .title(title)
        .description(about)
        .datasource(datasource())
        .with_target(Asked(question))
        .unit(Unit.TEXT)
        .no_value("–")
        .span(width)
        .height(height)
    )
    for column in columns:
        panel.override_by_name(column.name, _properties(column))
    return panel


def _properties(column: Column) -> list[DynamicConfigValue]:
    title = column.title or column.name.replace("_", " ").capitalize()
    found: dict[str, object] = {"displayName": title}
    if column.unit is not None:
        found["unit"] = column.unit
        if column.unit in DECIMALS:
            found["decimals"] = DECIMALS[column.unit]
    if column.width is not None:
        found["custom.width"] = column.width
    if column.colours is not None:
        found["mappings"] = [named(column.colours)]
        found["custom.cellOptions"] = {"type": "color-text"}
    if column.link is not None:
        found["links"] = [column.link.build()]
    return [DynamicConfigValue(name, value) for name, value in found.items()]
