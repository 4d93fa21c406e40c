"""Where a walk through the alerts stands, as text. Pure.

A walk goes down from the newest revision. It shows an alert once at most: one that is revised
meanwhile moves to the top, which the walk has left; one that stays as it is keeps its place, so
none of those is skipped.
"""

from dataclasses import dataclass
from uuid import UUID

PATTERN = "^[0-9]{1,18}-[0-9a-f]{32}$"


@dataclass(frozen=True, slots=True)
class Place:
    """The alert shown last: its revision, and its id, which orders those of one revision."""

    revision: int
    alert_id: UUID


TOP = Place(2**63, UUID(int=0))
"""Before the newest alert."""


def encode(place: Place) -> str:
    """A place as text that fits :data:`PATTERN`."""
    return f"{place.revision}-{place.alert_id.hex}"


def decode(text: str) -> Place:
    """Read what :func:`encode` wrote; whatever fits the pattern is a place."""
    revision, _, alert_id = text.partition("-")
    return Place(int(revision), UUID(alert_id))
