"""What the privacy boundary lets through, what it links, and what it keeps."""

import ipaddress
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.identifiers.placeholders import NULL_WORDS
from connectors.profile import Hasher, NameCase, Profile, profile
from ml.store import identifiers
from tests.unit.connectors.envelopes import HASHED, null_filled_row, profiled, user_row

ROW = user_row()
IDENTIFIERS = {
    "email": ("email", "canonical_email"),
    "phone": ("phone",),
    "device_id": ("device",),
    "ip_address": ("ip", "network"),
}


@pytest.mark.parametrize(
    ("column", "one", "other", "field"),
    [
        ("email", "anna@example.org", " ANNA@Example.ORG ", "email"),
        ("email", "anna@example.org", "anna+promo@example.org", "canonical_email"),
        ("email", "annanowak@gmail.com", "An.Na.Nowak+1@googlemail.com", "canonical_email"),
        ("phone", "+1 (555) 123-4567", "15551234567", "phone"),
        ("phone", "1-555-555-CALL", "15555552255", "phone"),
        ("ip_address", "93.184.216.34", " 93.184.216.34", "ip"),
        ("ip_address", "93.184.216.34", "93.184.216.99", "network"),
        ("ip_address", "93.184.216.34", "::ffff:93.184.216.34", "ip"),
        ("ip_address", "2606:2800:220:1::1", "2606:2800:220:1:ffff::2", "ip"),
        ("ip_address", "2606:2800:220:1::1", "2606:2800:0220:2::1", "network"),
    ],
)
def test_what_is_the_same_has_the_same_hash(column: str, one: str, other: str, field: str) -> None:
    first, second = profiled(**{column: one}), profiled(**{column: other})

    assert getattr(first, field) is not None
    assert getattr(first, field) == getattr(second, field)


@pytest.mark.parametrize(
    ("column", "one", "other", "field"),
    [
        ("email", "anna@example.org", "anna+promo@example.org", "email"),
        ("email", "an.na@example.org", "anna@example.org", "canonical_email"),
        ("email", "...@gmail.com", "....@gmail.com", "canonical_email"),
        ("email", "+a@example.org", "+b@example.org", "canonical_email"),
        ("phone", "15551234567", "15551234568", "phone"),
        ("device_id", "device-1", "DEVICE-1", "device"),
        ("ip_address", "93.184.216.34", "93.184.216.35", "ip"),
        ("ip_address", "93.184.216.34", "93.184.217.34", "network"),
        ("ip_address", "2606:2800:220:1::1", "2606:2800:220:2::1", "ip"),
        ("ip_address", "2606:2800:220:1::1", "2606:2800:221:1::1", "network"),
    ],
)
def test_what_differs_has_different_hashes(column: str, one: str, other: str, field: str) -> None:
    assert getattr(profiled(**{column: one}), field) != getattr(profiled(**{column: other}), field)


def test_hashes_of_one_text_differ_by_kind_and_by_key() -> None:
    other = Hasher("another key")
    hashes = [HASHED("email", "x"), HASHED("phone", "x"), other("email", "x"), HASHED("email", "")]

    assert len(set(hashes)) == len(hashes)
    assert all(len(found) == 32 and int(found, 16) for found in hashes)
    assert HASHED("email", "x") == Hasher("a key for tests")("email", "x")


@pytest.mark.parametrize("blank", [None, "", " ", "\t\n"])
@pytest.mark.parametrize("column", IDENTIFIERS)
def test_a_blank_identifier_links_nobody(column: str, blank: str | None) -> None:
    found = profiled(**{column: blank})

    assert all(getattr(found, field) is None for field in IDENTIFIERS[column])


def test_a_phone_without_letters_or_digits_links_nobody_but_keeps_its_shape() -> None:
    found = profiled(phone="--")

    assert (found.phone, found.phone_shape) == (None, ":-2")


@pytest.mark.parametrize(
    ("email", "domain", "is_alias"),
    [
        ("Anna@Example.ORG", "example.org", False),
        ("anna+x@example.org", "example.org", True),
        ("an.na@gmail.com", "gmail.com", True),
        ("anna@googlemail.com", "googlemail.com", False),
        ("anna@gmial.com", "gmial.com", True),
        ('"a@b"@example.org', "example.org", False),
        ("anna.nowak", None, False),
        ("anna@", None, False),
        ("anna@B\u00fccher.Example.", "xn--bcher-kva.example", False),
        ("a@" + "d" * 254, None, False),
    ],
)
def test_what_is_known_of_an_email(email: str, domain: str | None, is_alias: bool) -> None:
    found = profiled(email=email)

    assert (found.email_domain, found.email_is_alias) == (domain, is_alias)


