"""What of a round is stored: enough to know every value at every moment, and not more."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream_processors.monitor.samples import Sample
from stream_processors.monitor.thinning import AT_LEAST_EVERY_S, ROUND_S, Thinning

ROUND_US = round(ROUND_S * 1e6)


def events(value: float, topic: str = "t") -> Sample:
    return Sample("scoring-0", "promo_events_total", (("topic", topic),), value)


def stored(thinning: Thinning, rounds: list[list[Sample]]) -> list[tuple[int, Sample]]:
    """What is stored, each with the number of its round."""
    return [
        (number, sample)
        for number, samples in enumerate(rounds)
        for sample in thinning.due(number * ROUND_US, samples)
    ]


def test_a_change_is_stored_at_once_and_what_stands_still_is_not() -> None:
    rounds = [[events(1.0)], [events(1.0)], [events(2.0)], [events(2.0)], [events(0.0)]]
    assert stored(Thinning(), rounds) == [(0, events(1.0)), (2, events(2.0)), (4, events(0.0))]


def test_what_stands_still_is_stored_again_before_a_minute_is_over() -> None:
    found = stored(Thinning(), [[events(1.0)]] * 40)
    moments_s = [number * ROUND_S for number, _ in found]
    assert moments_s == [0.0, 55.0, 110.0, 165.0]
    assert max(b - a for a, b in pairwise(moments_s)) <= AT_LEAST_EVERY_S


def test_a_series_that_comes_back_is_stored_whatever_its_value() -> None:
    rounds: list[list[Sample]] = [[events(1.0)], [], [events(1.0)]]
    assert [number for number, _ in stored(Thinning(), rounds)] == [0, 2]


def test_series_are_told_apart_by_part_metric_and_labels() -> None:
    first = [events(1.0), events(1.0, "u"), Sample("warehouse", "promo_events_total", (), 1.0)]
    assert stored(Thinning(), [first, [events(2.0), *first[1:]]]) == [
        *((0, sample) for sample in first),
        (1, events(2.0)),
    ]


@given(st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), min_size=1, max_size=60))
def test_the_newest_stored_sample_is_the_value_at_any_moment(values: list[list[int]]) -> None:
    rounds = [[events(float(a)), events(float(b), "u")] for a, b in values]
    kept = stored(Thinning(), rounds)
    for number, samples in enumerate(rounds):
        for sample in samples:
            of_series = [(n, s) for n, s in kept if n <= number and s.labels == sample.labels]
            newest = of_series[-1]
            assert newest[1] == sample
            assert (number - newest[0]) * ROUND_S < AT_LEAST_EVERY_S
