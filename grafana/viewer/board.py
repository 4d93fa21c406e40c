"""A generated dashboard as the page reads it. Pure.

What the page cannot draw is an error here, so that a test which reads all dashboards finds it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from connectors.errors import DashboardError

Json = Mapping[str, Any]
_Kind = TypeVar("_Kind", bound=StrEnum)

UNITS = frozenset(
    {"locale", "short", "none", "string", "bool", "currencyUSD", "percentunit", "percent"}
    | {"s", "ms", "bytes", "cps", "reqps", "dateTimeAsIso"}
)
"""What ``static/units.js`` can write."""
PROPERTIES = frozenset(
    {"displayName", "color", "unit", "decimals", "links", "mappings", "noValue", "min", "max"}
    | {"thresholds", "custom"}
)
"""What ``static/fields.js`` honours, of all fields or of one."""
CELLS = frozenset({"auto", "color-text", "color-background"})


class PanelKind(StrEnum):
    """What the page can draw."""

    STAT = "stat"
    TIME_SERIES = "timeseries"
    BAR_CHART = "barchart"
    TABLE = "table"
    TEXT = "text"


class VariableKind(StrEnum):
    """Where a variable's values come from: ClickHouse, a list, or the reader."""

    QUERY = "query"
    CUSTOM = "custom"
    TEXT_BOX = "textbox"


@dataclass(frozen=True, slots=True)
class Link:
    """Where a click leads; the address has Grafana's variables in it."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a panel stands: ``x`` and ``w`` of 24 columns, ``y`` and ``h`` in rows."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Target:
    """A panel's question, with macros."""

    sql: str
    over_time: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        options: the kind's own, as Grafana names them.
        fields: properties of all columns of the answer.
        overrides: properties of single ones, by name.
        target: None for a text.
    """

    id: int
    kind: PanelKind
    title: str
    description: str
    grid: Grid
    options: Json
    fields: Json
    overrides: Mapping[str, Json]
    links: Sequence[Link]
    target: Target | None


@dataclass(frozen=True, slots=True)
class Variable:
    """What a reader may choose.

    Attributes:
        query: SQL that lists the values, "" if they do not come from ClickHouse.
        options: the values of a list.
        default: what holds where nothing is chosen.
    """

    name: str
    kind: VariableKind
    label: str
    description: str
    multi: bool
    hidden: bool
    query: str
    options: Sequence[str]
    default: Sequence[str]


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard; ``since`` and ``until`` are its default range."""

    uid: str
    title: str
    description: str
    since: str
    until: str
    links: Sequence[Link]
    variables: Sequence[Variable]
    panels: Sequence[Panel]

    def panel(self, panel_id: int) -> Panel | None:
        """The panel of that id."""
        return next((panel for panel in self.panels if panel.id == panel_id), None)

    def variable(self, name: str) -> Variable | None:
        """The variable of that name."""
        return next((variable for variable in self.variables if variable.name == name), None)


def read_board(model: Json) -> Board:
    """Read a dashboard's JSON.

    Raises:
        DashboardError: it holds something that the page cannot show; the message says what.
    """
    try:
        return Board(
            uid=model["uid"],
            title=model["title"],
            description=model.get("description", ""),
            since=model["time"]["from"],
            until=model["time"]["to"],
            links=_links(link for link in model.get("links", ()) if link["type"] == "link"),
            variables=tuple(map(_variable, model.get("templating", {}).get("list", ()))),
            panels=tuple(map(_panel, model["panels"])),
        )
    except DashboardError as error:
        raise DashboardError(f"dashboard {model['uid']}: {error}") from error


def _panel(model: Json) -> Panel:
    where = f"panel {model['title']}"
    kind = _known(PanelKind, model["type"], where)
    for name in ("repeat", "transformations", "libraryPanel"):
        if model.get(name):
            raise DashboardError(f"{where}: the page does not know {name}")
    field_config = model.get("fieldConfig", {})
    return Panel(
        id=model["id"],
        kind=kind,
        title=model["title"],
        description=model.get("description", ""),
        grid=Grid(**{side: model["gridPos"][side] for side in ("x", "y", "w", "h")}),
        options=model.get("options", {}),
        fields=_properties(field_config.get("defaults", {}), where),
        overrides=dict(_override(each, where) for each in field_config.get("overrides", ())),
        links=_links(model.get("links", ())),
        target=None if kind is PanelKind.TEXT else _target(model["targets"], where),
    )


def _target(targets: Sequence[Json], where: str) -> Target:
    if len(targets) != 1:
        raise DashboardError(f"{where}: has {len(targets)} questions, the page asks one")
    return Target(targets[0]["rawSql"], targets[0]["queryType"] == "timeseries")


def _override(model: Json, where: str) -> tuple[str, Json]:
    if model["matcher"]["id"] != "byName":
        raise DashboardError(f"{where}: the page overrides fields by their name alone")
    found = {each["id"]: each["value"] for each in model["properties"]}
    return model["matcher"]["options"], _properties(found, where)


def _properties(found: Json, where: str) -> Json:
    for name, value in found.items():
        if name.partition(".")[0] not in PROPERTIES:
            raise DashboardError(f"{where}: the page does not know the property {name}")
        if name == "unit" and value not in UNITS:
            raise DashboardError(f"{where}: the page does not know the unit {value}")
        if name == "custom.cellOptions" and value["type"] not in CELLS:
            raise DashboardError(f"{where}: the page does not know cells of type {value['type']}")
        if name == "mappings" and any(each["type"] not in ("value", "range") for each in value):
            raise DashboardError(f"{where}: the page maps values and ranges alone")
    return found


def _links(models: Iterable[Json]) -> tuple[Link, ...]:
    return tuple(Link(model["title"], model["url"]) for model in models)


def _variable(model: Json) -> Variable:
    name = model["name"]
    kind = _known(VariableKind, model["type"], f"variable {name}")
    options = tuple(option["value"] for option in model.get("options", ()))
    return Variable(
        name=name,
        kind=kind,
        label=model.get("label") or name,
        description=model.get("description", ""),
        multi=model.get("multi", False),
        hidden=model.get("hide", 0) == _HIDDEN,
        query=model["query"] if kind is VariableKind.QUERY else "",
        options=options if kind is VariableKind.CUSTOM else (),
        default=_default(kind, model),
    )


_HIDDEN = 2
ALL = "__all"
"""The value that stands for every one, in the page's addresses and in the SQL."""


def _default(kind: VariableKind, model: Json) -> tuple[str, ...]:
    if kind is VariableKind.QUERY:
        return (ALL,) if model.get("includeAll") else ()
    return (str(model.get("current", {}).get("value", "")),)


def _known(kinds: type[_Kind], text: str, where: str) -> _Kind:
    try:
        return kinds(text)
    except ValueError:
        raise DashboardError(f"{where}: the page does not know the type {text}") from None
