"""The generated dashboards: what Grafana silently does wrong otherwise."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from grafana import queries
from grafana.alerts import all_rules
from grafana.build import documents, written
from grafana.panels.target import DATASOURCE_TYPE, DATASOURCE_UID
from grafana.queries import query
from tests.unit.grafana.documents import asked, dashboards, panels, variables

FOLDER = Path(queries.__file__).parent
SQL = {path.stem: query(path.stem) for path in FOLDER.glob("*.sql")}
COLUMNS = 24
MACRO = re.compile(
    r"\$__timeFilter_ms\(\w+\)|\$__fromTime_ms\b|\$__toTime_ms\b|\$\{(?P<variable>\w+):sqlstring\}"
)
ONE_OF_OUR_PAGES = re.compile(r"/d/(?P<uid>[\w-]+)\?")


def within(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in a document, however deep."""
    match value:
        case dict():
            yield value
            for inner in value.values():
                yield from within(inner)
        case list():
            for inner in value:
                yield from within(inner)


def rows_of(document: Mapping[str, Any]) -> Iterator[list[Mapping[str, int]]]:
    """The places of the panels that begin at the same height, from left to right."""
    places = [panel["gridPos"] for panel in document["panels"]]
    for top in sorted({place["y"] for place in places}):
        yield sorted((p for p in places if p["y"] == top), key=lambda p: int(p["x"]))


def test_generating_again_changes_nothing() -> None:
    assert written() == documents(), "run `make dashboards`"


def test_every_dashboard_has_the_schema_of_grafana_11_6_and_its_own_file() -> None:
    for uid, document in dashboards().items():
        assert document["schemaVersion"] in {41, 42}
        assert f"dashboards/{uid}.json" in documents()
        assert document["title"]
        assert document["description"]
        assert len(uid) <= 40


def test_only_the_provisioned_datasource_is_asked() -> None:
    # Dashboards keep notes of their own in Grafana's built-in store.
    ours = {"type": DATASOURCE_TYPE, "uid": DATASOURCE_UID}
    notes = {"type": "grafana", "uid": "-- Grafana --"}
    for document in dashboards().values():
        named = [found["datasource"] for found in within(document) if "datasource" in found]

        assert ours in named
        assert all(source in (ours, notes) for source in named)


def test_every_panel_says_what_it_tells_and_in_which_unit() -> None:
    for name, panel in panels():
        assert panel["title"].strip(), name
        assert panel["description"].strip(), name
        assert panel["type"] in {"stat", "timeseries", "barchart", "table", "text"}, name
        if panel["type"] != "text":
            assert panel["fieldConfig"]["defaults"]["unit"], name
            assert panel["targets"], name


def test_no_number_turns_red_by_grafanas_own_thresholds() -> None:
    for name, panel in panels():
        if panel["type"] == "stat":
            steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
            begins = [step["value"] for step in steps]

            assert begins[0] is None, name
            assert begins[1:] == sorted(begins[1:]), name


@pytest.mark.parametrize("uid", dashboards())
def test_rows_of_panels_are_level_and_fill_the_width(uid: str) -> None:
    bottom = 0
    for row in rows_of(dashboards()[uid]):
        assert {place["h"] for place in row} == {row[0]["h"]}, row
        assert row[0]["y"] == bottom, f"a gap above, or an overlap: {row}"
        assert row[0]["x"] == 0, row
        assert all(left["x"] + left["w"] == right["x"] for left, right in pairwise(row)), row
        assert row[-1]["x"] + row[-1]["w"] == COLUMNS, row
        bottom += row[0]["h"]


def test_panels_of_a_dashboard_have_ids_of_their_own() -> None:
    for document in dashboards().values():
        ids = Counter(panel["id"] for panel in document["panels"])

        assert set(ids.values()) == {1}


def test_links_lead_to_dashboards_that_exist() -> None:
    for document in dashboards().values():
        urls = [found["url"] for found in within(document) if found.get("url")]
        leading = [match["uid"] for url in urls if (match := ONE_OF_OUR_PAGES.search(url))]

        assert set(leading) <= set(dashboards())


@pytest.mark.parametrize("name", sorted(SQL))
def test_a_question_begins_with_the_question(name: str) -> None:
    assert re.match(r"-- \S.*\n", SQL[name])


@pytest.mark.parametrize("name", sorted(SQL))
def test_a_question_has_no_dollar_but_the_known_macros(name: str) -> None:
    assert "$" not in MACRO.sub("", SQL[name])
    assert not re.search(r"\bFORMAT\b|;\s*$", SQL[name])


def test_every_question_is_asked() -> None:
    needed = asked() | {query(rule.question) for rule in all_rules()}

    assert not [name for name, text in SQL.items() if text not in needed]


def test_every_part_is_taken_in_by_several_questions_and_none_is_left_out() -> None:
    parts = {path.stem for path in FOLDER.glob("parts/*.sql")}
    files = [path.read_text() for path in FOLDER.rglob("*.sql")]
    taken = Counter(name for text in files for name in re.findall(r"-- include: (\w+)", text))

    assert taken.keys() == parts
    assert min(taken.values()) > 1
    assert not [name for name, text in SQL.items() if "-- include" in text]


def test_a_panel_uses_only_variables_of_its_dashboard() -> None:
    for uid, document in dashboards().items():
        known = {name for full, name in _named_variables() if full == uid}
        for panel in document["panels"]:
            for target in panel.get("targets", ()):
                used = {m["variable"] for m in MACRO.finditer(target["rawSql"]) if m["variable"]}
                assert used <= known, f"{uid}: {panel['title']}"


def _named_variables() -> Iterator[tuple[str, str]]:
    for name, variable in variables():
        yield name.split(":")[0], variable["name"]
