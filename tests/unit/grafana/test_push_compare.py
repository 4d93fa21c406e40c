"""When what a Grafana has counts as what we want it to have."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana.push.compare import covers
from grafana.push.report import Done, Outcome, line, summary
from grafana.push.server import version_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=12,
)
OURS: dict[str, Any] = {"a": 1, "b": {"c": [1, {"d": "x"}]}, "none": None, "empty": []}


@given(VALUES)
def test_everything_covers_itself(value: Any) -> None:
    assert covers(deepcopy(value), value)


@pytest.mark.parametrize(
    "theirs",
    [
        {**OURS, "id": 7, "version": 3},
        {"a": 1, "b": {"c": [1, {"d": "x", "added": True}], "more": 0}},
        {**OURS, "a": "[REDACTED]"},
    ],
)
def test_what_a_grafana_adds_leaves_out_or_hides_is_no_difference(theirs: dict[str, Any]) -> None:
    assert covers(theirs, OURS)


@pytest.mark.parametrize(
    "theirs",
    [
        {**OURS, "a": 2},
        {**OURS, "b": {"c": [1]}},
        {**OURS, "b": {"c": [1, {"d": "x"}, 2]}},
        {**OURS, "b": {"c": [{"d": "x"}, 1]}},
        {**OURS, "none": 5},
        {**OURS, "empty": [5]},
        {"b": OURS["b"]},
        [],
        None,
    ],
)
def test_what_is_other_missing_more_or_in_another_order_is_a_difference(theirs: Any) -> None:
    assert not covers(theirs, OURS)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("11.6.0", (11, 6)),
        ("12.0.0-86422.patch1", (12, 0)),
        ("13.2.3+security-01", (13, 2)),
        ("dev", (0, 0)),
    ],
)
def test_a_version_is_its_first_two_numbers(text: str, version: tuple[int, int]) -> None:
    assert version_of(text) == version


def test_a_report_tells_what_would_be_done_and_why_something_was_not() -> None:
    made = Done("dashboard", "user", Outcome.CREATED)
    refused = Done("dashboard", "abuse-desk", Outcome.FAILED, "a file provisions it")

    assert line(made, dry_run=False).split() == ["dashboard", "user", "created"]
    assert line(made, dry_run=True).endswith("would be created")
    assert line(refused, dry_run=True).endswith("failed: a file provisions it")
    assert summary([made, made, refused]) == "2 created, 1 failed"
