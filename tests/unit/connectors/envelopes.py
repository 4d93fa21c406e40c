"""Builders of what Debezium writes: rows, envelopes, messages."""

from collections.abc import Mapping
from typing import Any

import orjson

from connectors.envelope import decode
from connectors.events import RowChange, Tombstone
from connectors.profile import Hasher, Profile, profile
from connectors.topics import Topic

HASHED = Hasher("a key for tests")
LSN = 31_122_936
COMMITTED_US = 1_700_000_000_123_456


def user_row(**columns: object) -> dict[str, object]:
    """A row of ``users`` with every column filled."""
    return {
        "user_id": "anna",
        "created_at": "2023-11-14T22:13:20.000000Z",
        "email": "Anna.Nowak@Example.org",
        "is_email_verified": True,
        "phone": "15551234567",
        "is_phone_verified": False,
        "first_name": "Anna",
        "last_name": "Nowak",
        "ip_address": "93.184.216.34",
        "device_id": "device-1",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/119.0",
        "city": "Warsaw",
        "gender": "Female",
        "dob": 7_305,
        "timezone": "Europe/Warsaw",
        "is_abuser": None,
        **columns,
    }


def null_filled_row() -> dict[str, object]:
    """A registration of which nothing is known but that it took place."""
    return dict.fromkeys(user_row()) | {
        "user_id": "anna",
        "created_at": "2023-11-14T22:13:20Z",
    }


def usage_row(**columns: object) -> dict[str, object]:
    """A row of ``promo_usages``."""
    return {
        "usage_id": 7,
        "user_id": "anna",
        "promo_code": "WELCOME10",
        "used_at": "2023-11-14T22:13:20.5Z",
        "used_promo": True,
        **columns,
    }


def code_row(**columns: object) -> dict[str, object]:
    """A row of ``promo_codes``; numbers are text, as decimal.handling.mode=string has it."""
    return {
        "promo_code": "WELCOME10",
        "discount_type": "percentage",
        "discount_value": "25",
        "min_purchase_amount": "62.50",
        **columns,
    }


def envelope(
    op: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    **source: object,
) -> dict[str, Any]:
    """A change event as Debezium 3.7 writes it with schemas off."""
    origin = {"connector": "postgresql", "db": "promo", "ts_us": COMMITTED_US, "lsn": LSN}
    return {"before": before, "after": after, "source": {**origin, **source}, "op": op}


def decoded(topic: Topic, message: object) -> RowChange | Tombstone:
    """What the decoder makes of a JSON value."""
    return decode(topic.value, b"key", orjson.dumps(message), HASHED)


def profiled(**columns: object) -> Profile:
    """The profile of :func:`user_row` with some columns changed."""
    return profile(user_row(**columns), HASHED)