BLANKS = "\t \u00a0\u200b\ufeff\u00ad"
AROUND = ["{}", "({})", '"{}"', "[{}]", "<{}>", "{{{}}}"]


@given(
    st.sampled_from(sorted(NULL_WORDS)),
    st.sampled_from([str, str.upper, str.title]),
    st.sampled_from(AROUND),
    st.text(BLANKS, max_size=3),
)
def test_a_placeholder_never_links_whatever_is_done_to_it(
    word: str, cased: Callable[[str], str], around: str, blanks: str
) -> None:
    written = blanks + around.format(blanks + cased(word)) + blanks
    found = profiled(**dict.fromkeys(IDENTIFIERS, written))

    assert identifiers(found) == {}
    kinds = [placeholder.partition("|")[0] for placeholder in found.placeholders]
    assert sorted(kinds) == ["address", "device", "email", "phone"]


ACCENTS = "\u0316\u0301" * 200_000


@pytest.mark.parametrize(
    "endless",
    ["a" + ACCENTS, f"a@a{ACCENTS}.example", "<" + "@" * 1_000_000 + "<>", "\ufdfa" * 1_000_000,
     "a@" + "\u00fc." * 500_000 + "com", "1.1.1.1," * 200_000,
     '"' + "\\" * 1_000_000 + '"@a.example'],
    ids=["accents", "accents in a domain", "at signs", "ligatures", "labels", "list", "quotes"],
)  # fmt: skip
def test_no_text_of_a_million_characters_keeps_a_worker_for_hours(endless: str) -> None:
    """What takes time that grows with the square of such a text would: the test would not end."""
    names = ("email", "phone", "device_id", "ip_address", "user_agent", "first_name", "timezone")
    for name in names:
        assert profiled(**{name: endless}).user_id


@pytest.mark.parametrize(
    ("phone", "shape"),
    [
        ("15551234567", "1:911"),
        ("+1 555", ":+191 193"),
        ("001-555-1234x56", "0:93-193-194a192"),
        ("٠١٢", "٠:93"),
        ("9" * 33, "9:932…"),
        ("call me", ":a4 1a2"),
    ],
)
def test_the_shape_of_a_phone_number(phone: str, shape: str) -> None:
    assert profiled(phone=phone).phone_shape == shape


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("anna", NameCase.LOWER),
        ("ANNA", NameCase.UPPER),
        ("Anna", NameCase.TITLE),
        ("O'Brien", NameCase.TITLE),
        ("Anna-Maria", NameCase.TITLE),
        ("McDonald", NameCase.MIXED),
        ("de Vries", NameCase.MIXED),
        ("王小明", NameCase.UNCASED),
        ("123", NameCase.UNCASED),
        ("Ångström", NameCase.TITLE),
        ("A" + "b" * 5_000_000, NameCase.TITLE),
        ("", None),
        (None, None),
    ],
)
def test_the_letter_case_of_names(name: str | None, case: NameCase | None) -> None:
    found = profiled(first_name=name, last_name=name)

    assert (found.first_name_case, found.last_name_case) == (case, case)


@pytest.mark.parametrize(
    ("address", "is_private"),
    [
        ("93.184.216.34", False),
        ("10.0.0.1", True),
        ("172.16.0.0", True),
        ("172.31.255.255", True),
        ("172.32.0.0", False),
        ("192.168.1.1", True),
        ("127.0.0.1", True),
        ("100.64.0.1", True),
        ("169.254.1.1", True),
        ("0.0.0.0", True),
        ("255.255.255.255", True),
        ("2606:2800:220:1::1", False),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("unknown", None),
        ("1.2.3", None),
        ("1.2.3.4\0", False),
    ],
)
def test_whether_an_address_is_private(address: str, is_private: bool | None) -> None:
    assert profiled(ip_address=address).ip_is_private is is_private


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_private_as_the_standard_library_says(
    address: ipaddress.IPv4Address,
) -> None:
    # It counts multicast as global, and versions differ over single addresses of 192.0.0.0/24.
    private = not address.is_global or address.is_multicast

    if address not in ipaddress.IPv4Network("192.0.0.0/24"):
        assert profiled(ip_address=str(address)).ip_is_private is private


