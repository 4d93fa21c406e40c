"""The period that a query is about, as its parameters. Pure."""

from datetime import UTC, datetime

from connectors.columns import microseconds

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
"""Years 1 to 9999 of UTC, as DateTime64(6) holds in ClickHouse from 26.7 on, and rows may have."""


def period(since: datetime | None = None, until: datetime | None = None) -> dict[str, int]:
    """From ``since`` on, before ``until``, both aware; one that is not given is all time.

    In microseconds since 1970 UTC, so that no text's range or rounding stands between.
    """
    return {
        "since_us": microseconds(since or FIRST),
        "until_us": microseconds(LAST) + 1 if until is None else microseconds(until),
    }
