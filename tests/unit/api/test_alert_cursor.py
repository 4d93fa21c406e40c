"""Where a walk through the alerts stands."""

import re

from hypothesis import given
from hypothesis import strategies as st

from api.alert_cursor import PATTERN, Place, decode, encode

PLACES = st.builds(Place, st.integers(0, 10**18 - 1), st.uuids())


@given(PLACES)
def test_a_place_is_read_as_it_was_written(place: Place) -> None:
    assert decode(encode(place)) == place


@given(PLACES)
def test_what_is_written_fits_the_pattern(place: Place) -> None:
    assert re.fullmatch(PATTERN, encode(place))


@given(st.from_regex(PATTERN.replace("$", r"\Z"), fullmatch=True))
def test_whatever_fits_the_pattern_is_a_place(text: str) -> None:
    decode(text)