@pytest.mark.parametrize(
    ("days", "year"),
    [
        (0, 1970),
        (-1, 1969),
        (7_305, 1990),
        (-719_162, 1),
        (-719_163, None),
        (2_932_896, 9999),
        (2_932_897, None),
        (2**31 - 1, None),
        (2**62, None),
        (None, None),
    ],
)
def test_the_year_of_birth(days: int | None, year: int | None) -> None:
    assert profiled(dob=days).birth_year == year


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        (ROW["user_agent"], "Firefox"),
        ("curl/8.4.0", "curl"),
        ("no browser at all", "Other"),
        ("x" * 5_000_000, "Other"),
        ("", None),
        (None, None),
    ],
)
def test_the_family_of_a_user_agent(agent: str | None, family: str | None) -> None:
    assert profiled(user_agent=agent).user_agent_family == family


@pytest.mark.parametrize(
    ("moment", "timezone", "hour"),
    [
        ("2023-01-15T12:30:00Z", None, 12),
        ("2023-01-15T12:30:00+05:00", None, 7),
        ("2023-01-15T12:30:00Z", "Europe/Warsaw", 13),
        ("2023-07-15T12:30:00Z", "Europe/Warsaw", 14),
        # The night in which clocks go back: one local hour, twice.
        ("2023-10-29T00:30:00Z", "Europe/Warsaw", 2),
        ("2023-10-29T01:30:00Z", "Europe/Warsaw", 2),
        ("2023-03-26T00:59:59Z", "Europe/Warsaw", 1),
        ("2023-03-26T01:00:00Z", "Europe/Warsaw", 3),
        ("2023-01-15T12:30:00Z", "Asia/Kolkata", 18),
        ("2023-01-15T12:30:00Z", "Not/AZone", 12),
        ("2023-01-15T12:30:00Z", "America", 12),
        ("2023-01-15T12:30:00Z", "../../etc/passwd", 12),
        ("2023-01-15T12:30:00Z", "x" * 5_000_000, 12),
        ("0001-01-01T00:30:00Z", "America/New_York", 0),
        ("0001-01-01T00:30:00+14:00", None, 0),
        ("9999-12-31T23:30:00Z", "Pacific/Auckland", 23),
        ("9999-12-31T23:30:00-12:00", "Europe/Warsaw", 23),
    ],
)
def test_the_hour_is_the_one_on_the_users_clock(
    moment: str, timezone: str | None, hour: int
) -> None:
    assert profiled(created_at=moment, timezone=timezone).hour == hour


def test_a_null_filled_row_has_nothing_but_identity_and_time() -> None:
    found = profile(null_filled_row(), HASHED)

    expected = Profile("anna", 1_700_000_000_000_000, hour=22)
    assert found == expected
    assert {f.name for f in fields(Profile) if getattr(found, f.name) not in (None, ())} == {
        "user_id",
        "created_at_us",
        "hour",
    }


def test_a_row_with_the_required_columns_alone_is_enough() -> None:
    row = {"user_id": "anna", "created_at": "2023-11-14T22:13:20Z"}

    assert profile(row, HASHED) == profile(null_filled_row(), HASHED)


def test_a_time_zone_is_kept_but_not_more_than_one() -> None:
    assert profiled(timezone="Europe/Warsaw").timezone == "Europe/Warsaw"
    assert profiled(timezone="x" * 5_000_000).timezone == "x" * 64


# Long enough, and of letters that hashes and shapes do not have, so that none of them is in a
# profile by chance.
secrets = st.text(st.sampled_from("ghijkmopqsuvwxyzGHIJKMOPQSUVWXYZ"), min_size=12, max_size=40)
PERSONAL = ("email", "phone", "first_name", "last_name", "ip_address", "device_id", "user_agent",
            "city", "gender")  # fmt: skip


@given(st.fixed_dictionaries(dict.fromkeys(PERSONAL, secrets)))
def test_no_raw_personal_text_leaves_the_boundary(raw: dict[str, str]) -> None:
    shown = repr(profiled(**raw)).lower()

    assert not [column for column, value in raw.items() if value.lower() in shown]


@given(local=secrets, digits=st.from_regex(r"\A[1-9]\d{9,14}\Z"), address=st.ip_addresses())
def test_no_raw_email_phone_or_address_leaves_the_boundary(
    local: str, digits: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> None:
    found = profiled(email=f"{local}@Example.org", phone=digits, ip_address=str(address))

    shown = repr(found).lower()
    assert local.lower() not in shown
    assert digits not in shown.replace(str(found.created_at_us), "")
    assert f"'{address}" not in shown
    assert found.email_domain == "example.org"


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from([None, "Asia/Tokyo", "Etc/GMT+12"]))
def test_the_hour_is_an_hour_at_any_time(moment: datetime, timezone: str | None) -> None:
    assert 0 <= profiled(created_at=moment.isoformat(), timezone=timezone).hour <= 23
