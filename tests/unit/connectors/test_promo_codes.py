"""Which writings are one promo code."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.profile import Conventions
from connectors.promo_codes import SEEN_PATTERN, canonical_code

BLANKS = " \t\n\r\u00a0\u2003\u3000\u2800"
UNSEEN = "\u200b\u200d\u2060\ufeff\u00ad\u0000\u200e\ufe0f\u3164"
CYRILLIC = "ВОСКРЕСЕНЬЕ"
SHOWN = "ABCXYZ0189-_%ÄßЖИ"

shown_codes = st.text(SHOWN, min_size=1, max_size=8)
ascii_codes = st.text(st.characters(codec="ascii", categories=["Lu", "Nd", "P", "S"]), min_size=1)
disguises = st.lists(st.sampled_from(UNSEEN), max_size=4).map("".join)


def disguised(code: str, unseen: str) -> str:
    """A code with signs that nobody sees behind each of its letters."""
    return unseen.join(["", *code, ""])


@pytest.mark.parametrize(
    "written",
    ["WELCOME10", "welcome10", "WELCOME10 ", " WELCOME10", "Welcome10", "WELCOME10\n",
     "WELCOME10\u200b", "WELC\u041eME10", "ＷELCOME10", "WELCOME10\u00a0", "\ufeffWELCOME10",
     "WEL\u00adCOME10", "wel\u0441ome10", "\u202aWELCOME10\u202c", "WELC\u039fME10",
     "\tWELCOME10\r\n", "𝗪𝗘𝗟𝗖𝗢𝗠𝗘𝟭𝟬", "WELCOME\u2060\u200d10"],
)  # fmt: skip
def test_whoever_types_a_code_otherwise_has_the_same_code(written: str) -> None:
    assert canonical_code(written) == "WELCOME10"


@pytest.mark.parametrize(
    ("one", "other"),
    [("BUY 1 GET 11", "BUY 11 GET 1"), ("SPRING5", "SPRING 5"), ("SPRING5", "SPRING-5"),
     ("O0", "00"), ("I1", "11"), ("A", "Ä"), ("SAVE", "SANE"), ("sa\u03bde", "sane"),
     ("СОР", "COP"), ("ΝΙΚΗ", "NIKH"), ("СКИДКА", "CKИДKA5"), ("SALE-ЖАР", "CALE-ЖАР")],
)  # fmt: skip
def test_what_looks_otherwise_is_another_code(one: str, other: str) -> None:
    assert canonical_code(one) != canonical_code(other)


@pytest.mark.parametrize("code", ["ВЕСНА", "СКИДКА10", "ΝΙΚΗ", "AKЦИЯ-SALE", "春5"])
def test_a_code_of_another_script_stays_in_it_whatever_its_case(code: str) -> None:
    assert canonical_code(code) == canonical_code(code.lower()) == code


def test_a_latin_letter_in_a_cyrillic_code_is_read_as_the_cyrillic_one() -> None:
    assert canonical_code("CКИДКА10") == canonical_code("скидkа10") == "СКИДКА10"


@pytest.mark.parametrize("nothing", ["", " ", "\u200b", "\n\t", "\u3164\ufe0f", "\u2800 \u00ad"])
def test_of_what_cannot_be_seen_nothing_is_left(nothing: str) -> None:
    assert canonical_code(nothing) == ""


first_plane = st.characters(max_codepoint=0xFFFF, exclude_characters="\0")


@given(st.text(first_plane | st.sampled_from(BLANKS + UNSEEN.replace("\0", "")), max_size=6))
def test_the_pattern_of_the_api_tells_which_texts_are_codes(text: str) -> None:
    assert bool(re.search(SEEN_PATTERN, text)) == bool(canonical_code(text))


def test_a_row_of_accents_is_compared_as_it_is() -> None:
    """Composing it takes time that grows with the square of its length: hours for this one."""
    row = "A" + "\u0316\u0301" * 2_000_000
    assert canonical_code(row) == row


def test_case_counts_where_the_shop_says_so() -> None:
    exact = Conventions(code_case_counts=True).canonical_code

    assert exact(" Spring5\u200b") == exact("Spring5") == "Spring5"
    assert exact("SPRING5") != exact("Spring5")


@given(st.text(), st.booleans())
def test_a_canonical_form_is_its_own(text: str, case_counts: bool) -> None:
    form = canonical_code(text, case_counts)

    assert canonical_code(form, case_counts) == form
    assert form == unicodedata.normalize("NFKC", form) == form.strip()


@given(shown_codes, disguises, st.sampled_from(BLANKS))
def test_disguises_change_nothing(code: str, unseen: str, blank: str) -> None:
    written = blank + disguised(code.lower(), unseen) + blank

    assert canonical_code(written) == canonical_code(code)


@given(ascii_codes, ascii_codes)
def test_two_codes_that_are_seen_to_differ_are_never_joined(one: str, other: str) -> None:
    assert (canonical_code(one) == canonical_code(other)) == (one == other)


@given(st.text(CYRILLIC, min_size=1), st.text(CYRILLIC, min_size=1))
def test_nor_are_two_of_another_script(one: str, other: str) -> None:
    assert (canonical_code(one) == canonical_code(other)) == (one == other)
