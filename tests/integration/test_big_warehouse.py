"""The warehouse that benchmarks fill, at a thousandth, and all that dashboards ask of it."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from clickhouse_connect.driver import Client

from benchmarks.big_warehouse.fill import fill
from benchmarks.big_warehouse.merging import hold_merges, merge_all
from benchmarks.big_warehouse.sizes import Sizes
from benchmarks.dashboards import AHEAD, Asked, Case, ask, cases
from connectors.settings import Settings
from grafana.viewer.shelf import every_board
from tests.conftest import running_stack, stack_settings
from warehouse.client import reader, writer
from warehouse.rows import Table

SMALL = Sizes(users=2_000, batches=40)
SOURCE = (Table.USERS, Table.PROMO_CODES, Table.PROMO_USAGES, Table.RISK_SCORES)


@pytest.fixture(scope="module")
def until() -> datetime:
    """A whole minute: some samples lie where one point of a chart ends and the next one begins."""
    return datetime.now(UTC).replace(second=0, microsecond=0) + AHEAD


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, until: datetime) -> Iterator[Settings]:
    """A filled warehouse of these tests' own, whose inserts are parts of their own yet."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("big")), "clickhouse") as settings:
        hold_merges(settings)
        fill(settings, SMALL, until)
        yield settings


@pytest.fixture
def client(filled: Settings) -> Iterator[Client]:
    with reader(filled) as made:
        yield made


def counted(client: Client, tables: Sequence[Table], final: str = "") -> dict[Table, int]:
    return {
        table: client.query(f"SELECT count() FROM {table} {final}").result_rows[0][0]
        for table in tables
    }


def test_a_replay_brings_rows_again_and_each_counts_once(client: Client) -> None:
    wanted = {table: SMALL.rows[table] for table in SOURCE}
    assert counted(client, SOURCE, "FINAL") == wanted
    arrived = counted(client, SOURCE)
    assert all(arrived[table] > wanted[table] for table in SOURCE)


def test_the_shop_has_rings_strangers_and_attempts(client: Client) -> None:
    (sharing, standing, strangers, attempts) = client.query(
        "SELECT"
        " (SELECT max(n) FROM (SELECT count() AS n FROM users FINAL WHERE device IS NOT NULL"
        "  AND user_id IN (SELECT user_id FROM standing_accounts) GROUP BY device)),"
        " (SELECT count() FROM standing_accounts),"
        " (SELECT count() FROM promo_usages FINAL"
        "  WHERE user_id NOT IN (SELECT user_id FROM users)),"
        " (SELECT countIf(used_promo IS FALSE) / count() FROM promo_usages FINAL)"
    ).result_rows[0]
    assert sharing > 1
    assert 1 < standing < SMALL.users / 20
    assert 0 < strangers < 200
    assert attempts == pytest.approx(0.05, abs=0.01)


def test_every_panel_is_asked_in_each_way_and_finds_something(
    filled: Settings, until: datetime
) -> None:
    found = cases(filled, until)
    asking = {
        (board.uid, panel.title)
        for board in every_board().values()
        for panel in board.panels
        if panel.target is not None
    }
    assert {case.name for case in found if case.asked is Asked.EVERYTHING} == asking

    times = asyncio.run(ask(filled, found, runs=1))

    assert times.keys() == {(case.name, case.asked) for case in found}
    assert all(math.isfinite(run) for seconds in times.values() for run in seconds)
    # Of minutes, a panel that shows whole hours may show none over everything.
    with reader(filled) as client:
        finding = {case.name for case in found if client.query(*_bound(case)).row_count}
    assert finding == asking


def _bound(case: Case) -> tuple[str, dict[str, object]]:
    return case.question.sql, dict(case.question.parameters)


def test_merging_leaves_one_part_a_table_and_every_answer(
    filled: Settings, until: datetime
) -> None:
    found = [case for case in cases(filled, until) if "now64" not in case.question.sql]

    def answers() -> list[object]:
        with reader(filled) as client:
            return [client.query(*_bound(case)).result_rows for case in found]

    before = answers()
    merge_all(filled)
    with writer(filled) as client:
        parts = client.query(
            "SELECT table, count() FROM system.parts WHERE active"
            " AND database = currentDatabase() AND table != 'schema_migrations' GROUP BY table"
        ).result_rows
    assert {str(table): count for table, count in parts} == dict.fromkeys(map(str, Table), 1)
    assert answers() == before
