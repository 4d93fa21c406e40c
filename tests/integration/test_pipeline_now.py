"""*Pipeline health* now: how old what ClickHouse shows is, which parts work, what lags."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from connectors.events import Origin
from connectors.settings import Settings
from stream_processors.monitor.samples import Sample, own
from tests.integration.board import Board, empty_board
from tests.unit.ml.builders import redeemed
from warehouse.rows import source_row

UP = own("monitor", "promo_part_up", 1.0)
A_DAY_S = 86_400
SLACK_S = 3.0
"""What a test may take between its rows and its question."""


@pytest.fixture
def board(partial_stack: Callable[..., Settings]) -> Iterator[Board]:
    with empty_board(partial_stack("clickhouse")) as made:
        yield made


def state(part: str, up: bool) -> Sample:
    return own(part, "promo_part_up", float(up))


def behind(messages: float, group: str = "promo-warehouse", partition: int = 0) -> Sample:
    return own(
        "kafka", "promo_consumer_lag", messages,
        group=group, topic="promo.public.users", partition=str(partition),
    )  # fmt: skip


def unconfirmed(lag_bytes: float) -> Sample:
    return own("postgres", "promo_source_lag_bytes", lag_bytes, slot="promo")


WELL = (state("kafka", True), state("connector", True), unconfirmed(200), behind(0))


def ago(board: Board, *rounds: tuple[float, tuple[Sample, ...]]) -> None:
    """Store rounds, each so many seconds ago; in all of them somebody looked."""
    board.rounds([(board.now_s - seconds, (*samples, UP)) for seconds, samples in rounds])


def committed(board: Board, seconds_ago: float) -> None:
    """Store a redemption that was committed so long ago."""
    moment_us = round((board.begin_s + board.now_s - seconds_ago) * 1e6)
    board.rows(source_row(replace(redeemed(), origin=Origin(7, moment_us))))


def age(board: Board) -> float:
    """How old what is shown is, in seconds."""
    ((value,),) = [row.values() for row in board.ask("pipeline_freshness")]
    return float(value)


def about(seconds: float) -> object:
    """So many seconds, and what the test itself took."""
    return pytest.approx(seconds + SLACK_S / 2, abs=SLACK_S / 2 + 0.1)


def test_a_quiet_shop_is_fresh_though_its_newest_row_is_old(board: Board) -> None:
    committed(board, 900)
    ago(board, (50, WELL), (1, ()))
    assert age(board) == about(1)


def test_while_rows_come_the_newest_row_tells_the_age(board: Board) -> None:
    ago(board, (300, WELL), (200, (behind(40),)), (150, (behind(60),)), (1, ()))
    committed(board, 2)
    assert age(board) == about(2)


def test_a_worker_that_stands_still_ages_what_is_shown_from_its_first_row_on(board: Board) -> None:
    committed(board, 900)
    ago(board, (130, WELL), (100, (behind(1),)), (45, (behind(1),)), (1, ()))
    assert age(board) == about(105)  # it had everything one round before


def test_one_partition_that_stands_still_is_enough(board: Board) -> None:
    ago(board, (110, (*WELL, behind(0, partition=1))), (60, (*WELL, behind(2, partition=1))))
    ago(board, (5, (*WELL, behind(2, partition=1))), (1, ()))
    assert age(board) == about(65)


def test_how_far_scoring_is_makes_nothing_older_that_is_shown(board: Board) -> None:
    ago(board, (40, (*WELL, behind(900, "promo-scoring"))), (1, ()))
    assert age(board) == about(1)


@pytest.mark.parametrize(
    "ill", [state("connector", False), state("kafka", False), unconfirmed(1_000_000)]
)
def test_what_may_not_have_left_postgres_yet_is_not_shown_either(board: Board, ill: Sample) -> None:
    now_ill = tuple(ill if same_series(ill, sample) else sample for sample in WELL)
    assert now_ill != WELL
    ago(board, (240, WELL), *((seconds, now_ill) for seconds in (200, 145, 90, 35)), (1, ()))
    assert age(board) == about(205)


def same_series(one: Sample, other: Sample) -> bool:
    return (one.part, one.metric, one.labels) == (other.part, other.metric, other.labels)


def test_without_a_monitor_nobody_knows_more_than_it_saw(board: Board) -> None:
    ago(board, (130, WELL), (120, ()))
    assert age(board) == about(120)


def test_what_is_not_known_at_all_is_a_day_old(board: Board) -> None:
    assert age(board) == A_DAY_S


def parts(board: Board) -> dict[str, str]:
    """The state of each part; the number of those that are ill always agrees."""
    states = {row["part"]: row["state"] for row in board.ask("pipeline_parts")}
    (down,) = board.ask("pipeline_parts_down")
    assert down["parts"] == sum(state != "up" for state in states.values())
    return states


def test_a_part_is_up_down_or_halted_and_may_wait_for_another(board: Board) -> None:
    workers = (
        state("scoring-0", True),
        own("scoring-0", "promo_halted", 1.0),
        state("warehouse", True),
        own("warehouse", "promo_halted", 0.0),
        own("warehouse", "promo_dependency_up", 0.0, dependency="clickhouse"),
        own("warehouse", "promo_dependency_up", 1.0, dependency="kafka"),
    )
    ago(board, (30, (state("redis", True), *workers)), (10, (state("redis", False),)), (1, ()))
    assert parts(board) == {
        "monitor": "up", "redis": "down", "scoring-0": "halted", "warehouse": "up",
    }  # fmt: skip
    waiting = {row["part"]: row["waits_for"] for row in board.ask("pipeline_parts")}
    assert waiting["warehouse"] == "clickhouse"
    assert waiting["redis"] == waiting["scoring-0"] == ""


def test_all_is_unknown_while_nobody_looks(board: Board) -> None:
    ago(board, (100, (state("redis", True),)))
    assert parts(board) == {"monitor": "unknown", "redis": "unknown"}


def test_a_part_that_is_gone_is_left_out(board: Board) -> None:
    ago(board, (200, (state("scoring-1", True),)), (1, (state("scoring-0", True),)))
    assert set(parts(board)) == {"monitor", "scoring-0"}


def test_a_state_lasts_since_its_first_look_and_not_through_time_unseen(board: Board) -> None:
    redis, kafka = state("redis", True), state("kafka", True)
    ago(board, (500, (redis, kafka)), (450, (redis,)), (400, (redis, state("kafka", False))))
    ago(board, (200, (redis, kafka)), (145, (redis, kafka)), (90, (redis, kafka)))
    ago(board, (35, (redis, kafka)), (1, ()))
    now = board.begin_s + board.now_s
    lasts = {r["part"]: now - r["since"].timestamp() for r in board.ask("pipeline_parts")}
    assert lasts["redis"] == about(200)  # nobody looked for 200 s before
    assert lasts["kafka"] == about(200)
    seen = {r["part"]: now - r["last_seen"].timestamp() for r in board.ask("pipeline_parts")}
    assert seen["redis"] == about(1)


def test_the_newest_lag_of_a_topic_is_that_of_all_its_partitions(board: Board) -> None:
    ago(board, (120, (behind(7, partition=2),)), (50, (behind(5), behind(3, partition=1))))
    ago(board, (20, (behind(1),)), (10, (behind(2, "promo-scoring"),)))
    found = [tuple(row.values()) for row in board.ask("pipeline_lag_now")]
    (all_of_them,) = board.ask("pipeline_behind")
    assert all_of_them["messages"] == sum(messages for _, _, messages in found)
    assert found == [
        ("promo-warehouse", "promo.public.users", 4.0),  # what is older than 70 s is not known
        ("promo-scoring", "promo.public.users", 2.0),
    ]
