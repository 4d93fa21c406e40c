"""Where a walk through the alerts stands, as text."""

import base64
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.alert_cursor import Place, decode, encode

USERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.integers(0, 2**63 - 1), USERS)
def test_a_place_comes_back_as_it_was(revision: int, user_id: str) -> None:
    place = Place(revision, user_id)
    assert decode(encode(place)) == place
    assert encode(place).isascii()


@given(st.text(st.sampled_from("AZaz09-_W"), min_size=1))
def test_text_that_is_none_of_ours_is_refused_or_is_what_we_would_write(text: str) -> None:
    with suppress(ValueError):
        assert encode(decode(text)) == text


@pytest.mark.parametrize(
    "packed",
    [[1], [1, "u", 2], ["1", "u"], [1.0, "u"], [True, "u"], [-1, "u"], [2**63, "u"], [1, 2],
     [1, "a\0"], {"a": 1, "b": 2}, "ab", 7, None],
)  # fmt: skip
def test_another_shape_is_refused(packed: object) -> None:
    text = base64.urlsafe_b64encode(orjson.dumps(packed)).rstrip(b"=").decode()
    with pytest.raises(ValueError, match="no cursor"):
        decode(text)
