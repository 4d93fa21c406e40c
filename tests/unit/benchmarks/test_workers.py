"""What is said of one scoring worker and of two."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.stages import Doing, Stage
from benchmarks.team import MACHINE, THIS, Drained
from benchmarks.workers import _busy, _ceiling, _cost_us, _share, ratios

ONE = Drained(
    seconds=10.0,
    ended_s=[10.0],
    source_rows=[40_000],
    rescores=8_000,
    cpu_s={"worker 0": 6.0, "redis": 3.0, "kafka": 1.0, THIS: 0.5, MACHINE: 12.0},
    scripts_s=2.0,
)
TWO = Drained(
    seconds=6.0,
    ended_s=[5.5, 6.0],
    source_rows=[20_000, 20_000],
    rescores=8_500,
    cpu_s={"worker 0": 3.5, "worker 1": 3.5, "redis": 3.0, "kafka": 1.0, THIS: 0.3, MACHINE: 11.8},
    scripts_s=2.0,
)


def test_rows_are_compared_by_round() -> None:
    slow = replace(ONE, seconds=20.0, ended_s=[20.0])
    assert ratios({1: [ONE, slow], 2: [TWO, TWO]}) == pytest.approx([10 / 6, 20 / 6])


def test_what_no_known_process_used_is_something_elses() -> None:
    costs = _cost_us([TWO, TWO])
    assert costs["workers"] == pytest.approx(175.0)
    assert costs["anything else"] == pytest.approx((11.8 - 11.3) / 40_000 * 1e6)
    assert costs[MACHINE] == pytest.approx(295.0)


def test_cores_are_those_of_the_whole_time() -> None:
    slow = replace(ONE, seconds=30.0)
    assert _busy([ONE, slow])["redis"] == pytest.approx(6.0 / 40.0)


def test_a_stage_works_or_waits() -> None:
    counts = Counter(
        {
            (Stage.EXCHANGE.value, Doing.NOTHING.value): 30,
            (Stage.EXCHANGE.value, Doing.STAGE.value): 10,
            (Stage.SCORE.value, Doing.STAGE.value): 60,
        }
    )
    assert _share(counts, Stage.EXCHANGE) == pytest.approx((0.1, 0.3))
    assert _share(counts, "all") == pytest.approx((0.7, 0.3))


def test_the_ceiling_is_what_one_worker_redis_and_kafka_leave_of_the_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("benchmarks.workers._cores", lambda: 2)
    rows = _ceiling({1: [ONE], 2: [TWO]}, 1.9).rows
    found = {row[0]: row[1] for row in rows}
    assert found["cores busy for one worker (it, Redis, Kafka), of 2"] == "1.05"
    assert found["so at one worker's cost a row, two can be at most, times one"] == "1.90"
    assert found["share of the cores that anything else took: one, two"] == "8%, 4%"
    assert found["so Redis alone would allow, times one worker's rate"] == "5.0"
