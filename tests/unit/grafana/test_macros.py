"""What a panel's SQL means on the page: placeholders, and never a reader's text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DashboardError, UnfitChoice
from grafana.viewer.macros import resolve
from grafana.viewer.period import Span
from grafana.viewer.shelf import every_board

SPAN = Span(1_000, 2_000)
QUESTIONS = [
    (f"{board.uid}: {title}", sql, board)
    for board in every_board().values()
    for title, sql in (
        *((p.title, p.target.sql) for p in board.panels if p.target),
        *((f"variable {v.name}", v.query) for v in board.variables if v.query),
    )
]
PLACEHOLDER = re.compile(r"\{(\w+):[\w()]+\}")


def test_the_period_is_bound() -> None:
    asked = resolve("SELECT $__fromTime_ms, $__toTime_ms", SPAN, {})

    assert asked.sql == (
        "SELECT fromUnixTimestamp64Milli({from_ms:Int64}), fromUnixTimestamp64Milli({to_ms:Int64})"
    )
    assert asked.parameters == {"from_ms": 1_000, "to_ms": 2_000}


def test_a_time_filter_has_both_ends_within_as_the_plugin_has() -> None:
    asked = resolve("WHERE $__timeFilter_ms(used.used_at) AND x", SPAN, {})

    assert asked.sql == (
        "WHERE used.used_at >= fromUnixTimestamp64Milli({from_ms:Int64})"
        " AND used.used_at <= fromUnixTimestamp64Milli({to_ms:Int64}) AND x"
    )


def test_within_in_a_variable_is_all_its_values_and_elsewhere_one_text() -> None:
    sql = "WHERE a IN (${code:sqlstring}) AND b NOT IN (${code:sqlstring}) AND c = ${per:sqlstring}"

    asked = resolve(sql, SPAN, {"code": ("x", "y"), "per": ("day",)})

    assert asked.sql == (
        "WHERE a IN {any_code:Array(String)} AND b NOT IN {any_code:Array(String)}"
        " AND c = {one_per:String}"
    )
    assert asked.parameters == {"any_code": ["x", "y"], "one_per": "day"}


@pytest.mark.parametrize(
    "sql",
    [
        "$__timeFilter(a)",
        "$__timeFilter_ms( a )",
        "$__timeFilter_ms(toDate(a))",
        "$__fromTime",
        "$__fromTime_msx",
        "$__interval",
        "IN ($code)",
        "${code}",
        "${code:csv}",
        "${code:sqlstring",
        "$",
    ],
)
def test_a_macro_that_it_does_not_know_is_an_error(sql: str) -> None:
    with pytest.raises(DashboardError, match="does not know"):
        resolve(sql, SPAN, {"code": ("x",)})


def test_a_variable_that_is_not_there_is_an_error() -> None:
    with pytest.raises(DashboardError, match="no variable code"):
        resolve("IN (${code:sqlstring})", SPAN, {})


@pytest.mark.parametrize("values", [(), ("a", "b")])
def test_where_one_text_belongs_several_are_refused(values: tuple[str, ...]) -> None:
    with pytest.raises(UnfitChoice, match="var-user"):
        resolve("= ${user:sqlstring}", SPAN, {"user": values})


@pytest.mark.parametrize(("name", "sql", "board"), QUESTIONS, ids=[q[0] for q in QUESTIONS])
@given(values=st.lists(st.text(), min_size=1, max_size=3))
def test_whatever_is_chosen_the_sql_of_a_panel_stays_the_same(
    name: str, sql: str, board: object, values: list[str]
) -> None:
    names = set(re.findall(r"\$\{(\w+):sqlstring\}", sql))
    several = {n for n in names if f" = ${{{n}:" not in sql and f"IN (${{{n}:" in sql}
    ones = set(re.findall(r"(?<!IN \()\$\{(\w+):sqlstring\}", sql))

    asked = resolve(sql, SPAN, {n: values[:1] if n in ones else values for n in names})
    plain = resolve(sql, SPAN, {n: ["x"] for n in names})

    assert asked.sql == plain.sql
    assert "$" not in asked.sql
    assert set(PLACEHOLDER.findall(asked.sql)) == asked.parameters.keys()
    assert all(asked.parameters[f"any_{n}"] == values for n in several - ones)
