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
        # as a column of numbers is written, without its +
        ("4915123456789", "DE", "4915123456789"),
        ("0151 23456789", "DE", "4915123456789"),
        ("0491 1234567", "DE", "494911234567"),
        ("447911123457", "DE", "447911123457"),
        # the country's own sign for abroad
        ("001 65 91234567", "SG", "6591234567"),
        ("0011 61 412 345 679", "AU", "61412345679"),
        ("+8 (916) 123-45-68", "RU", "79161234568"),
        ("0919876543211", "IN", "919876543211"),
        ("0151 23456789", None, "015123456789"),
        # with what is written behind them
        ("0701234568 (mobil)", "SE", "46701234568"),
        ("0701234568 hem", "SE", "46701234568"),
        ("415-555-2671 (cell)", "US", "14155552671"),
        ("46701234568@c.us", None, "46701234568"),
        ("0701234568/0739876543", "SE", "46701234568"),
        ("1-555-555-CALL", "US", "15555552255"),
        # as it was before 2019
        ("+52 1 55 1234 5678", None, "525512345678"),
        ("+52 55 1234 5678", None, "525512345678"),
        ("044 55 1234 5678", "MX", "525512345678"),
        ("4.6701234568E10", None, "46701234568"),
        ("46701234568.00", None, "46701234568"),
        ("4.670123456E10", None, "46701234560"),
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
        ("06 XX XX XX 67", Form.MASKED),
        ("415-###-2671", Form.MASKED),
        ("12345", Form.COUNTING),
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


def test_a_number_of_a_town_alone_is_nobodys_where_the_country_is_known() -> None:
    assert read_phone("555-1234", "US") == (None, Form.UNREADABLE)
