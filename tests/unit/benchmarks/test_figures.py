"""The parts of the benchmarks that could be wrong without anybody noticing."""

from pathlib import Path

import pytest

from benchmarks.arrivals import Arrival
from benchmarks.figures import percentile
from benchmarks.lags import SCORING, Sample, trend
from benchmarks.latency import RING_SIZE, RINGS, Commits, latencies, with_rings
from benchmarks.mix import Mix, user_of
from connectors.loading.rows import Row
from connectors.loading.tables import Table
from connectors.topics import Topic

NOBODY = Path("/nonexistent")


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Mix:
    return Mix(NOBODY, tmp_path_factory.mktemp("mix"))


def values(rows: list[Row], place: int) -> list[object]:
    return [row.values[place] for row in rows if row.table is Table.USERS and row.values[place]]


def test_a_copy_holds_every_row_and_an_account_redeems_after_it_registered(mix: Mix) -> None:
    rows = list(mix.copy())

    assert len(rows) == mix.rows_a_copy()
    registered = set()
    for row in rows:
        if row.table is Table.USERS:
            registered.add(user_of(row))
        else:
            assert user_of(row) in registered or user_of(row).startswith("nobody-")


def test_copies_share_no_identifier_with_each_other(mix: Mix) -> None:
    one, other = list(mix.copy()), list(mix.copy())

    for place in (0, 2, 9):  # user, e-mail, device
        assert not set(values(one, place)) & set(values(other, place))


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 1.0) == 3.0
    assert percentile([1.0], 0.99) == 1.0


def test_a_lag_that_grows_by_ten_a_second_has_that_trend() -> None:
    samples = [Sample(at / 2, {SCORING: 5 * at + 3}) for at in range(20)]

    assert trend(samples, SCORING) == pytest.approx(10)


def test_a_commit_is_matched_with_the_first_answer_after_it_and_before_the_next() -> None:
    commits = Commits()
    commits.times["rescore", "a"] = [1.0, 2.0, 3.0]
    seen = [
        Arrival(Topic.RISK_SCORES, "a", "rescore", at) for at in (0.5, 1.01, 1.5, 3.02)
    ]  # nothing for the second

    found = latencies(commits, seen)["rescore", "risk"]

    assert found == [pytest.approx(10), pytest.approx(20)]


def test_the_earlier_accounts_of_a_ring_wait_to_be_scored_again(mix: Mix) -> None:
    commits = Commits()
    for second, row in enumerate(with_rings(mix.copy(), "test")):
        commits.note([row], second)

    sizes = [len(members) for members in commits.rings.values()]

    assert max(sizes) == RING_SIZE
    assert len(sizes) >= RINGS
    expected = sum(size * (size - 1) // 2 for size in sizes)
    waiting = [len(times) for (cause, _), times in commits.times.items() if cause == "rescore"]
    assert sum(waiting) == expected
