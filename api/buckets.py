"""Counts bucket by bucket, as a chart needs them: none is missing. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from api.warehouse_reader import Row
from connectors.columns import EPOCH, microseconds
from connectors.moments import iso

MOST = 10_000
"""A chart with more buckets shows nobody anything."""


class Bucket(StrEnum):
    """How long a bucket is; it begins where the clock or the calendar in UTC says."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


CHOSEN = (Bucket.DAY, Bucket.WEEK, Bucket.MONTH, Bucket.YEAR)
"""Of these the first that needs no more than :data:`MOST` is taken where none is asked for; there
are fewer years than that."""


class TooMany(ValueError):
    """There are more than :data:`MOST` buckets between the first and the last."""


def filled(rows: Iterable[Row], bucket: Bucket) -> list[Row]:
    """Every bucket from the first row's to the last row's, zeros where there is no row.

    Args:
        rows: ``at_s`` (a bucket's beginning, seconds since 1970) and counts, in order of time.
        bucket: how long one is; a week begins on Monday.

    Returns:
        ``at`` (ISO 8601 in UTC) and the counts.

    Raises:
        TooMany: there would be more than :data:`MOST`.
    """
    known = {_moment(row["at_s"]): row for row in rows}
    if not known:
        return []
    counts = [name for name in next(iter(known.values())) if name != "at_s"]
    return [
        {"at": iso(microseconds(at))} | {name: known.get(at, {}).get(name, 0) for name in counts}
        for at in _starts(min(known), max(known), bucket)
    ]


def _starts(first: datetime, last: datetime, bucket: Bucket) -> Iterator[datetime]:
    for _ in range(MOST):
        yield first
        if first == last:
            return
        first = _next(first, bucket)
    raise TooMany


def _next(start: datetime, bucket: Bucket) -> datetime:
    match bucket:
        case Bucket.HOUR:
            return start + timedelta(hours=1)
        case Bucket.DAY:
            return start + timedelta(days=1)
        case Bucket.WEEK:
            return start + timedelta(weeks=1)
        case Bucket.MONTH:
            return (start + timedelta(days=31)).replace(day=1)
        case Bucket.YEAR:
            return start.replace(year=start.year + 1)
        case _:
            assert_never(bucket)


def _moment(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)
