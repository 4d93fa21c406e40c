"""How long rows waited for their insert: from the commit, or from the scoring."""

from dataclasses import replace

import pytest

from connectors.events import Erased, Origin
from stream_processors.warehouse_sink.waiting import waited_s
from tests.unit.ml.builders import code_defined, redeemed
from tests.warehouse_rows import EXAMPLES, NOW_US, alert_message, risky, score_message
from warehouse.rows import Row, Table, alert_row, score_row, source_row

COMMITTED = Origin(7, NOW_US - 1_250_000)


@pytest.mark.parametrize(
    "row",
    [
        source_row(Erased("anna", COMMITTED)),
        source_row(replace(code_defined(), origin=COMMITTED)),
        source_row(replace(redeemed(), origin=COMMITTED)),
    ],
)
def test_a_source_row_waits_from_its_commit(row: Row) -> None:
    assert waited_s([row], NOW_US) == {row.table: [1.25]}


def test_a_score_and_an_alert_wait_from_the_scoring() -> None:
    scored_us = NOW_US - 400_000
    rows = [
        score_row(score_message(risky(), scored_us)),
        alert_row(alert_message(risky(), scored_us)),
    ]
    assert waited_s(rows, NOW_US) == {Table.RISK_SCORES: [0.4], Table.ABUSE_ALERTS: [0.4]}


def test_a_commit_after_now_is_a_clock_that_is_behind_and_no_wait() -> None:
    assert waited_s([source_row(Erased("anna", COMMITTED))], NOW_US - 9_000_000) == {
        Table.USERS: [0.0]
    }


def test_rows_that_come_now_and_then_are_left_out() -> None:
    few = [EXAMPLES[t] for t in (Table.LABELS, Table.LINK_DECISIONS, Table.AUDIT_LOG)]
    assert waited_s([*few, EXAMPLES[Table.DEAD_LETTERS]], NOW_US) == {}
