"""Builders of messages as the workers receive them."""

from typing import Any

import orjson

from connectors.topics import Topic
from stream_processors.intake import Message
from tests.unit.connectors.envelopes import envelope, usage_row, user_row


def message(topic: Topic, value: Any, key: str = "anna", offset: int = 0) -> Message:
    """A message at partition 1; a value that is not bytes goes as JSON."""
    raw = value if isinstance(value, bytes | None) else orjson.dumps(value)
    return Message(topic.value, 1, offset, key.encode(), raw)


def signed_up(user_id: str = "anna", offset: int = 0, op: str = "c", **source: Any) -> Message:
    """A registration, or another change of the account's row."""
    before = user_row(user_id=user_id) if op in ("u", "d") else None
    after = None if op == "d" else user_row(user_id=user_id)
    return message(Topic.USERS, envelope(op, before, after, **source), user_id, offset)


def redeemed_message(user_id: str = "anna", offset: int = 0, **source: Any) -> Message:
    """A redemption."""
    redeemed = envelope("c", after=usage_row(user_id=user_id), **source)
    return message(Topic.PROMO_USAGES, redeemed, "7", offset)


def rescore_message(user_id: str = "anna", offset: int = 0, **more: object) -> Message:
    """A rescore request."""
    request = {"user_id": user_id, "trigger": "rescore", "caused_at_us": 5, **more}
    return message(Topic.RESCORE, request, user_id, offset)


def garbage(offset: int = 0, topic: Topic = Topic.USERS) -> Message:
    """What cannot be read."""
    return message(topic, b"\xff\xfe", offset=offset)
