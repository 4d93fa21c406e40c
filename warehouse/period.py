"""The period that a query is about, as its parameters. Pure."""

from datetime import UTC, datetime

FIRST = datetime(1900, 1, 1, tzinfo=UTC)
LAST = datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)
"""Beyond these the warehouse's times do not reach."""


def period(since: datetime | None = None, until: datetime | None = None) -> dict[str, str]:
    """From ``since`` on, before ``until``, both aware; one that is not given is all time."""
    return {"since": _bound(since or FIRST), "until": _bound(until or LAST)}


def _bound(moment: datetime) -> str:
    within = min(max(moment, FIRST), LAST)
    return within.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
