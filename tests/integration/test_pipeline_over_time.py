"""*Pipeline health* over time: what counters grew by, quantiles, lag that stands still."""

import random
from collections.abc import Callable, Iterator, Sequence

import pytest
from prometheus_client import generate_latest

from connectors.settings import Settings
from stream_processors.metrics import Metrics
from stream_processors.monitor.samples import Sample, own, scraped
from stream_processors.monitor.thinning import ROUND_S, Thinning
from tests.integration.board import Board, empty_board

STEP_S = 15
LOOKED = own("postgres", "promo_part_up", 1.0)


@pytest.fixture
def board(partial_stack: Callable[..., Settings]) -> Iterator[Board]:
    with empty_board(partial_stack("clickhouse")) as made:
        yield made


def events(value: float, part: str = "scoring-0", topic: str = "promo.public.users") -> Sample:
    return own(part, "promo_events_total", value, topic=topic)


def rates(board: Board, to_s: float = 600) -> dict[str, dict[int, float]]:
    return dict(board.lines("pipeline_events_per_second", "stage", "events_per_second", to_s))


def test_a_rate_is_what_a_counter_grew_by_in_its_stretch_of_time(board: Board) -> None:
    board.rounds(
        [(-5, [events(100)]), (5, [events(130)]), (20, [events(130)]), (35, [events(175)])]
    )
    assert rates(board, 45) == {"scoring": {0: 2.0, 15: 0.0, 30: 3.0}}


def test_stages_are_told_apart_and_workers_of_one_are_added_up(board: Board) -> None:
    again, stored = ("scoring-1", "promo.rescore"), ("warehouse", "promo.audit")
    before = [events(0), events(0, "scoring-1"), events(0, *again), events(0, *stored)]
    after = [events(15), events(30, "scoring-1"), events(45, *again), events(60, *stored)]
    board.rounds([(-5, before), (5, after)])
    assert rates(board, 15) == {
        "scoring": {0: 3.0},
        "scoring again": {0: 3.0},
        "warehouse": {0: 4.0},
    }


def test_after_a_restart_a_counter_has_grown_from_nothing(board: Board) -> None:
    board.rounds([(-5, [events(900)]), (5, [events(930)]), (20, [events(45)]), (35, [events(60)])])
    assert rates(board, 45) == {"scoring": {0: 2.0, 15: 3.0, 30: 1.0}}


def test_a_counter_that_is_new_while_somebody_looked_counts_in_full(board: Board) -> None:
    board.rounds([(-5, [LOOKED]), (5, [events(150)])])
    assert rates(board, 15) == {"scoring": {0: 10.0}}


def test_what_was_counted_before_anybody_looked_is_no_growth(board: Board) -> None:
    board.rounds([(5, [LOOKED, events(9_000)]), (20, [events(9_030)])])
    assert rates(board, 30) == {"scoring": {0: 0.0, 15: 2.0}}


def test_what_was_counted_before_the_period_is_no_growth(board: Board) -> None:
    board.rounds([(-65, [LOOKED]), (-50, [events(9_000)]), (5, [events(9_015)])])
    assert rates(board, 15) == {"scoring": {0: 1.0}}


def test_a_row_that_was_inserted_twice_counts_once(board: Board) -> None:
    for _ in range(2):
        board.rounds([(-5, [events(100)]), (5, [events(130)])])
    assert rates(board, 15) == {"scoring": {0: 2.0}}


def test_nothing_is_claimed_of_time_in_which_nobody_looked(board: Board) -> None:
    board.rounds([(-5, [events(0)]), (5, [events(15)]), (125, [events(30)])])
    stands = {15: 0.0, 30: 0.0, 45: 0.0, 60: 0.0}
    assert rates(board, 135) == {"scoring": {0: 1.0, **stands, 120: 1.0}}


@pytest.mark.parametrize("seed", range(3))
def test_thinned_samples_draw_the_same_lines_as_all_of_them(board: Board, seed: int) -> None:
    rounds = traffic(random.Random(seed))
    thinning = Thinning()
    thinned = [(at_s, thinning.due(round(at_s * 1e6), samples)) for at_s, samples in rounds]
    assert sum(len(s) for _, s in thinned) < sum(len(s) for _, s in rounds) / 2

    board.rounds(thinned)
    drawn = rates(board), lags(board)
    board.rounds(rounds)

    assert (rates(board), lags(board)) == drawn
    assert sum(drawn[0]["scoring"].values()) > 0


