"""Moments as whole microseconds since 1970 UTC, and as text."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT_FLOATS = 2**53

FIRST_US = -62_135_596_800_000_000
LAST_US = 253_402_300_799_999_999
"""Years 1 to 9999 of UTC."""


def held_us(moment_us: int) -> int:
    """A moment as every store can hold it.

    Redis keeps moments as 64-bit floats: before 1684 and after 2255 a fraction of a second is held
    in steps of up to 32 µs. Whole seconds are exact in all years.
    """
    if abs(moment_us) <= _EXACT_FLOATS or not FIRST_US <= moment_us <= LAST_US:
        return moment_us
    return read_us(float(moment_us))


def read_us(kept: float) -> int:
    """A moment from the float that Redis kept of it."""
    return min(int(kept), LAST_US)


def iso(moment_us: int) -> str:
    """ISO 8601 in UTC with microseconds: ``2026-11-23T08:20:57.161247Z``.

    Raises:
        OverflowError: not from :data:`FIRST_US` to :data:`LAST_US`.
    """
    moment = _EPOCH + timedelta(microseconds=moment_us)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
