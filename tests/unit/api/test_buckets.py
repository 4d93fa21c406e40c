"""Counts bucket by bucket: no bucket between the first and the last is missing."""

from datetime import UTC, datetime

import pytest

from api.buckets import CHOSEN, MOST, Bucket, TooMany, filled
from connectors.columns import microseconds


def at(text: str) -> int:
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC)) // 1_000_000


def starts(bucket: Bucket, *moments: str) -> list[str]:
    rows = [{"at_s": at(moment), "redemptions": 1} for moment in moments]
    return [row["at"][:13] for row in filled(rows, bucket)]


def test_an_empty_bucket_between_two_others_is_zeros() -> None:
    rows = [
        {"at_s": at("2026-02-27"), "redemptions": 3, "attempts": 1},
        {"at_s": at("2026-03-01"), "redemptions": 2, "attempts": 0},
    ]
    assert filled(rows, Bucket.DAY) == [
        {"at": "2026-02-27T00:00:00.000000Z", "redemptions": 3, "attempts": 1},
        {"at": "2026-02-28T00:00:00.000000Z", "redemptions": 0, "attempts": 0},
        {"at": "2026-03-01T00:00:00.000000Z", "redemptions": 2, "attempts": 0},
    ]


def test_buckets_follow_the_clock_and_the_calendar() -> None:
    assert starts(Bucket.HOUR, "2026-03-28T23:00", "2026-03-29T01:00") == [
        "2026-03-28T23", "2026-03-29T00", "2026-03-29T01",
    ]  # fmt: skip
    assert starts(Bucket.WEEK, "2026-02-23", "2026-03-09") == [
        "2026-02-23T00", "2026-03-02T00", "2026-03-09T00",
    ]  # fmt: skip
    assert starts(Bucket.MONTH, "2023-12-01", "2024-03-01") == [
        "2023-12-01T00", "2024-01-01T00", "2024-02-01T00", "2024-03-01T00",
    ]  # fmt: skip
    assert starts(Bucket.DAY, "1969-12-31", "1970-01-01") == ["1969-12-31T00", "1970-01-01T00"]


def test_all_years_have_as_many_buckets_as_may_be_shown() -> None:
    ends = ("0001-01-01", "9999-01-01")
    assert len(starts(Bucket.YEAR, *ends)) == 9_999 < MOST
    assert CHOSEN[-1] is Bucket.YEAR
    assert starts(Bucket.MONTH, "9999-11-01", "9999-12-01") == ["9999-11-01T00", "9999-12-01T00"]
    assert starts(Bucket.WEEK, "9999-12-20", "9999-12-27") == ["9999-12-20T00", "9999-12-27T00"]


def test_nothing_has_no_buckets() -> None:
    assert filled([], Bucket.DAY) == []


def test_so_many_buckets_and_no_more() -> None:
    last = {"at_s": (MOST - 1) * 3600, "n": 1}
    assert len(filled([{"at_s": 0, "n": 1}, last], Bucket.HOUR)) == MOST
    with pytest.raises(TooMany):
        filled([{"at_s": 0, "n": 1}, {"at_s": MOST * 3600, "n": 1}], Bucket.HOUR)