def traffic(chance: random.Random) -> list[tuple[float, Sequence[Sample]]]:
    """Rounds in which a counter grows now and then, or begins anew, and a lag comes and goes."""
    rounds: list[tuple[float, Sequence[Sample]]] = []
    count, lag = 1_000, 0
    for at_s in range(-60, 600, round(ROUND_S)):
        if chance.random() < 0.1:
            count = chance.choice([count + chance.randrange(500), 7])
            lag = chance.randrange(3)
        rounds.append((at_s + 1.0, [LOOKED, events(count), behind(lag)]))
    return rounds


def behind(messages: float, partition: int = 0, group: str = "promo-scoring") -> Sample:
    return own(
        "kafka", "promo_consumer_lag", messages,
        group=group, topic="promo.rescore", partition=str(partition),
    )  # fmt: skip


def lags(board: Board) -> dict[str, dict[int, float]]:
    return dict(board.lines("pipeline_consumer_lag", "consumer", "messages_behind"))


def test_a_groups_lag_is_that_of_all_its_partitions(board: Board) -> None:
    first = [behind(3), behind(4, 1), behind(9, group="promo-warehouse")]
    board.rounds([(1, first), (6, [behind(8)]), (16, [behind(1), behind(0, 1)])])
    found = lags(board)
    assert found["promo-scoring"][0] == 8 + 4
    assert found["promo-scoring"][15] == 8 + 4  # until the sixteenth second
    assert found["promo-scoring"][30] == 1
    assert found["promo-warehouse"][0] == 9


def test_a_lag_holds_until_the_next_sample_and_no_longer_than_a_minute(board: Board) -> None:
    board.rounds([(1, [behind(5)]), (56, [behind(5)])])
    assert lags(board) == {"promo-scoring": dict.fromkeys(range(0, 117, STEP_S), 5)}


def test_the_log_that_is_not_confirmed_stands_beside_the_log_that_is_kept(board: Board) -> None:
    lag = own("postgres", "promo_source_lag_bytes", 100, slot="promo")
    kept = own("postgres", "promo_source_wal_kept_bytes", 7_000, slot="promo")
    board.round(1, lag, kept)
    first = board.ask("pipeline_source_lag")[0]
    assert (first["not_confirmed"], first["kept"]) == (100, 7_000)


def quantiles(board: Board, name: str) -> list[tuple[float, float]]:
    return [(row["p50"], row["p99"]) for row in board.ask(name)]


class Worker:
    """A scoring or warehouse worker's metrics, scraped into a board."""

    def __init__(self, board: Board, part: str) -> None:
        self.metrics, self._board, self._part = Metrics(), board, part

    def scrape(self, at_s: float) -> None:
        shown = generate_latest(self.metrics.registry).decode()
        self._board.round(at_s, *scraped(self._part, shown))


def test_quantiles_are_interpolated_within_buckets_as_prometheus_does(board: Board) -> None:
    scoring = Worker(board, "scoring-0")
    scored = scoring.metrics.commit_to_score
    for _ in range(1_000):
        scored.labels("registration").observe(4.0)  # before the period
    scoring.scrape(-5)
    for _ in range(50):
        scored.labels("registration").observe(0.04)
        scored.labels("redemption").observe(0.06)
        scored.labels("rescore").observe(9.0)  # for others' sake
    scoring.scrape(5)
    scoring.scrape(20)

    # Rank 50 of 100 ends the bucket up to 0.05; rank 99 is the 49th of 50 in the one up to 0.075.
    ((p50, p99),) = quantiles(board, "pipeline_commit_to_score")
    assert p50 == pytest.approx(0.05)
    assert p99 == pytest.approx(0.05 + 0.025 * 49 / 50)
    (period,) = board.ask("pipeline_commit_to_score_p99")
    assert period["p99"] == pytest.approx(p99)


def test_beyond_the_last_bucket_a_quantile_is_its_bound(board: Board) -> None:
    scoring = Worker(board, "scoring-0")
    scoring.metrics.commit_to_alert.observe(0.015)
    scoring.scrape(-5)
    scoring.metrics.commit_to_alert.observe(2_000.0)
    scoring.scrape(5)
    assert quantiles(board, "pipeline_commit_to_alert") == [(600.0, 600.0)]


def test_the_way_into_the_warehouse_is_that_of_the_shops_tables(board: Board) -> None:
    sink = Worker(board, "warehouse")
    stored = sink.metrics.commit_to_stored
    board.round(-5, LOOKED)
    for table in ("users", "promo_usages"):
        stored.labels(table).observe(0.7)
    stored.labels("risk_scores").observe(50.0)
    sink.scrape(5)
    ((p50, p99),) = quantiles(board, "pipeline_commit_to_stored")
    assert p50 == pytest.approx(0.7)
    assert p99 == pytest.approx(0.6 + 0.2 * 0.99)
