"""Moments as whole microseconds since 1970 UTC, and as text."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(moment_us: int) -> str:
    """ISO 8601 in UTC with microseconds: ``2026-11-23T08:20:57.161247Z``."""
    moment = _EPOCH + timedelta(microseconds=moment_us)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
