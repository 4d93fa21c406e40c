"""What a reader may choose above the panels."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders.dashboard import (
    CustomVariable,
    QueryVariable,
    TextBoxVariable,
)
from grafana_foundation_sdk.models.dashboard import (
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from grafana.panels.target import datasource
from grafana.queries import query

ALL = "__all"
"""Stands for every value: a question asks whether it was chosen, and then filters nothing."""

_EVERY = VariableOption(selected=True, text="All", value="$__all")


def any_of(name: str, label: str, about: str, question: str) -> QueryVariable:
    """Some of the values that a question lists, or all."""
    return (
        QueryVariable(name)
        .label(label)
        .description(about)
        .datasource(datasource())
        .query(query(question))
        .multi(True)
        .include_all(True)
        .all_value(f"'{ALL}'")
        .current(_EVERY)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.DISABLED)
    )


def found(name: str, question: str) -> QueryVariable:
    """What a question answers; the reader does not see it."""
    return (
        QueryVariable(name)
        .datasource(datasource())
        .query(query(question))
        .hide(VariableHide.HIDE_VARIABLE)
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
    )


def one_of(name: str, label: str, about: str, values: Sequence[str]) -> CustomVariable:
    """One of some values; the first is chosen."""
    options = [VariableOption(text=v, value=v, selected=not n) for n, v in enumerate(values)]
    return (
        CustomVariable(name)
        .label(label)
        .description(about)
        .values(",".join(values))
        .options(options)
        .current(options[0])
    )


def typed(name: str, label: str, about: str) -> TextBoxVariable:
    """What the reader types, or a link brings."""
    empty = VariableOption(selected=True, text="", value="")
    return TextBoxVariable(name).label(label).description(about).default_value("").current(empty)
