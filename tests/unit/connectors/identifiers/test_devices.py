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
