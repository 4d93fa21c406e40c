"""Which texts dial one number, which are none, and what is never joined."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.identifiers.phones import read_phone
from connectors.identifiers.placeholders import Form


def canonical(text: str, country: str | None = None) -> str | None:
    return read_phone(text, country).canonical


@pytest.mark.parametrize(
    "written",
    ["+46 70 123 45 67", "0046701234567", "(+46) 0701234567", "+46 (0)70 123 45 67",
     "(0046) 70 1234567", "46-70-123-45-67", "+46 701234567 ext.", "+46701234567 x12",
     "+46701234567;ext=3", "tel:+46-70-1234567", "Tel. +46 70 1234567", "46701234567.0",
     "+\u0664\u0666\u0667\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
     "\uff0b\uff14\uff16\uff17\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17",
     "\u202a+46701234567\u202c", "+46\u00a070\u00a01234567"],
)  # fmt: skip
def test_a_number_has_one_form_however_it_is_written(written: str) -> None:
    assert canonical(written) == "46701234567"


@pytest.mark.parametrize(
    ("written", "country", "dialled"),
    [
        ("070-123 45 67", "SE", "46701234567"),
        ("070-123 45 67", None, "0701234567"),
        ("46701234567", "SE", "46701234567"),
        ("(415) 555-2671", "US", "14155552671"),
        ("1 415 555 2671", "US", "14155552671"),
        ("011 46 70 1234567", "US", "46701234567"),
        ("0046701234567", "US", "46701234567"),
        ("06 1234567", "IT", "39061234567"),
        ("+39 06 1234567", None, "39061234567"),
        ("8 (912) 345-67-89", "RU", "79123456789"),
        ("1-800-FLOWERS", "US", "18003569377"),
    ],
)
def test_a_number_without_country_code_is_one_of_the_shops_country(
    written: str, country: str | None, dialled: str
) -> None:
    assert canonical(written, country) == dialled


@pytest.mark.parametrize(
    ("written", "placeholder"),
    [
        ("null", "null"),
        ("N/A", "n/a"),
        ("-", Form.SIGNS),
        ("+", Form.SIGNS),
        ("0000000000", Form.REPEATED),
        ("(000) 000-0000", Form.REPEATED),
        ("+1 000 000 0000", Form.REPEATED),
        ("999-999-9999", Form.REPEATED),
        ("1234567890", Form.COUNTING),
        ("0123456789", Form.COUNTING),
        ("9876543210", Form.COUNTING),
        ("+46 123456789", Form.COUNTING),
        ("1.41556E+10", Form.ROUNDED),
        ("1,41556e10", Form.ROUNDED),
        ("14155600000", Form.ROUNDED),
        ("+46-XXX-XX67", Form.MASKED),
        ("+46 70 *** ** 67", Form.MASKED),
        ("call me", Form.UNREADABLE),
        ("112", Form.UNREADABLE),
    ],
)
def test_a_number_of_nobody_links_nobody(written: str, placeholder: str) -> None:
    assert read_phone(written, None) == (None, placeholder)


@given(
    st.sampled_from(["US", "SE", "DE", "IT", "GB", "FR", "RU", "BR", "MX", "AR", "IN", "CN", "NG"]),
    st.data(),
)
def test_numbers_of_a_plan_stay_apart_and_keep_their_form(
    country: str, data: st.DataObject
) -> None:
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    start = phonenumbers.national_significant_number(example)[:-4]
    one, other = (
        f"+{example.country_code}{start}{data.draw(st.integers(1_000, 9_999))}" for _ in range(2)
    )
    found = canonical(one)

    assert (found == canonical(other)) is (one == other) or found is None
    assert found is None or canonical(found) == found == one[1:]


@given(st.text(max_size=40), st.sampled_from([None, "US", "SE"]))
def test_any_text_is_read(text: str, country: str | None) -> None:
    found = read_phone(text, country)

    assert found.canonical is None or (found.canonical.isascii() and found.canonical.isdigit())
    assert found.canonical is None or found.placeholder is None
