"""How old heartbeats are behind each stage, and whom that blames."""

import pytest

from stream_processors.monitor.ages import Ages, Owners, Stage
from stream_processors.monitor.lateness import Known, late_stages

STAGES = tuple(Stage)


def beat_through(ages: Ages, beat: int, now_s: float, *stages: Stage, partitions: int = 2) -> None:
    """A heartbeat that is written and passes some stages."""
    ages.note_written(beat, now_s)
    for stage in stages:
        ages.note_seen(stage, dict.fromkeys(range(partitions), beat), now_s)


def blamed(ages: Ages, now_s: float, known: Known | None = None) -> list[str]:
    return [problem.name for problem in late_stages(ages.look(now_s), known or Known())]


def test_a_stage_is_as_old_as_the_newest_heartbeat_that_it_passed_on() -> None:
    ages = Ages(2, 0.0)
    beat_through(ages, 1, 100.0, *STAGES)
    beat_through(ages, 2, 105.0, Stage.CONNECTOR)

    found = {age.stage: age.age_s for age in ages.look(107.0)}

    assert found[Stage.POSTGRES] == found[Stage.CONNECTOR] == 2.0
    assert found[Stage.REDIS] == found[Stage.CLICKHOUSE] == 7.0


def test_a_stage_that_stands_still_is_late_for_however_long() -> None:
    ages = Ages(1, 0.0)
    for number in range(3_000):
        at_s = 5.0 * number
        beat_through(ages, number, at_s, *STAGES[:2], partitions=1)
        for stage in STAGES[2:]:
            ages.note_seen(stage, {0: 0}, at_s)

        found = {age.stage: age.age_s for age in ages.look(at_s)}

        assert found[Stage.REDIS] == at_s


def test_a_stack_that_was_down_over_night_is_not_late_in_the_morning() -> None:
    ages = Ages(2, 80_000.0)
    ages.note_seen(Stage.CLICKHOUSE, {0: 5, 1: 5}, 80_001.0)

    assert blamed(ages, 80_015.0) == []


def test_before_the_first_heartbeat_nothing_is_late_and_then_the_first_stage_is() -> None:
    ages = Ages(2, 10.0)

    assert blamed(ages, 29.0) == []
    assert blamed(ages, 31.0) == [Stage.POSTGRES]


@pytest.mark.parametrize(
    ("passed", "stage"),
    [
        ((), Stage.CONNECTOR),
        ((Stage.CONNECTOR, Stage.WAREHOUSE, Stage.CLICKHOUSE), Stage.SCORING),
        ((Stage.CONNECTOR, Stage.SCORING, Stage.REDIS), Stage.WAREHOUSE),
    ],
)
def test_the_first_stage_that_lets_none_through_is_named_alone(
    passed: tuple[Stage, ...], stage: Stage
) -> None:
    ages = Ages(2, 0.0)
    beat_through(ages, 1, 100.0, *STAGES)
    for number in range(2, 8):
        beat_through(ages, number, 100.0 + 5 * number, *passed)

    assert blamed(ages, 136.0) == [stage]


def test_one_stuck_partition_is_enough_and_its_worker_is_named() -> None:
    ages, at_s = Ages(2, 0.0), 100.0
    beat_through(ages, 1, at_s, *STAGES)
    for number in range(2, 8):
        at_s += 5
        beat_through(ages, number, at_s, Stage.CONNECTOR, Stage.WAREHOUSE, Stage.CLICKHOUSE)
        ages.note_seen(Stage.SCORING, {0: number}, at_s)
        ages.note_seen(Stage.REDIS, {0: number}, at_s)
    known = Known(down=frozenset({"scoring-1"}), owners={0: "scoring-0", 1: "scoring-1"})

    (problem,) = late_stages(ages.look(at_s), known)

    assert problem.what == "no row gets through scoring-1 (partition 1): it does not answer"
    assert "make restart PART=scoring-1 KILL=1" in problem.remedy


def test_a_store_that_does_not_answer_is_named_instead_of_the_worker_that_waits_for_it() -> None:
    ages = Ages(2, 0.0)
    beat_through(ages, 1, 100.0, *STAGES)
    for number in range(2, 8):
        beat_through(ages, number, 100.0 + 5 * number, Stage.CONNECTOR)
    known = Known(waits_for={"scoring-0": frozenset({"redis"})}, down=frozenset({"clickhouse"}))

    assert blamed(ages, 136.0, known) == [Stage.REDIS, Stage.CLICKHOUSE]


def test_a_clock_that_is_set_back_makes_no_age() -> None:
    ages = Ages(1, 0.0)
    beat_through(ages, 9_000, 100.0, *STAGES, partitions=1)
    beat_through(ages, 1_000, 105.0, *STAGES, partitions=1)

    assert max(age.age_s for age in ages.look(106.0)) == 1.0


def test_a_partition_is_its_that_took_the_newest_though_it_shows_nothing_any_more() -> None:
    owners = Owners()
    owners.note_taken("scoring-0", {0: 5, 1: 3})
    owners.note_taken("scoring-1", {1: 7})
    assert owners.by_partition() == {0: "scoring-0", 1: "scoring-1"}

    owners.note_taken("scoring-1", {0: 2, 1: 8})  # scoring-0 hangs; what it had is old here

    assert owners.by_partition() == {0: "scoring-0", 1: "scoring-1"}

    owners.note_taken("scoring-1", {0: 9})

    assert owners.by_partition() == {0: "scoring-1", 1: "scoring-1"}
