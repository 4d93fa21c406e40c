"""Where a stream of alerts stands, as an event's id."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.alert_stream.position import PATTERN, Ends, UnusablePosition, encode, resumed

OFFSETS = st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=12)


@given(OFFSETS)
def test_a_position_comes_back_as_it_was_while_kafka_holds_it(offsets: list[int]) -> None:
    assert re.fullmatch(PATTERN, encode(offsets))
    assert resumed(encode(offsets), [Ends(0, offset) for offset in offsets]) == offsets


def test_what_is_kept_no_more_begins_with_the_earliest() -> None:
    assert resumed("0.7.12", [Ends(5, 9), Ends(7, 9), Ends(0, 12)]) == [5, 7, 12]


@pytest.mark.parametrize("event_id", ["1", "1.1.1", "3.1", "1.4"])
def test_what_no_stream_can_have_given_is_refused(event_id: str) -> None:
    with pytest.raises(UnusablePosition):
        resumed(event_id, [Ends(0, 2), Ends(0, 3)])
