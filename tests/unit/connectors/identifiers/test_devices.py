"""Which identifiers name one device, and which name none."""

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.identifiers.devices import read_device
from connectors.identifiers.placeholders import DEVICE_WORDS, NULL_WORDS, Form


@pytest.mark.parametrize(
    "written",
    ["A1B2C3D4-0000-4000-8000-ABCDEF000001", "a1b2c3d4-0000-4000-8000-abcdef000001",
     "{A1B2C3D4-0000-4000-8000-ABCDEF000001}", "A1B2C3D4000040008000ABCDEF000001",
     "urn:uuid:a1b2c3d4-0000-4000-8000-abcdef000001", " a1b2c3d4000040008000abcdef000001\n"],
)  # fmt: skip
def test_a_uuid_has_one_form_however_it_is_written(written: str) -> None:
    assert read_device(written) == ("a1b2c3d4000040008000abcdef000001", None)


@pytest.mark.parametrize("written", ["dev-1", " dev-1", "dev-1\t", "dev\u200b-1", "\ufeffdev-1"])
def test_what_is_not_seen_makes_no_other_device(written: str) -> None:
    assert read_device(written).canonical == "dev-1"


@pytest.mark.parametrize(
    ("written", "placeholder"),
    [
        ("unknown", "unknown"),
        ("(null)", "null"),
        ("<None>", "none"),
        ("undefined", "undefined"),
        ("N/A", "n/a"),
        ("#N/A", "#n/a"),
        ("\\N", "\\n"),
        ("nan", "nan"),
        ("Not Available", "not available"),
        ("[object Object]", "[object object]"),
        ("iPhone", "iphone"),
        ("device_id", "device_id"),
        ("9774d56d682e549c", "9774d56d682e549c"),
        ("02:00:00:00:00:00", "02:00:00:00:00:00"),
        ("00000000-0000-0000-0000-000000000000", Form.REPEATED),
        ("{00000000-0000-4000-8000-000000000000}", Form.REPEATED),
        ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", Form.REPEATED),
        ("000000000000000", Form.REPEATED),
        ("00:00:00:00:00:00", Form.REPEATED),
        ("0", Form.REPEATED),
        ("---", Form.SIGNS),
        ("1234567890", Form.COUNTING),
        ("0123456789abcdef", Form.COUNTING),
        ("ab12****", Form.MASKED),
        (hashlib.md5(b"").hexdigest(), Form.HASH_OF_NOTHING),
        (hashlib.sha1(b"null").hexdigest().upper(), Form.HASH_OF_NOTHING),
        (hashlib.sha256(b"unknown").hexdigest(), Form.HASH_OF_NOTHING),
    ],
)
def test_a_device_of_nobody_links_nobody(written: str, placeholder: str) -> None:
    assert read_device(written) == (None, placeholder)


@pytest.mark.parametrize("written", ["d", "device-1", "unknown-7", "a1b2c3", "12", "iPhone12,1-x"])
def test_a_device_of_somebody_is_one(written: str) -> None:
    assert read_device(written).canonical == written


@pytest.mark.parametrize(
    "written",
    ["9f89c84a559f573636a47ff8daed0d33", "5284047f4ffb4e04824a2fd1d1f0cd62",
     "d41d8cd9-8f00-3204-a980-0998ecf8427e", "37a6259c-c0c1-3ae2-99a7-866489dff0bd",
     "[object Promise]", "undefined-undefined", "null-null", "android-null", "ios_undefined", "-1",
     "1", "true", "guest", "not-set", "unknown_device", "no-device", "Optional(nil)", "{gps_adid}",
     "{{advertising_id}}", "${idfa}", "%IDFA%", "__IDFA__", "1234567890ABCDEF", "emulator-5554",
     "3fa85f64-5717-4562-b3fc-2c963f66afa6", "3.54987E+14", "#WERT!", "keine Angabe"],
)  # fmt: skip
def test_what_programs_write_for_no_device_links_nobody(written: str) -> None:
    found = read_device(written)

    assert found.canonical is None
    assert found.placeholder


@pytest.mark.parametrize(
    ("one", "other"),
    [("Optional(\"6f1c5a0e-0d3b-4f55-9a3e-2b1f0c7d8e9a\")", "6F1C5A0E-0D3B-4F55-9A3E-2B1F0C7D8E9A"),
     ("354987060123457.0", "354987060123457"), ("3.54987060123457E14", "354987060123457")],
)  # fmt: skip
def test_what_is_written_around_a_device_makes_no_other_one(one: str, other: str) -> None:
    assert read_device(one).canonical == read_device(other).canonical is not None


@given(
    st.sampled_from(sorted(NULL_WORDS | DEVICE_WORDS)), st.sampled_from(["{}", "({})", " <{}> "])
)
def test_a_listed_word_never_links_whatever_is_put_around_it(word: str, around: str) -> None:
    for written in (word, word.upper(), word.title()):
        assert read_device(around.format(written)).canonical is None


@given(st.uuids(), st.uuids())
def test_uuids_stay_apart(one: UUID, other: UUID) -> None:
    found, another = read_device(str(one)), read_device(str(other).upper())

    assert (found.canonical == another.canonical) is (one == other)


@given(st.text(max_size=40))
def test_a_canonical_device_is_its_own(text: str) -> None:
    found = read_device(text)

    assert found.canonical is None or read_device(found.canonical) == found
