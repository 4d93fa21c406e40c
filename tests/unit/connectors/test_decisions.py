"""Analysts' decisions as messages: what is written is read, and what cannot be read is poison."""

from dataclasses import astuple

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.decisions import MOST_IGNORED, decode, encode_label, encode_links, ending
from connectors.errors import PoisonMessage
from connectors.events import (
    Forgotten,
    IgnoredLink,
    Labelled,
    LinksDecided,
    Origin,
    Said,
    Tombstone,
)
from connectors.rolling import KEY
from connectors.topics import Topic

NOW_US = 1_700_000_000_123_456
KINDS = (None, "device", "phone", "email", "ip", "network")

texts = st.text(max_size=8)
moments = st.integers(0, 4_000_000_000_000_000)
links = st.builds(
    IgnoredLink,
    other_user_id=texts.map("b".__add__),
    through=st.sampled_from(KINDS),
    decided_by=texts,
    note=texts,
    decided_at_us=moments,
    about=st.integers(0, 2**62),
)


def links_message(*entries: object) -> bytes:
    return orjson.dumps(
        {"user_id": "anna", "ignored": entries, "decided_at": "2026-11-23T08:15:00Z"}
    )


@given(st.sampled_from((None, True, False)), moments, texts, texts, st.integers(0, 2**62))
def test_a_label_is_read_as_it_was_written(
    label: bool | None, at_us: int, who: str, note: str, about: int
) -> None:
    decision = Labelled("anna", label, Origin(at_us, at_us), about)
    written = encode_label(decision, who, note)
    assert decode(Topic.LABELS, b"anna", written) == decision
    assert (orjson.loads(written)["decided_by"], orjson.loads(written)["note"]) == (who, note)


@given(st.lists(links, max_size=5, unique=True), moments, st.integers(0, 2**62))
def test_links_are_read_as_they_were_written_in_order_with_who_why_and_when(
    ignored: list[IgnoredLink], at_us: int, about: int
) -> None:
    decision = LinksDecided("anna", tuple(ignored), Origin(at_us, at_us), about)
    found = decode(Topic.LINK_DECISIONS, b"anna", encode_links(decision))
    assert isinstance(found, LinksDecided)
    assert (found.origin, found.about) == (decision.origin, decision.about)
    ordered = sorted(ignored, key=lambda link: (link.other_user_id, link.through or ""))
    assert [astuple(link) for link in found.ignored] == [astuple(link) for link in ordered]


def test_a_link_that_is_listed_twice_counts_once() -> None:
    entry = {"other_user_id": "ben", "through": "ip"}
    found = decode(Topic.LINK_DECISIONS, b"anna", links_message(entry, entry))
    assert isinstance(found, LinksDecided)
    assert found.ignored == (IgnoredLink("ben", "ip"),)


def test_a_decision_that_does_not_say_what_it_is_about_is_older_than_every_erasure() -> None:
    value = b'{"user_id": "anna", "is_abuser": true, "decided_at": "2026-11-23T08:15:00Z"}'
    found = decode(Topic.LABELS, b"anna", value)
    assert isinstance(found, Labelled)
    assert found.about == 0


@pytest.mark.parametrize(
    ("topic", "said"), [(Topic.LABELS, Said.LABEL), (Topic.LINK_DECISIONS, Said.LINKS)]
)
def test_a_tombstone_with_a_version_ends_what_was_decided_before(topic: Topic, said: Said) -> None:
    found = decode(topic, b"anna", None, ending(17).items())
    assert found == Forgotten("anna", said, Origin(17, 17))


def test_any_other_tombstone_changes_nothing() -> None:
    assert decode(Topic.LABELS, b"anna", None) == Tombstone("anna")
    assert isinstance(decode(Topic.LABELS, KEY, None), Tombstone)


@pytest.mark.parametrize(("key", "version"), [(b"anna", b"soon"), (b"\xff", b"5")])
def test_a_tombstone_with_a_wrong_key_or_version_is_poison(key: bytes, version: bytes) -> None:
    with pytest.raises(PoisonMessage):
        decode(Topic.LABELS, key, None, [("version", version)])


@pytest.mark.parametrize(
    "value",
    [
        b"{",
        b"[]",
        b'{"user_id": "anna", "is_abuser": true}',
        b'{"user_id": "anna", "is_abuser": "yes", "decided_at": "2026-11-23T08:15:00Z"}',
        b'{"user_id": "anna", "is_abuser": true, "decided_at": "1969-11-23T08:15:00Z"}',
        b'{"is_abuser": true, "decided_at": "2026-11-23T08:15:00Z"}',
    ],
)
def test_what_is_no_label_is_poison(value: bytes) -> None:
    with pytest.raises(PoisonMessage):
        decode(Topic.LABELS, b"anna", value)


@pytest.mark.parametrize(
    "entries",
    [
        ["ben"],
        [{"other_user_id": "anna"}],
        [{"through": "ip"}],
        [{"other_user_id": "ben", "through": "smell"}],
        [{"other_user_id": "ben", "decided_by": 3}],
        [{"other_user_id": "ben", "decided_at": "soon"}],
        [{"other_user_id": f"b{n}"} for n in range(MOST_IGNORED + 1)],
    ],
)
def test_what_is_no_list_of_links_is_poison(entries: list[object]) -> None:
    with pytest.raises(PoisonMessage):
        decode(Topic.LINK_DECISIONS, b"anna", links_message(*entries))
