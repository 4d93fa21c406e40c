"""Where a walk through the alerts stands, as opaque text. Pure.

A walk goes down from the newest revision. It shows an alert once at most: one that is revised
meanwhile moves to the top, which the walk has left; one that stays as it is keeps its place, so
none of those is skipped.
"""

import base64
import binascii
from dataclasses import dataclass

import orjson

PATTERN = "^[A-Za-z0-9_-]+$"
LONGEST = 16_384

_REVISIONS = range(2**63)


@dataclass(frozen=True, slots=True)
class Place:
    """The alert shown last: its revision and account."""

    revision: int
    user_id: str


TOP = Place(2**64 - 1, "")
"""Before the newest alert."""


def encode(place: Place) -> str:
    """A place as base64url."""
    packed = base64.urlsafe_b64encode(orjson.dumps([place.revision, place.user_id]))
    return packed.rstrip(b"=").decode()


def decode(text: str) -> Place:
    """Read what :func:`encode` wrote.

    Raises:
        ValueError: it is none of ours.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        revision, user_id = orjson.loads(base64.b64decode(padded, b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise ValueError("is no cursor that this API gave") from None
    if type(revision) is not int or revision not in _REVISIONS or type(user_id) is not str:
        raise ValueError("is no cursor that this API gave")
    place = Place(revision, user_id)
    if encode(place) != text or "\0" in user_id:
        raise ValueError("is no cursor that this API gave")
    return place
