"""What others than our own parts may write into a topic: a message with some field damaged."""

import copy
import json
from typing import Any

import orjson
from hypothesis import strategies as st

from connectors.topics import Topic
from stream_processors.intake import Message
from tests.unit.connectors.envelopes import code_row, envelope, usage_row, user_row
from tests.unit.stream_processors.messages import rescore_message
from tests.warehouse_rows import (
    AUDIT_MESSAGE,
    DEAD_LETTER_HEADERS,
    LABEL_MESSAGE,
    LINKS_MESSAGE,
    alert_message,
    risky,
    score_message,
)

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_numbers = st.sampled_from(
    [0, -1, 2**31, 2**53 + 1, 9_000_000_000_000_000_000, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)]
    + [10**40, 1e300, -1e300, 1e-300, 1e32, 0.5, 253_402_300_800_000_000, -62_135_596_800_000_001]
)
_moments = st.sampled_from(
    ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59.999999-05:00", "9999-12-31T23:59:59.999999Z"]
    + ["0001-01-01T00:00:00Z", "2026-W48-6T00:00:00+00:00", "20261128T000000+0000", "2026-11-28"]
    + ["9999-12-31T23:59:59.999990+01:00", "1969-12-31T23:59:59.5+05:45", "infinity", "-infinity"]
)
_words = st.sampled_from(["", "\0", "\n", "NaN", "POSITIVE_INFINITY", "1e99999", "9" * 400, "true"])
_scalars = st.none() | st.booleans() | _numbers | _moments | _words | _texts | st.integers()
VALUES = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=6,
)

_DOCUMENTS: dict[Topic, Any] = {
    Topic.USERS: envelope("u", before=user_row(), after=user_row()),
    Topic.PROMO_CODES: envelope("c", before=code_row(), after=code_row()),
    Topic.PROMO_USAGES: envelope("u", before=usage_row(), after=usage_row()),
    Topic.RISK_SCORES: score_message(risky()),
    Topic.ABUSE_ALERTS: alert_message(risky()),
    Topic.LABELS: dict(LABEL_MESSAGE),
    Topic.LINK_DECISIONS: dict(LINKS_MESSAGE),
    Topic.AUDIT: dict(AUDIT_MESSAGE),
    Topic.RESCORE: orjson.loads(rescore_message().value or b""),
}


@st.composite
def foreign_messages(draw: st.DrawFn) -> Message:
    """A message of any topic that is consumed, with up to three fields replaced or gone."""
    topic = draw(st.sampled_from([*_DOCUMENTS, Topic.DEAD_LETTER]))
    if topic is Topic.DEAD_LETTER:
        return Message(topic.value, 0, 0, b"k", b"", tuple(_letter(draw).items()))
    document = copy.deepcopy(_DOCUMENTS[topic])
    if topic in (Topic.USERS, Topic.PROMO_CODES, Topic.PROMO_USAGES):
        document["op"] = draw(st.sampled_from("rcud"))
    for _ in range(draw(st.integers(1, 3))):
        _damage(draw, document)
    value = (
        draw(st.just(_dumped(document)) | st.none()) if draw(st.booleans()) else _dumped(document)
    )
    headers = (("version", draw(_versions)),) if draw(st.booleans()) else ()
    return Message(
        topic.value, 0, 0, draw(st.sampled_from([b"anna", b"\xff", b"", None])), value, headers
    )


_versions = st.sampled_from([b"1", b"-1", b"1" * 30, b"1" * 5_000, b"x", b"", b"1_0"])


def _letter(draw: st.DrawFn) -> dict[str, bytes]:
    headers = dict(DEAD_LETTER_HEADERS)
    name = draw(st.sampled_from(list(headers)))
    if draw(st.booleans()):
        headers[name] = draw(
            _versions | st.sampled_from([b"9" * 18, b"2147483648", b"\xff", b"-9"])
        )
    else:
        del headers[name]
    return headers


def _damage(draw: st.DrawFn, node: Any) -> None:
    """Replace or remove something, at any depth."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    if not keys:
        return
    key = draw(st.sampled_from(keys))
    inner = node[key]
    if isinstance(inner, dict | list) and inner and draw(st.integers(0, 3)):
        _damage(draw, inner)
    elif isinstance(node, dict) and not draw(st.integers(0, 4)):
        del node[key]
    else:
        node[key] = draw(VALUES)


def _dumped(document: Any) -> bytes:
    # The standard library's writes integers of any size, as a foreign producer would.
    return json.dumps(document).encode()
