"""What is published when an erasure has ended what analysts had decided."""

from dataclasses import replace

import orjson
import pytest

from connectors.decisions import decode
from connectors.events import Forgotten, IgnoredLink, LinksDecided, Origin, Said
from connectors.topics import Topic
from stream_processors.feature_store.redis_store import Decided
from stream_processors.scoring.endings import ending_message

NOTHING = Decided(4, 70, None, 80, None, ())


@pytest.mark.parametrize(
    ("said", "topic", "version"),
    [(Said.LABEL, Topic.LABELS, 71), (Said.LINKS, Topic.LINK_DECISIONS, 81)],
)
def test_where_nothing_stands_a_tombstone_says_what_it_comes_after(
    said: Said, topic: Topic, version: int
) -> None:
    message = ending_message("anna", said, NOTHING)
    assert message is not None
    assert (message.topic, message.key, message.value) == (topic, b"anna", None)
    found = decode(topic, message.key, message.value, message.headers.items())
    assert found == Forgotten("anna", said, Origin(version, version))


def test_a_newer_label_is_not_taken_away() -> None:
    assert ending_message("anna", Said.LABEL, replace(NOTHING, label_about=9)) is None


@pytest.mark.parametrize("links", [(), (IgnoredLink("ben", "ip", "desk", "a family", 5, 3),)])
def test_of_an_account_that_stays_the_list_stands_without_the_erased_one(
    links: tuple[IgnoredLink, ...],
) -> None:
    message = ending_message("cleo", Said.LINKS, replace(NOTHING, links_about=2, ignored=links))
    assert message is not None
    assert message.value is not None
    found = decode(Topic.LINK_DECISIONS, b"cleo", message.value)
    assert found == LinksDecided("cleo", links, Origin(81, 81), 2)
    assert [entry["note"] for entry in orjson.loads(message.value)["ignored"]] == [
        link.note for link in links
    ]
